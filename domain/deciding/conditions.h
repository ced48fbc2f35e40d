// Who, where, when: locations, profiles, behaviours and hours of campaigns.md section 2, judged over one session.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/account/account.h"
#include "domain/deciding/session.h"

namespace monitor {

struct GeoFacts {
  std::string country, region, city;  // as a MaxMind database names them (ISO codes, English city); empty = unknown
};

// What the request brings that is not state: the full address is judged here and never kept.
struct RequestFacts {
  TimeMs now;
  std::string_view address;  // empty if unknown
  GeoFacts geo;
  bool has_address_matches = false;  // the caller has judged the address, or replays: take these instead
  std::vector<std::uint16_t> address_matches;
};

// Numbers of the account's ipRange and geo conditions that hold (ActivityReported::address_matches). Cheap and empty
// for an account that has none.
std::vector<std::uint16_t> MatchAddress(const Account& account, std::string_view address, const GeoFacts& geo);

// What a request matched under the document `then`, in the numbers of `now`: what both ask is as recorded, what only
// `now` asks is judged by an address that may have been truncated since.
std::vector<std::uint16_t> CarryAddressMatches(const Account& then, std::span<const std::uint16_t> matches,
                                               const Account& now, std::string_view address, const GeoFacts& geo);

// One decision's view. Judges every library entry at most once; allocates only for new entry points, or an account with
// more than some 500 entries. The session must already hold this request's activity. All arguments must outlive it. Not
// thread-safe: it fills the session's location memo.
class ConditionEvaluator {
 public:
  ConditionEvaluator(const ConditionEvaluator&) = delete;
  ConditionEvaluator& operator=(const ConditionEvaluator&) = delete;
  ConditionEvaluator(const Account& account, SessionState& session, const VisitorState& visitor,
                     const RequestFacts& facts);

  bool InHours(const Campaign& campaign);
  bool ProfilesMatch(const Campaign& campaign);
  // The locations of the engagement against where this request is.
  bool LocationsMatch(const Engagement& engagement) const;
  bool BehaviorsMatch(const Engagement& engagement);

 private:
  enum class Truth : std::int8_t { kUnknown, kFalse, kTrue };
  static constexpr std::size_t kInlineTruths = 512;

  // The remembered verdict of an entry, else `evaluate`'s.
  template <class Evaluate>
  bool Remember(std::size_t entry, Evaluate evaluate);

  std::span<const std::uint16_t> AddressMatches() const;

  const Account& account_;
  const SessionState& session_;
  const VisitorState& visitor_;
  const RequestFacts& facts_;
  std::vector<std::uint16_t> own_address_matches_;  // judged here unless the caller brings them
  // Hours, then profiles, then behaviours.
  std::array<Truth, kInlineTruths> inline_truths_{};
  std::vector<Truth> more_truths_;
  std::span<Truth> truths_;
};

}  // namespace monitor
