#include "domain/values/vocabulary.h"

namespace monitor {

// The rules, first match wins. They follow what browser makers document rather than lists of models:
//  1. television sets and boxes, Windows, ChromeOS and desktop Linux are DESKTOP, whatever else the text says
//     ("Tablet PC" is a component that old Internet Explorers list);
//  2. iPad, Kindle, PlayBook, Silk without "Mobile", and Firefox's and others' "Tablet" are TABLET;
//  3. "Mobi" is what all phones' browsers agree on (MDN, "Browser detection using the user agent"): MOBILE, and so are
//     iPhone, iPod, Opera Mini and the native libraries' "iPhone OS";
//  4. Android without "Mobi" is TABLET (Google's rule for Chrome);
//  5. everything else is DESKTOP. An iPad that asks for desktop sites calls itself a Macintosh and cannot be told.
std::optional<DeviceFamily> DeviceFamilyOf(std::string_view user_agent) {
  if (user_agent.empty()) return std::nullopt;
  auto has = [&](std::string_view word) { return user_agent.contains(word); };
  if (has("Windows NT") || has("CrOS") || has("Android TV") || has("SmartTV") || has("SMART-TV") || has("GoogleTV") ||
      has("AppleTV") || has("X11; Linux")) {
    return DeviceFamily::kDesktop;
  }
  bool mobile = has("Mobi");
  if (has("iPad") || has("Tablet") || has("Kindle") || has("PlayBook") || (has("Silk/") && !mobile)) {
    return DeviceFamily::kTablet;
  }
  if (mobile || has("iPhone") || has("iPod") || has("Opera Mini")) return DeviceFamily::kMobile;
  if (has("Android")) return DeviceFamily::kTablet;
  return DeviceFamily::kDesktop;
}

}  // namespace monitor
