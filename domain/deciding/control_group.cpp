// Control groups and the seeds of draws: hashes that any machine computes the same (campaigns.md sections 3 and 4).
#include <cmath>
#include <string>

#include "domain/deciding/decide.h"
#include "domain/values/hash.h"

namespace monitor {
namespace {

__extension__ typedef unsigned __int128 Wide;

// percentage · 2^64, rounded up to an integer. Scaling a double by a power of two is exact, so is rounding it up, and
// 100 · 2^64 is below 2^71.
Wide Threshold(double percentage) { return static_cast<Wide>(std::ceil(std::ldexp(percentage, 64))); }

}  // namespace

// In integers, where nothing rounds: h / 2^64 < p / 100 is 100 · h < p · 2^64, and as the left side is an integer the
// right one may be rounded up.
bool InControlGroup(std::string_view salt, std::string_view scope, const VisitorId& visitor, double percentage) {
  if (!(percentage > 0)) return false;
  if (percentage >= 100) return true;
  return Wide{FieldHash({salt, scope, visitor.str()})} * 100 < Threshold(percentage);
}

std::uint64_t DrawSeed(const AccountId& account, const VisitorId& visitor, const SessionId& session,
                       std::uint32_t earlier_activities, const Revision& revision) {
  return FieldHash({account.str(), visitor.str(), session.str(), std::to_string(earlier_activities), revision.str()});
}

}  // namespace monitor
