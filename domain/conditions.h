// Who, where, when: locations, profiles, behaviours and hours of campaigns.md section 2, judged over one session.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/account.h"
#include "domain/session.h"

namespace monitor {

struct GeoFacts {
  std::string country, region, city;  // as a MaxMind database names them (ISO codes, English city); empty = unknown
};

// What the request brings that is not state: the full address is judged here and never kept.
struct RequestFacts {
  TimeMs now;
  std::string_view address;  // empty if unknown
  GeoFacts geo;
  bool has_address_matches = false;                // replay: take these instead of judging the address
  std::vector<std::uint16_t> address_matches;
};

// Numbers of the account's ipRange and geo conditions that hold (ActivityReported::address_matches). Cheap and empty for
// an account that has none.
std::vector<std::uint16_t> MatchAddress(const Account& account, std::string_view address, const GeoFacts& geo);

// One decision's view. Judges every library entry at most once. The session must already hold this request's activity.
// All arguments must outlive it. Not thread-safe: it fills the session's location memo.
class Judge {
 public:
  Judge(const Account& account, SessionState& session, const VisitorState& visitor, const RequestFacts& facts);
  ~Judge();

  bool InHours(const Campaign& campaign);
  bool ProfilesMatch(const Campaign& campaign);
  // The locations of the engagement against one page of the session.
  bool LocationsMatch(const Engagement& engagement, std::size_t page_index);
  bool BehaviorsMatch(const Engagement& engagement);

 private:
  struct Memo;
  const Account& account_;
  SessionState& session_;
  const VisitorState& visitor_;
  const RequestFacts& facts_;
  std::unique_ptr<Memo> memo_;
};

}  // namespace monitor
