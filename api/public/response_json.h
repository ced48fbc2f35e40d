// The public API's answers as JSON (http-api.md sections 1, 3, 4 and 7). Pure.
#pragma once

#include <string>
#include <string_view>

#include "domain/deciding/decide.h"
#include "domain/deciding/session.h"
#include "domain/deciding/session_transcript.h"

namespace monitor {

// 200 and 201 of an engagement request: engagementDetails among it.
std::string EngagementResponse(const VisitorId& visitor, const Decision& decision);
// 200 and 201 of a report.
std::string ReportResponse(const VisitorId& visitor, const Decision& decision);

// 202/38 and 500/20: real clients read the visitor id out of the message's text, which is exactly
// "Loading account: <accountId>, vid: <visitorId>".
std::string LoadingResponse(std::string_view account, const VisitorId& visitor, int internal_code, TimeMs now);

std::string BaseUriResponse(std::string_view account, std::string_view host);

// visits/current/state: the session as it was reported.
std::string SessionResponse(const SessionState& session, const SessionTranscript& transcript);

}  // namespace monitor
