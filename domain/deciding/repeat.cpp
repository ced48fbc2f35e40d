#include "domain/deciding/repeat.h"

#include <algorithm>
#include <string_view>

#include "domain/values/hash.h"

namespace monitor {
namespace {

// Every part is mixed with its length, so that parts can not run into one another.
class Fingerprint {
 public:
  Fingerprint& Add(std::string_view part) {
    Add(std::uint64_t{part.size()});
    return Add(ShortHash(part));
  }
  Fingerprint& Add(std::uint64_t part) {
    value_ = (value_ ^ part) * 0x9E3779B97F4A7C15;
    value_ ^= value_ >> 32;
    return *this;
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

// In both directions: a clock may have been set back in between.
bool IsWithinWindow(const Utterance& said, TimeMs now) { return std::chrono::abs(now - said.said_at) <= kRepeatWindow; }

}  // namespace

std::optional<std::uint64_t> FingerprintOf(const ActivityReported& activity) {
  if (activity.engagement_attributes.empty()) return std::nullopt;
  Fingerprint print;
  print.Add(std::uint64_t{!activity.page_generated});
  if (!activity.page_generated) print.Add(activity.page_id.str());
  print.Add(std::uint64_t{activity.entry_points.size()});
  for (const std::string& point : activity.entry_points) print.Add(point);
  for (const Attribute& attribute : activity.engagement_attributes) print.Add(attribute.json);
  return print.value();
}

std::uint64_t FingerprintOf(const ImpressionReported& impression, bool page_sent) {
  Fingerprint print;
  print.Add(std::uint64_t{page_sent});
  if (page_sent) print.Add(impression.page_id.str());
  print.Add(static_cast<std::uint64_t>(impression.kind));
  print.Add(static_cast<std::uint64_t>(impression.entry.campaign_id));
  print.Add(static_cast<std::uint64_t>(impression.entry.engagement_id));
  print.Add(std::uint64_t{impression.reported_revision.has_value()});
  print.Add(static_cast<std::uint64_t>(impression.reported_revision.value_or(0)));
  print.Add(std::uint64_t{impression.context_sent});
  if (impression.context_sent) print.Add(std::uint64_t{impression.context_id});
  return print.value();
}

std::uint32_t FingerprintOf(const std::vector<std::string>& entry_points) {
  if (entry_points.empty()) return 0;
  Fingerprint print;
  for (const std::string& point : entry_points) print.Add(point);
  return std::max(static_cast<std::uint32_t>(print.value()), std::uint32_t{1});
}

bool WasSaid(const std::vector<Utterance>& utterances, std::uint64_t fingerprint, TimeMs now) {
  return std::ranges::any_of(
      utterances, [&](const Utterance& said) { return said.fingerprint == fingerprint && IsWithinWindow(said, now); });
}

void Say(std::vector<Utterance>& utterances, std::uint64_t fingerprint, TimeMs now) {
  std::erase_if(utterances,
                [&](const Utterance& said) { return said.fingerprint == fingerprint || !IsWithinWindow(said, now); });
  utterances.push_back({fingerprint, now});
}

}  // namespace monitor
