// GET /api/funnel and /api/position: what this instance and its peers have together. Any thread.
#pragma once

#include "consumers/query/query_call.h"

namespace monitor {

http::Reply AnswerFunnel(QueryParts& parts, const QueryCall& call);
// Of such a request: it names the tag of an answer that still holds, as far as is known without asking anybody.
bool TagSeemsToHold(const QueryParts& parts, const http::Request& request);

// As `asOf` of a funnel that is asked for at this moment.
http::Reply AnswerPosition(QueryParts& parts, const QueryCall& call);

}  // namespace monitor
