// Whether one compiled rule holds for a session: the two tables of campaigns.md section 2. Pure; part of conditions.h.
//
// What is unknown makes a rule false; `exclude` is applied by the caller.
#pragma once

#include <cstdint>
#include <span>

#include "domain/account/library.h"
#include "domain/deciding/conditions.h"
#include "domain/deciding/session.h"

namespace monitor {

// What rules are judged on. The session's location memo must be up to date.
struct Evidence {
  const Library& library;
  const SessionState& session;
  const VisitorState& visitor;
  TimeMs now;
  std::span<const std::uint16_t> address_matches;
};

bool Holds(const ProfileRule& rule, const Evidence& evidence);
bool Holds(const BehaviorRule& rule, const Evidence& evidence);
// An error that was not taken back, of that code and message.
bool Fits(const SessionError& error, const VisitorError& rule);

// All conditions of one profile or behaviour.
template <class Rule>
bool AllHold(const std::vector<Condition<Rule>>& conditions, const Evidence& evidence) {
  for (const Condition<Rule>& condition : conditions) {
    if (Holds(condition.rule, evidence) == condition.exclude) return false;
  }
  return true;
}

}  // namespace monitor
