// `onsiteLocations` of an account document, compiled into matchers by entry-point scheme (campaigns.md section 2).
#include <string>
#include <utility>

#include "domain/account/account_draft.h"
#include "domain/values/url.h"

namespace monitor {
namespace {

// `{"contains": s}`, `{"exact": s}` or `{"regex": s}`.
std::optional<TextMatcher> ReadUrl(const Node& url) {
  if (!url.IsObject()) return std::nullopt;
  int given = url.Has("contains") + url.Has("exact") + url.Has("regex");
  if (given != 1) {
    url.Error("must have exactly one of contains, exact and regex");
    return std::nullopt;
  }
  if (url.Has("regex")) {
    auto regex = url.Read<Regex>("regex", &ReadRegex);
    if (!regex) return std::nullopt;
    return TextMatcher::Matching(std::move(*regex));
  }
  bool exact = url.Has("exact");
  auto text = url.Text(exact ? "exact" : "contains");
  if (!text) return std::nullopt;
  return exact ? TextMatcher::Exact(ReadableUrl(*text)) : TextMatcher::ContainsUrlPart(*text);
}

// Contained in the section, or equal to it if written in quotes: "\"Sport\"".
std::optional<TextMatcher> ReadSection(const Node& section) {
  auto text = section.AsText();
  if (!text) return std::nullopt;
  bool quoted = text->size() >= 2 && text->front() == '"' && text->back() == '"';
  if (quoted) return TextMatcher::Exact(text->substr(1, text->size() - 2));
  return TextMatcher::Contains(*text);
}

std::optional<TextMatcher> ReadExact(const Node& node) {
  auto text = node.AsText();
  if (!text) return std::nullopt;
  return TextMatcher::Exact(*text);
}

void ReadMatcher(const Node& node, std::uint32_t location, bool excludes, Locations& locations) {
  if (!node.IsObject()) return;
  int given = node.Has("url") + node.Has("section") + node.Has("tel") + node.Has("lang");
  if (given != 1) return node.Error("must have exactly one of url, section, tel and lang");
  auto add = [&](EntryPointScheme scheme, std::optional<TextMatcher> matcher) {
    if (!matcher) return;
    locations.by_scheme[static_cast<std::size_t>(scheme)].push_back({location, excludes, std::move(*matcher)});
  };
  add(EntryPointScheme::kUrl, node.Read<TextMatcher>("url", &ReadUrl));
  add(EntryPointScheme::kSection, node.Read<TextMatcher>("section", &ReadSection));
  add(EntryPointScheme::kTel, node.Read<TextMatcher>("tel", &ReadExact));
  add(EntryPointScheme::kLang, node.Read<TextMatcher>("lang", &ReadExact));
}

}  // namespace

void ReadLocations(const Node& root, AccountDraft& draft) {
  Locations& locations = draft.library.locations;
  root.Each("onsiteLocations", [&](const Node& node) {
    if (!node.IsObject()) return;
    std::uint32_t index = locations.count++;
    draft.locations.Declare(node, index);
    bool includes = false;
    node.Each("include", [&](const Node& matcher) {
      includes = true;
      ReadMatcher(matcher, index, false, locations);
    });
    node.Each("exclude", [&](const Node& matcher) { ReadMatcher(matcher, index, true, locations); });
    if (!includes) locations.everywhere.push_back(index);
  });
}

}  // namespace monitor
