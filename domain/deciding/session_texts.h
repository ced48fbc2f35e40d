// A session's texts that are only compared are judged once and then forgotten, so that a session stays small however
// much its client says. What they matched stays: of entry points and referrers the bits of location_memo, of errors
// which conditions they fit. Pure.
//
// That is known under one text revision (Library). Under another the session has to be folded from its events anew.
#pragma once

#include <cstdint>

#include "domain/account/account.h"
#include "domain/deciding/session.h"

namespace monitor {

// Of the errors that fit a condition and were forgotten so many are remembered, or as many as the condition asks for,
// the newest; older ones are no longer counted. With the texts gone this is the one list of a session that its events
// do not bound.
constexpr std::int64_t kMaxFittingErrors = 1'000;

// Judges what was not judged yet, and forgets the texts.
void ForgetTexts(const Account& account, SessionState& session);

// The session can be judged under the account's document: its texts are there, or were judged by the same library.
bool IsJudgeable(const Account& account, const SessionState& session);

}  // namespace monitor
