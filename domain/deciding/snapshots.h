// The bytes of a session's and a visitor's state: what is kept in memory between requests, and beside the log.
//
// A layout that was ever released stays readable. A change of fields is a new layout: raise the number below, and read
// older ones by their number in snapshots.cpp; golden bytes in the tests hold the old ones fast. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/deciding/session.h"

namespace monitor {

// Of both states together; one more with every change. A store that holds snapshots of a greater one was written by a
// newer program. 0: visitors as JSON (`{"v":1,…}`), no sessions.
// 1: without VisitorState::seen_at. 2: without OpenConversation::app_installation.
constexpr int kSnapshotLayout = 3;

// Of a session whose texts were forgotten (session_texts.h). Of the decision memo, who is in a control group is kept.
std::string PackSession(const SessionState& session);
// nullopt: of another layout, or no snapshot.
std::optional<SessionState> UnpackSession(std::string_view bytes);
// The id alone; empty if it is no snapshot.
SessionId SessionIdOf(std::string_view bytes);

std::string PackVisitor(const VisitorState& visitor);
// Reads what was written as JSON, too.
std::optional<VisitorState> UnpackVisitor(std::string_view bytes);

}  // namespace monitor
