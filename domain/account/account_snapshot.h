// An account's state: the fold of its stream, kept beside it (StateTable::kAccount, under the accountId) in the same
// batch as the event, and what is decided on it. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "domain/account/account.h"
#include "domain/events/event.h"
#include "domain/values/names.h"
#include "domain/values/vocabulary.h"

namespace monitor {

struct AccountSnapshot {
  std::uint64_t version = 0;                  // of the account's stream
  std::string document;                       // empty: there is none, or the account was removed
  std::map<std::int64_t, SkillState> skills;  // told states
  Revision file;  // of the content that a file last brought; empty: none did. The same content brings nothing again
  bool ending = false;  // removed, and not all of its visitors are erased yet

  std::string ToJson() const;
  static std::optional<AccountSnapshot> FromJson(std::string_view json);
};

// Folds one event of the account's stream.
void Evolve(AccountSnapshot& kept, EventData data);

struct AccountDecision {
  std::optional<EventData> event;        // none: only what is kept beside the stream changes
  std::optional<AccountSnapshot> after;  // what is then kept; none: nothing is written
  bool keeps = true;                     // false: it need not be written beside the stream yet
};

enum class AccountRefusal : std::uint8_t { kPreconditionFailed, kUnknownSkill };
using AccountOutcome = std::expected<AccountDecision, AccountRefusal>;

// `by` as AccountConfigured::by; `if_match` the header as sent. The same document again is no event.
AccountOutcome DecideDocument(const AccountSnapshot& kept, const Account& put, const std::string& by,
                              const std::optional<std::string>& if_match);
// Always an event.
AccountDecision DecideRemoval(const AccountSnapshot& kept);
// Always an event. Many are recorded for each document: what is kept beside the stream is not written for each.
AccountDecision DecideAction(const AccountSnapshot& kept, const AdminActionRecorded& action);
// `account`: the document in force, which must know the skill.
AccountOutcome DecideSkill(const AccountSnapshot& kept, const Account& account, std::int64_t skill, SkillState state);

}  // namespace monitor
