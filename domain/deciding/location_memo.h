// Which locations each request of a session matched, kept up to date so that what was said before is compared once, not
// once a request. Not thread-safe: the session has one owner.
#pragma once

#include <cstddef>
#include <cstdint>

#include "domain/account/account.h"
#include "domain/deciding/session.h"

namespace monitor {

// Brings session.location_memo up to the session's views and referrers. Begins anew under another
// text revision; a session whose texts were forgotten under that other one can not be judged any more
// (session_texts.h).
void UpdateLocationMemo(const Account& account, SessionState& session);

// Some include matched an entry point of the newest request, or if it brought none of the page's newest that did (no
// include: always), and no exclude did. This and all below: only after the update.
bool NewestRequestMatches(const SessionState& session, std::uint32_t location);
// Some request of the page matched.
bool PageMatches(const SessionState& session, std::size_t page_index, std::uint32_t location);
// Some page of the session matched.
bool WasVisited(const SessionState& session, std::uint32_t location);
// Some referrer of the session matched that referral condition.
bool ReferralMatches(const SessionState& session, std::uint32_t referral);

}  // namespace monitor
