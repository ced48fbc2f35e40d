#include "api/visits/visitor_records.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

namespace monitor {
namespace {

// Of one identity; more are not looked at.
constexpr std::size_t kMaxConversationsOfIdentity = 64;

std::string IdentityKey(const AccountId& account, const IdentityHash& identity) {
  return "@identity/" + account.str() + "/" + identity.str();
}
std::string OpenPrefix(const AccountId& account, const IdentityHash& identity) {
  return "@open/" + account.str() + "/" + identity.str() + "/";
}
std::string ConversationKey(const AccountId& account, const ConversationId& id) {
  return "@conversation/" + account.str() + "/" + id.str();
}

}  // namespace

VisitorRecords::Read<VisitorState> VisitorRecords::ReadVisitor(const AccountId& account,
                                                               const VisitorId& visitor) const {
  auto snapshot = store_.ReadState(StateTable::kVisitor, PartitionKey(account, visitor));
  if (!snapshot) return std::unexpected(snapshot.error());
  if (!*snapshot) return VisitorState{};
  std::optional<VisitorState> state = VisitorState::FromJson(**snapshot);
  if (!state) return std::unexpected(StoreError::kCorrupt);
  return *std::move(state);
}

VisitorRecords::Read<LoadedSession> VisitorRecords::FoldSession(const AccountId& account, const VisitorId& visitor,
                                                                const SessionId& session,
                                                                const FieldCipher& cipher) const {
  auto stored = store_.ReadStream(SessionStream(account, visitor, session));
  if (!stored) return std::unexpected(stored.error());
  LoadedSession loaded;
  for (const StoredEvent& one : *stored) {
    auto event = DecodeEventData(one.type, one.data, cipher);
    if (!event) return std::unexpected(StoreError::kCorrupt);
    Evolve(loaded.state, *event, one.time);
    loaded.event_bytes += one.data.size();
  }
  return loaded;
}

VisitorRecords::Read<std::vector<StreamName>> VisitorRecords::SessionStreams(const AccountId& account,
                                                                             const VisitorId& visitor) const {
  return store_.StreamsWithPrefix(SessionStream(account, visitor, SessionId()).str(), kMaxSessionsListed);
}

VisitorRecords::Read<std::vector<IdentityHash>> VisitorRecords::IdentitiesOf(const AccountId& account,
                                                                             const VisitorId& visitor,
                                                                             const FieldCipher& cipher) const {
  auto streams = SessionStreams(account, visitor);
  if (!streams) return std::unexpected(streams.error());
  std::vector<IdentityHash> hashes;
  for (const StreamName& stream : *streams) {
    auto stored = store_.ReadStream(stream);
    if (!stored) return std::unexpected(stored.error());
    for (const StoredEvent& one : *stored) {
      auto event = DecodeEventData(one.type, one.data, cipher);
      if (!event) return std::unexpected(StoreError::kCorrupt);
      const auto* activity = std::get_if<ActivityReported>(&event->data);
      if (activity == nullptr) continue;
      for (const Identity& identity : activity->identities) {
        if (identity.authenticated()) hashes.push_back(identity.hash);
      }
    }
  }
  std::ranges::sort(hashes);
  hashes.erase(std::ranges::unique(hashes).begin(), hashes.end());
  return hashes;
}

VisitorRecords::Read<std::optional<VisitorId>> VisitorRecords::ReadVisitorId(const std::string& key) const {
  auto value = store_.ReadState(StateTable::kVisitor, key);
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::nullopt;
  return VisitorId(std::move(**value));
}

VisitorRecords::Read<std::optional<VisitorId>> VisitorRecords::VisitorOfIdentity(const AccountId& account,
                                                                                 const IdentityHash& identity) const {
  return ReadVisitorId(IdentityKey(account, identity));
}

VisitorRecords::Read<std::optional<VisitorId>> VisitorRecords::VisitorOfConversation(const AccountId& account,
                                                                                     const ConversationId& id) const {
  return ReadVisitorId(ConversationKey(account, id));
}

VisitorRecords::Read<std::vector<OpenConversation>> VisitorRecords::ConversationsOfIdentity(
    const AccountId& account, const IdentityHash& identity) const {
  const std::string prefix = OpenPrefix(account, identity);
  auto entries = store_.ReadStates(StateTable::kVisitor, prefix, kMaxConversationsOfIdentity);
  if (!entries) return std::unexpected(entries.error());
  std::vector<OpenConversation> conversations;
  for (const auto& [key, visitor] : *entries) {
    auto state = ReadVisitor(account, VisitorId(visitor));
    if (!state) return std::unexpected(state.error());
    const ConversationId id(key.substr(prefix.size()));
    auto open = std::ranges::find(state->conversations, id, &OpenConversation::id);
    if (open != state->conversations.end()) conversations.push_back(*std::move(open));
  }
  return conversations;
}

VisitorRecords::Read<std::vector<OpenConversation>> VisitorRecords::ConversationsOf(
    const AccountId& account, const std::vector<Identity>& identities) const {
  std::vector<OpenConversation> all;
  for (const Identity& identity : identities) {
    if (!identity.authenticated()) continue;
    auto found = ConversationsOfIdentity(account, identity.hash);
    if (!found) return std::unexpected(found.error());
    all.insert(all.end(), std::make_move_iterator(found->begin()), std::make_move_iterator(found->end()));
  }
  return all;
}

StateWrite VisitorRecords::WriteVisitor(const AccountId& account, const VisitorId& visitor, const VisitorState& state) {
  return {StateTable::kVisitor, PartitionKey(account, visitor), state.ToJson()};
}

StateWrite VisitorRecords::WriteIdentity(const AccountId& account, const IdentityHash& identity,
                                         const VisitorId& visitor) {
  return {StateTable::kVisitor, IdentityKey(account, identity), visitor.str()};
}

StateWrite VisitorRecords::DeleteIdentity(const AccountId& account, const IdentityHash& identity) {
  return {StateTable::kVisitor, IdentityKey(account, identity), std::nullopt};
}

StateWrite VisitorRecords::DeleteKey(const AccountId& account, const VisitorId& visitor) {
  return {StateTable::kVisitorKey, PartitionKey(account, visitor), std::nullopt};
}

void VisitorRecords::IndexConversation(const AccountId& account, const VisitorId& visitor, const OpenConversation& open,
                                       std::vector<StateWrite>& out) {
  out.push_back({StateTable::kVisitor, ConversationKey(account, open.id), visitor.str()});
  if (open.identity.empty()) return;
  out.push_back({StateTable::kVisitor, OpenPrefix(account, open.identity) + open.id.str(), visitor.str()});
}

void VisitorRecords::UnindexConversation(const AccountId& account, const OpenConversation& open,
                                         std::vector<StateWrite>& out) {
  out.push_back({StateTable::kVisitor, ConversationKey(account, open.id), std::nullopt});
  if (open.identity.empty()) return;
  out.push_back({StateTable::kVisitor, OpenPrefix(account, open.identity) + open.id.str(), std::nullopt});
}

}  // namespace monitor
