#include "api/visits/visitor_records.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>
#include <variant>

#include "domain/deciding/session_texts.h"
#include "domain/deciding/snapshots.h"
#include "domain/events/event_codec.h"
#include "domain/values/whole_number.h"
#include "eventstore/log/keys.h"
#include "eventstore/session_row.h"

namespace monitor {
namespace {

// Of one identity; more are not looked at.
constexpr std::size_t kMaxConversationsOfIdentity = 64;

std::string IdentityKey(const AccountId& account, const IdentityHash& identity) {
  return "@identity/" + account.str() + "/" + identity.str();
}
std::string PresentedPrefix(const AccountId& account, const IdentityHash& identity) {
  return "@presented/" + account.str() + "/" + identity.str() + "/";
}
std::string PresentsPrefix(const AccountId& account, const VisitorId& visitor) {
  return "@presents/" + account.str() + "/" + visitor.str() + "/";
}
std::string OpenPrefix(const AccountId& account, const IdentityHash& identity) {
  return "@open/" + account.str() + "/" + identity.str() + "/";
}
std::string ConversationKey(const AccountId& account, const ConversationId& id) {
  return "@conversation/" + account.str() + "/" + id.str();
}

std::string SessionKey(std::string_view partition_key, const SessionId& session) {
  return std::string(partition_key) + "/" + session.str();
}

}  // namespace

std::expected<void, std::string> VisitorRecords::AdmitSnapshots(EventStore& store) {
  const auto kept = store.ReadState(StateTable::kMeta, kSnapshotsKey);
  if (!kept) return std::unexpected("which snapshots the store holds can not be read");
  const int layout = *kept ? ParseWhole<int>(**kept).value_or(0) : 0;
  if (layout > kSnapshotLayout) {
    return std::unexpected("the store holds snapshots of layout " + **kept + ", this program knows them up to " +
                           std::to_string(kSnapshotLayout) + ": a newer one wrote them");
  }
  // Before the first of them: where nothing can be written now, neither can they.
  if (layout < kSnapshotLayout) {
    const StateWrite known{StateTable::kMeta, std::string(kSnapshotsKey), std::to_string(kSnapshotLayout)};
    (void)store.Append({.states = {known}});
  }
  if (const auto from = store.ReadState(StateTable::kMeta, kIdentitiesKey); from && !*from) {
    const OriginRange current = store.Origins().back();
    const LogPosition next{current.origin, current.last + 1};
    (void)store.Append({.states = {{StateTable::kMeta, std::string(kIdentitiesKey), next.ToString()}}});
  }
  return {};
}

VisitorRecords::Read<std::optional<LogPosition>> VisitorRecords::IdentitiesFrom() const {
  const auto kept = store_.ReadState(StateTable::kMeta, kIdentitiesKey);
  if (!kept) return std::unexpected(kept.error());
  const auto from = *kept ? LogPosition::Parse(**kept) : std::nullopt;
  return from && *from != LogPosition{store_.Origins().front().origin, 1} ? from : std::nullopt;
}

VisitorRecords::Read<VisitorState> VisitorRecords::ReadVisitor(const AccountId& account,
                                                               const VisitorId& visitor) const {
  auto snapshot = store_.ReadState(StateTable::kVisitor, PartitionKey(account, visitor));
  if (!snapshot) return std::unexpected(snapshot.error());
  if (!*snapshot) {
    // Its own stream may be longer than what is remembered of it (visitor_retention.h).
    const auto version = store_.StreamVersion(VisitorStream(account, visitor));
    if (!version) return std::unexpected(version.error());
    return VisitorState{.version = *version};
  }
  std::optional<VisitorState> state = UnpackVisitor(**snapshot);
  if (!state) return std::unexpected(StoreError::kCorrupt);
  return *std::move(state);
}

// nullopt: there is none that can be used. It may be sealed with a key that was destroyed since.
std::optional<SessionState> VisitorRecords::ReadSnapshot(const std::string& key, const VisitorCipher& cipher) const {
  const auto stored = store_.ReadState(StateTable::kSession, key);
  const auto row = stored && *stored ? ParseSessionRow(**stored) : std::nullopt;
  if (!row) return std::nullopt;
  if (!row->sealed) return UnpackSession(row->snapshot);
  const VisitorKey* visitor_key = cipher.key();
  const auto opened = visitor_key != nullptr ? visitor_key->OpenBytes(row->snapshot) : std::nullopt;
  return opened ? UnpackSession(*opened) : std::nullopt;
}

// Calls use(stored, event) for the stream's events from that version on, a few at a time: all of a session's may be
// hundreds of MiB. The error, if some can not be read.
template <class Use>
std::expected<void, StoreError> VisitorRecords::ForEachEvent(const StreamName& stream, std::uint64_t from_version,
                                                             const VisitorCipher& cipher, Use use) const {
  constexpr std::size_t kAtOnce = 256;
  for (;;) {
    const auto stored = store_.ReadStream(stream, from_version, kAtOnce);
    if (!stored) return std::unexpected(stored.error());
    for (const StoredEvent& one : *stored) {
      const auto event = DecodeEventData({one.type, one.schema_version}, one.data, cipher);
      if (!event) return std::unexpected(StoreError::kCorrupt);
      if (!use(one, *event)) return std::unexpected(StoreError::kCorrupt);
    }
    // Without the key what is sealed would be missing.
    if (auto error = cipher.error()) return std::unexpected(*error);
    if (stored->size() < kAtOnce) return {};
    from_version += stored->size();
  }
}

VisitorRecords::Read<void> VisitorRecords::FoldOn(SessionState& state, const StreamName& stream,
                                                  const VisitorCipher& cipher, const Account* judge) const {
  return ForEachEvent(stream, state.version + 1, cipher, [&](const StoredEvent& one, const Event& event) {
    // A part would be taken for the whole: of a session that is over the log may have dropped the beginning.
    if (!state.exists() && !std::holds_alternative<SessionCreated>(event.data)) return one.stream_version > 1;
    Evolve(state, event, one.time);
    if (judge != nullptr && std::holds_alternative<ActivityReported>(event.data)) ForgetTexts(*judge, state);
    return true;
  });
}

VisitorRecords::Read<StoredSession> VisitorRecords::ReadSession(const AccountId& account, const VisitorId& visitor,
                                                                const SessionId& session, const VisitorCipher& cipher,
                                                                const Account* judge) const {
  auto snapshot = ReadSnapshot(SessionKey(PartitionKey(account, visitor), session), cipher);
  if (auto error = cipher.error()) return std::unexpected(*error);
  if (!snapshot || (judge != nullptr && !IsJudgeable(*judge, *snapshot))) {
    return FoldSession(account, visitor, session, cipher, judge);
  }
  StoredSession read{*std::move(snapshot), 0};
  read.snapshot_version = read.state.version;
  auto folded = FoldOn(read.state, SessionStream(account, visitor, session), cipher, judge);
  if (!folded) return std::unexpected(folded.error());
  return read;
}

VisitorRecords::Read<StoredSession> VisitorRecords::FoldSession(const AccountId& account, const VisitorId& visitor,
                                                                const SessionId& session, const VisitorCipher& cipher,
                                                                const Account* judge) const {
  StoredSession folded;
  auto whole = FoldOn(folded.state, SessionStream(account, visitor, session), cipher, judge);
  if (!whole) return std::unexpected(whole.error());
  return folded;
}

VisitorRecords::Read<SessionTranscript> VisitorRecords::ReadTranscript(const AccountId& account,
                                                                       const VisitorId& visitor,
                                                                       const SessionId& session,
                                                                       const VisitorCipher& cipher) const {
  SessionTranscript transcript;
  const auto whole =
      ForEachEvent(SessionStream(account, visitor, session), 1, cipher, [&](const StoredEvent&, const Event& event) {
        Evolve(transcript, event);
        return true;
      });
  if (!whole) return std::unexpected(whole.error());
  return transcript;
}

VisitorRecords::Read<std::vector<StreamName>> VisitorRecords::SessionStreams(const AccountId& account,
                                                                             const VisitorId& visitor) const {
  return store_.StreamsWithPrefix(SessionStream(account, visitor, SessionId()).str(), kMaxSessionsListed);
}

// What follows the prefix in each key of StateTable::kVisitor that begins with it.
template <class Id>
VisitorRecords::Read<std::vector<Id>> VisitorRecords::EndsOfKeys(const std::string& prefix) const {
  constexpr std::size_t kAtOnce = 1'000;
  std::vector<Id> ends;
  std::string after;
  for (;;) {
    auto entries = store_.ReadStates(StateTable::kVisitor, prefix, kAtOnce, after);
    if (!entries) return std::unexpected(entries.error());
    for (const auto& [key, value] : *entries) ends.emplace_back(std::string_view(key).substr(prefix.size()));
    if (entries->size() < kAtOnce) return ends;
    after = std::move(entries->back().first);
  }
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
      auto event = DecodeEventData({one.type, one.schema_version}, one.data, cipher);
      if (!event) return std::unexpected(StoreError::kCorrupt);
      const auto* activity = std::get_if<ActivityReported>(&event->data);
      if (activity == nullptr) continue;
      for (const Identity& identity : activity->identities) hashes.push_back(identity.hash);
    }
  }
  auto indexed = EndsOfKeys<IdentityHash>(PresentsPrefix(account, visitor));
  if (!indexed) return std::unexpected(indexed.error());
  std::ranges::move(*indexed, std::back_inserter(hashes));
  std::ranges::sort(hashes);
  hashes.erase(std::ranges::unique(hashes).begin(), hashes.end());
  return hashes;
}

VisitorRecords::Read<std::vector<VisitorId>> VisitorRecords::VisitorsOf(const AccountId& account,
                                                                        const VisitorId& after,
                                                                        std::size_t limit) const {
  const std::string prefix = PartitionKey(account, VisitorId());
  auto entries = store_.ReadStates(StateTable::kVisitor, prefix, limit, PartitionKey(account, after));
  if (!entries) return std::unexpected(entries.error());
  std::vector<VisitorId> visitors;
  for (const auto& [key, value] : *entries) visitors.emplace_back(std::string_view(key).substr(prefix.size()));
  return visitors;
}

VisitorRecords::Read<std::vector<VisitorId>> VisitorRecords::VisitorsOfIdentity(const AccountId& account,
                                                                                const IdentityHash& identity) const {
  auto visitors = EndsOfKeys<VisitorId>(PresentedPrefix(account, identity));
  if (!visitors) return std::unexpected(visitors.error());
  auto last = VisitorOfIdentity(account, identity);  // in an older store it may be known by this alone
  if (!last) return std::unexpected(last.error());
  if (*last) visitors->push_back(**std::move(last));
  std::ranges::sort(*visitors);
  visitors->erase(std::ranges::unique(*visitors).begin(), visitors->end());
  return visitors;
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

VisitorRecords::Read<std::vector<StateWrite>> VisitorRecords::AllOf(const AccountId& account, const VisitorId& visitor,
                                                                    const VisitorState& state) const {
  const std::string key = PartitionKey(account, visitor);
  std::vector<StateWrite> rows = {{StateTable::kVisitor, key, std::nullopt}, DeleteKey(account, visitor)};
  for (const OpenConversation& open : state.conversations) UnindexConversation(account, open, rows);
  const auto identities = EndsOfKeys<IdentityHash>(PresentsPrefix(account, visitor));
  if (!identities) return std::unexpected(identities.error());
  for (const IdentityHash& identity : *identities) {
    const auto last = VisitorOfIdentity(account, identity);
    if (!last) return std::unexpected(last.error());
    UnindexIdentity(account, visitor, identity, *last == visitor, rows);
  }
  const auto sessions = store_.ReadStates(StateTable::kSession, key + "/", std::numeric_limits<std::size_t>::max());
  if (!sessions) return std::unexpected(sessions.error());
  for (const auto& [session, snapshot] : *sessions) rows.push_back({StateTable::kSession, session, std::nullopt});
  return rows;
}

std::optional<VisitorRecords::RowOwner> VisitorRecords::VisitorOfRow(std::string_view key, std::string_view value) {
  const bool index = key.starts_with('@');
  if (index) key.remove_prefix(std::min(key.find('/') + 1, key.size()));
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return RowOwner{AccountId(key.substr(0, slash)), VisitorId(index ? value : key.substr(slash + 1)), index};
}

StateWrite VisitorRecords::WriteVisitor(const AccountId& account, const VisitorId& visitor, std::string packed) {
  return {StateTable::kVisitor, PartitionKey(account, visitor), std::move(packed)};
}

StateWrite VisitorRecords::WriteSession(std::string_view partition_key, std::string_view packed,
                                        const VisitorKey* key) const {
  const std::string sealed = key != nullptr ? key->SealBytes(packed) : std::string();
  return {StateTable::kSession, SessionKey(partition_key, SessionIdOf(packed)),
          MakeSessionRow({key != nullptr, store_.Now(), key != nullptr ? std::string_view(sealed) : packed})};
}

StateWrite VisitorRecords::DeleteSession(std::string_view partition_key, const SessionId& session) {
  return {StateTable::kSession, SessionKey(partition_key, session), std::nullopt};
}

void VisitorRecords::IndexIdentity(const AccountId& account, const VisitorId& visitor, const Identity& identity,
                                   std::vector<StateWrite>& out) {
  out.push_back({StateTable::kVisitor, PresentedPrefix(account, identity.hash) + visitor.str(), visitor.str()});
  out.push_back({StateTable::kVisitor, PresentsPrefix(account, visitor) + identity.hash.str(), visitor.str()});
  if (identity.authenticated()) {
    out.push_back({StateTable::kVisitor, IdentityKey(account, identity.hash), visitor.str()});
  }
}

void VisitorRecords::UnindexIdentity(const AccountId& account, const VisitorId& visitor, const IdentityHash& identity,
                                     bool last, std::vector<StateWrite>& out) {
  out.push_back({StateTable::kVisitor, PresentedPrefix(account, identity) + visitor.str(), std::nullopt});
  out.push_back({StateTable::kVisitor, PresentsPrefix(account, visitor) + identity.str(), std::nullopt});
  if (last) out.push_back({StateTable::kVisitor, IdentityKey(account, identity), std::nullopt});
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

void VisitorRecords::IndexChanges(const AccountId& account, const VisitorId& visitor,
                                  const std::vector<OpenConversation>& before,
                                  const std::vector<OpenConversation>& after, std::vector<StateWrite>& out) {
  const auto missing_in = [](const std::vector<OpenConversation>& list, const OpenConversation& one) {
    return std::ranges::find(list, one.id, &OpenConversation::id) == list.end();
  };
  for (const OpenConversation& one : before) {
    if (missing_in(after, one)) UnindexConversation(account, one, out);
  }
  for (const OpenConversation& one : after) {
    if (missing_in(before, one)) IndexConversation(account, visitor, one, out);
  }
}

}  // namespace monitor
