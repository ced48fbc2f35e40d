#include "domain/event.h"

#include <array>

namespace monitor {

StreamName EventScope::stream() const {
  if (!session.empty()) return SessionStream(account, visitor, session);
  if (!visitor.empty()) return VisitorStream(account, visitor);
  return AccountStream(account);
}

std::string_view TypeName(const EventData& data) {
  // In the order of EventData's alternatives.
  static constexpr std::array<std::string_view, std::variant_size_v<EventData>> kNames = {
      "session-created",         "activity-reported",  "impression-reported",        "control-group-assigned",
      "eligibility-established", "engagement-shown",   "conversation-started",       "conversation-ended",
      "session-closed",          "account-configured", "skill-availability-changed", "abandon-score-set",
      "visitor-erased"};
  return kNames[data.index()];
}

}  // namespace monitor
