#include "api/inbound/inbound_commands.h"

#include <utility>

#include "api/requests/messaging_fields.h"

namespace monitor {
namespace {

using Code = InboundFailure::Code;

constexpr std::size_t kMaxCommandBytes = 65'536;  // as of a request's body

std::expected<std::string, std::string> RequiredText(const admin::Fields& fields, std::string_view name) {
  const auto text = fields.Text(name);
  if (!text) return std::unexpected(text.error());
  if (!*text) return std::unexpected(std::string(name) + ": is required");
  return std::string(**text);
}

// All commands but for their account.
using Read = std::expected<decltype(InboundCommand::command), std::string>;

Read ReadStart(const admin::Fields& fields) {
  const auto id = RequiredText(fields, "conversationId");
  if (!id) return std::unexpected(id.error());
  return ReadConversationStart(*id, fields);
}

Read ReadEnd(const admin::Fields& fields) {
  auto id = RequiredText(fields, "conversationId");
  if (!id) return std::unexpected(id.error());
  return ConversationEnd{ConversationId(std::move(*id))};
}

Read ReadSkillChange(const admin::Fields& fields) {
  const auto skill = fields.Integer("skillId");
  if (!skill) return std::unexpected(skill.error());
  if (!*skill) return std::unexpected("skillId: is required");
  const auto state = ReadSkillState(fields);
  if (!state) return std::unexpected(state.error());
  return SkillChange{**skill, *state};
}

std::unexpected<InboundFailure> Refused(std::string_view why) {
  return std::unexpected(InboundFailure{Code::kRefused, std::string(why)});
}
std::unexpected<InboundFailure> Unavailable(std::string_view why) {
  return std::unexpected(InboundFailure{Code::kUnavailable, std::string(why)});
}

std::expected<void, InboundFailure> ResultOf(const std::expected<bool, VisitFailure>& result) {
  if (result) return {};
  switch (result.error().code) {
    case VisitFailure::Code::kOverloaded:
    case VisitFailure::Code::kCapped:
    case VisitFailure::Code::kDeadline:
    case VisitFailure::Code::kUnacknowledged:  // told again it appends nothing, so waits for nothing
      return Unavailable(result.error().message);
    case VisitFailure::Code::kInvalid:
    case VisitFailure::Code::kNotFound:
    case VisitFailure::Code::kUnauthorized:
    case VisitFailure::Code::kCorrupt:  // waiting mends nothing, and others' commands are behind this one
      break;
  }
  return Refused(result.error().message);
}

// Carries out commands for one account.
struct CommandHandler {
  const AccountState& account;
  Accounts& accounts;
  Visits& visits;

  std::expected<void, InboundFailure> operator()(const ConversationStart& start) const {
    return ResultOf(visits.commands.StartConversation(account, start));
  }
  std::expected<void, InboundFailure> operator()(const ConversationEnd& end) const {
    return ResultOf(visits.commands.EndConversation(account, end.id));
  }
  std::expected<void, InboundFailure> operator()(const SkillChange& change) const {
    switch (accounts.SetSkill(account.account->id, change.skill, change.state)) {
      case AccountChange::kDone:
      case AccountChange::kUnchanged:
        return {};
      case AccountChange::kUnknownAccount:
        return Refused("accountId: the account does not exist");
      case AccountChange::kUnknownSkill:
        return Refused("skillId: the account has no such skill");
      case AccountChange::kUnacknowledged:
      case AccountChange::kUnavailable:
        break;
    }
    return Unavailable("the log takes nothing now");
  }
};

}  // namespace

std::expected<InboundCommand, std::string> ReadInboundCommand(std::string_view message) {
  if (message.size() > kMaxCommandBytes) return std::unexpected("body: is too large");
  const auto fields = admin::Fields::Parse(message);
  if (!fields) return std::unexpected(fields.error());
  const auto type = RequiredText(*fields, "type");
  if (!type) return std::unexpected(type.error());
  auto account = RequiredText(*fields, "accountId");
  if (!account) return std::unexpected(account.error());
  Read command =
      std::unexpected("type: must be conversation-started, conversation-ended or skill-availability-changed");
  if (*type == "conversation-started") command = ReadStart(*fields);
  if (*type == "conversation-ended") command = ReadEnd(*fields);
  if (*type == "skill-availability-changed") command = ReadSkillChange(*fields);
  if (!command) return std::unexpected(command.error());
  return InboundCommand{AccountId(std::move(*account)), std::move(*command)};
}

std::expected<void, InboundFailure> ApplyInboundMessage(std::string_view message, Accounts& accounts, Visits& visits) {
  const auto command = ReadInboundCommand(message);
  if (!command) return Refused(command.error());
  if (accounts.loading()) return Unavailable("accounts are loading");
  const auto account = accounts.Find(command->account);
  if (!account) {
    return Refused(accounts.IsRefused(command->account) ? "accountId: the account's stored document is refused"
                                                        : "accountId: the account does not exist");
  }
  return std::visit(CommandHandler{*account, accounts, visits}, command->command);
}

}  // namespace monitor
