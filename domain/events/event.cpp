#include "domain/events/event.h"

#include <iterator>

namespace monitor {

StreamName EventScope::stream() const {
  if (!session.empty()) return SessionStream(account, visitor, session);
  if (!visitor.empty()) return VisitorStream(account, visitor);
  if (!account.empty()) return AccountStream(account);
  return NodeStream();
}

std::string_view TypeName(const EventData& data) {
  // In the order of EventData's alternatives.
  static constexpr std::string_view kNames[] = {
      "session-created",         "activity-reported",  "impression-reported",        "control-group-assigned",
      "eligibility-established", "engagement-shown",   "conversation-started",       "conversation-ended",
      "session-closed",          "account-configured", "skill-availability-changed", "abandon-score-set",
      "visitor-erased",          "account-removed",    "admin-action-recorded"};
  static_assert(std::size(kNames) == std::variant_size_v<EventData>);
  return kNames[data.index()];
}

}  // namespace monitor
