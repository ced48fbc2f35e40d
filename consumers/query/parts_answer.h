// /api/parts: what this instance tells its peers of its own (consumers/peers/own_part.h), mostly in bytes that are
// theirs alone. It asks nobody, so that no question goes around. Any thread.
#pragma once

#include "consumers/query/query_call.h"

namespace monitor {

http::Reply TellPeers(QueryParts& parts, const QueryCall& call);          // which partitions it has, and how far
http::Reply CountForPeers(QueryParts& parts, const QueryCall& call);      // the rows of some of them
http::Reply TellPeersAccounts(QueryParts& parts, const QueryCall& call);  // that it knows
http::Reply TellPeersAlerts(QueryParts& parts, const QueryCall& call);    // of an account, as it judges them

}  // namespace monitor
