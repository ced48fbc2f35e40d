// A visitor's facts in the store: its snapshot, its sessions' streams, and the index by identity and conversation.
//
// Thread-safe; holds nothing. Keys in StateTable::kVisitor (an account id has neither `@` nor `/`, a visitor id and an
// identity hash no `/`; a conversation id stands last and may hold anything):
//
//   ACCOUNT/VISITOR                       PackVisitor (snapshots.h)
//   @identity/ACCOUNT/HASH                the visitor that last presented this identity with loa1
//   @presented/ACCOUNT/HASH/VISITOR       VISITOR, which presented this identity, with whatever acr, and was neither
//                                         erased nor forgotten since; does not go with the events
//   @presents/ACCOUNT/VISITOR/HASH        the same the other way round
//   @open/ACCOUNT/HASH/CONVERSATION       the visitor whose open conversation has this identity
//   @conversation/ACCOUNT/CONVERSATION    the visitor whose conversation this is; while it is open
//
// In StateTable::kSession, ACCOUNT/VISITOR/SESSION: 0x00 and PackSession of a visitor that has no key, 0x01 and the
// same sealed with its key of one that has: a session's state holds what its events seal. It may be older than the
// stream's end, never newer. In StateTable::kVisitorKey: ACCOUNT/VISITOR (visitor_keys.h).
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "api/visits/visitor_cipher.h"
#include "domain/account/account.h"
#include "domain/deciding/session.h"
#include "domain/deciding/session_transcript.h"
#include "eventstore/event_store.h"

namespace monitor {

struct StoredSession {
  SessionState state;
  std::uint64_t snapshot_version = 0;  // of the snapshot it was read from; 0: there was none
};

class VisitorRecords {
 public:
  static constexpr std::size_t kMaxSessionsListed = 100'000;  // of one visitor

  explicit VisitorRecords(const EventStore& store) : store_(store) {}  // must outlive it

  template <class T>
  using Read = std::expected<T, StoreError>;

  // Makes the store's snapshots and this program known to each other, and remembers where its index of identities
  // began. The error, of a store that holds newer ones, is one sentence.
  static std::expected<void, std::string> AdmitSnapshots(EventStore& store);

  // From where on the index of identities is whole; nullopt: from the beginning, as in every store that this program
  // made.
  Read<std::optional<LogPosition>> IdentitiesFrom() const;
  // A visitor never heard of has the initial state.
  Read<VisitorState> ReadVisitor(const AccountId& account, const VisitorId& visitor) const;
  // From its snapshot and the events since; a session that does not exist (or is another visitor's) has the initial
  // state. It can be judged under `judge`, its texts forgotten then; nullptr: it will not be judged.
  Read<StoredSession> ReadSession(const AccountId& account, const VisitorId& visitor, const SessionId& session,
                                  const VisitorCipher& cipher, const Account* judge) const;
  // The same from its first event on, where no snapshot serves.
  Read<StoredSession> FoldSession(const AccountId& account, const VisitorId& visitor, const SessionId& session,
                                  const VisitorCipher& cipher, const Account* judge) const;
  Read<SessionTranscript> ReadTranscript(const AccountId& account, const VisitorId& visitor, const SessionId& session,
                                         const VisitorCipher& cipher) const;
  Read<std::vector<StreamName>> SessionStreams(const AccountId& account, const VisitorId& visitor) const;
  // Hashes of the identities that the visitor presented: by the index, and by the events of its kept sessions, which
  // may be older than that.
  Read<std::vector<IdentityHash>> IdentitiesOf(const AccountId& account, const VisitorId& visitor,
                                               const FieldCipher& cipher) const;
  // Ids of the account's visitors behind `after`, erased ones too, by id, at most `limit`.
  Read<std::vector<VisitorId>> VisitorsOf(const AccountId& account, const VisitorId& after, std::size_t limit) const;
  // All visitors that presented this identity, by id.
  Read<std::vector<VisitorId>> VisitorsOfIdentity(const AccountId& account, const IdentityHash& identity) const;

  Read<std::optional<VisitorId>> VisitorOfIdentity(const AccountId& account, const IdentityHash& identity) const;
  Read<std::optional<VisitorId>> VisitorOfConversation(const AccountId& account, const ConversationId& id) const;
  // The open conversations that have this identity, whoever's they are.
  Read<std::vector<OpenConversation>> ConversationsOfIdentity(const AccountId& account,
                                                              const IdentityHash& identity) const;
  // The same for all of these that are authenticated.
  Read<std::vector<OpenConversation>> ConversationsOf(const AccountId& account,
                                                      const std::vector<Identity>& identities) const;

  // Deletes all that is kept of a visitor, but for its streams: snapshots, key, what is indexed of its conversations.
  Read<std::vector<StateWrite>> AllOf(const AccountId& account, const VisitorId& visitor,
                                      const VisitorState& state) const;
  // Whose a row of the table of visitors is.
  struct RowOwner {
    AccountId account;
    VisitorId visitor;
    bool index;  // it leads to the visitor from elsewhere
  };
  static std::optional<RowOwner> VisitorOfRow(std::string_view key, std::string_view value);

  static StateWrite WriteVisitor(const AccountId& account, const VisitorId& visitor, std::string packed);
  // `partition_key` is `accountId/visitorId`, `packed` PackSession; `key` nullptr: the visitor has none.
  StateWrite WriteSession(std::string_view partition_key, std::string_view packed, const VisitorKey* key) const;
  static StateWrite DeleteSession(std::string_view partition_key, const SessionId& session);
  static void IndexIdentity(const AccountId& account, const VisitorId& visitor, const Identity& identity,
                            std::vector<StateWrite>& out);
  // `last`: the visitor was the last that presented it.
  static void UnindexIdentity(const AccountId& account, const VisitorId& visitor, const IdentityHash& identity,
                              bool last, std::vector<StateWrite>& out);
  static StateWrite DeleteKey(const AccountId& account, const VisitorId& visitor);
  static void IndexConversation(const AccountId& account, const VisitorId& visitor, const OpenConversation& open,
                                std::vector<StateWrite>& out);
  static void UnindexConversation(const AccountId& account, const OpenConversation& open, std::vector<StateWrite>& out);
  // Keeps the index in step with the conversations that a fold opened and closed.
  static void IndexChanges(const AccountId& account, const VisitorId& visitor,
                           const std::vector<OpenConversation>& before, const std::vector<OpenConversation>& after,
                           std::vector<StateWrite>& out);

 private:
  template <class Id>
  Read<std::vector<Id>> EndsOfKeys(const std::string& prefix) const;
  Read<std::optional<VisitorId>> ReadVisitorId(const std::string& key) const;
  std::optional<SessionState> ReadSnapshot(const std::string& key, const VisitorCipher& cipher) const;
  template <class Use>
  Read<void> ForEachEvent(const StreamName& stream, std::uint64_t from_version, const VisitorCipher& cipher,
                          Use use) const;
  Read<void> FoldOn(SessionState& state, const StreamName& stream, const VisitorCipher& cipher,
                    const Account* judge) const;

  const EventStore& store_;
};

}  // namespace monitor
