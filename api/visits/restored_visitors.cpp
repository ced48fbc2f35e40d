#include "api/visits/restored_visitors.h"

#include <iterator>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "api/visits/visitor_cipher.h"
#include "api/visits/visitor_records.h"
#include "domain/deciding/snapshots.h"
#include "domain/events/event_codec.h"
#include "domain/values/json.h"
#include "eventstore/account_events.h"
#include "eventstore/log/restored_rows.h"

namespace monitor {
namespace {

using Folded = std::expected<void, std::string>;

std::unexpected<std::string> Failed(const std::string& where) {
  return std::unexpected("what was restored can not be folded at " + where + "; `monitorctl verify` names the damage");
}

// Of an event whose identities can not be opened, for its visitor's key is gone: who it was is known all the same.
std::vector<Identity> HashedIdentities(std::string_view data) {
  std::vector<Identity> identities;
  const auto document = json::Document::Parse(data);
  const json::Value* hashes = document ? document->root().Find("identityHashes") : nullptr;
  if (hashes == nullptr) return identities;
  for (const json::Value& hash : hashes->items()) identities.push_back({.hash = IdentityHash(hash.text())});
  return identities;
}

class RestoredFold {
 public:
  RestoredFold(EventStore& store, const MasterKey& master_key, RestoredRows rows)
      : store_(store), master_key_(master_key), records_(store), rows_(std::move(rows)) {}

  std::expected<std::uint64_t, std::string> Run() {
    for (; !rows_.erased.empty(); rows_.erased.pop_back()) {
      if (auto forgotten = ForgetAllOf(VisitorOf(rows_.erased.back())); !forgotten) return Failed("an erased visitor");
    }
    for (const OriginRange& range : store_.Origins()) {
      if (range.origin < rows_.from.origin) continue;
      if (range.origin != rows_.from.origin) rows_.from = {range.origin, range.first};
      if (auto folded = FoldOrigin(); !folded) return std::unexpected(folded.error());
    }
    writes_.push_back({StateTable::kMeta, kRestoredKey, std::nullopt});
    if (!store_.Append({.states = std::move(writes_)})) return Failed("its end");
    return count_;
  }

 private:
  struct Visitor {
    AccountId account;
    VisitorId id;
    VisitorState state;
    bool changed = false;
    VisitorCipher cipher;
  };

  static std::pair<AccountId, VisitorId> VisitorOf(const std::string& key) {
    const std::size_t slash = std::min(key.find('/'), key.size());
    return {AccountId(key.substr(0, slash)), VisitorId(key.substr(std::min(slash + 1, key.size())))};
  }

  Folded FoldOrigin() {
    for (;;) {
      const auto page = store_.ReadLog(rows_.from, {});
      if (!page) return Failed(rows_.from.ToString());
      if (page->empty()) return {};
      for (const StoredEvent& stored : *page) {
        if (!IsOfAccount(stored) && !Fold(stored)) return Failed(stored.position.ToString());
        rows_.from.seq = stored.position.seq + 1;
        ++count_;
      }
      if (!Save()) return Failed(rows_.from.ToString());
    }
  }

  // What was folded since it was last saved, and how far that is: together.
  bool Save() {
    for (auto& [key, visitor] : visitors_) {
      if (!visitor.changed) continue;
      // Of whom no snapshot was kept the version is read from the stream, which is whole again already.
      const auto version = store_.StreamVersion(VisitorStream(visitor.account, visitor.id));
      if (!version) return false;
      visitor.state.version = *version;
      writes_.push_back(VisitorRecords::WriteVisitor(visitor.account, visitor.id, PackVisitor(visitor.state)));
    }
    visitors_.clear();
    writes_.push_back({StateTable::kMeta, kRestoredKey, EncodeRestoredRows(rows_)});
    return store_.Append({.states = std::exchange(writes_, {})}).has_value();
  }

  Visitor* Load(const std::string& key) {
    const auto found = visitors_.find(key);
    if (found != visitors_.end()) return &found->second;
    auto [account, id] = VisitorOf(key);
    auto state = records_.ReadVisitor(account, id);
    if (!state) return nullptr;
    Visitor loaded{std::move(account), std::move(id), *std::move(state), false, {store_, master_key_, key, false}};
    return &visitors_.emplace(key, std::move(loaded)).first->second;
  }

  bool Fold(const StoredEvent& stored) {
    // It needs all that was indexed before it.
    if (stored.type == TypeName(VisitorErased{}) && !(Save() && ForgetAllOf(VisitorOf(stored.key)))) return false;
    Visitor* visitor = Load(stored.key);
    if (visitor == nullptr) return false;
    const auto event = DecodeEventData({stored.type, stored.schema_version}, stored.data, visitor->cipher);
    if (!event || visitor->cipher.error()) return false;
    const std::vector<OpenConversation> before = visitor->state.conversations;
    if (Evolve(visitor->state, *event, stored.time)) visitor->changed = true;
    VisitorRecords::IndexChanges(visitor->account, visitor->id, before, visitor->state.conversations, writes_);
    const auto* activity = std::get_if<ActivityReported>(&event->data);
    if (activity == nullptr) return true;
    for (const Identity& one : activity->identities.empty() ? HashedIdentities(stored.data) : activity->identities) {
      VisitorRecords::IndexIdentity(visitor->account, visitor->id, one, writes_);
    }
    return true;
  }

  // But for its key: of that the restore knew best whether it is an erased one.
  bool ForgetAllOf(const std::pair<AccountId, VisitorId>& who) {
    const auto state = records_.ReadVisitor(who.first, who.second);
    if (!state) return false;
    auto rows = records_.AllOf(who.first, who.second, *state);
    if (!rows) return false;
    std::erase_if(*rows, [](const StateWrite& row) { return row.table == StateTable::kVisitorKey; });
    // It stays known that it was erased, and its stream's version.
    for (StateWrite& row : *rows) {
      if (row.table == StateTable::kVisitor && row.key == PartitionKey(who.first, who.second)) {
        row.value = PackVisitor(VisitorState{.version = state->version});
      }
    }
    return store_.Append({.states = *std::move(rows)}).has_value();
  }

  EventStore& store_;
  const MasterKey& master_key_;
  const VisitorRecords records_;
  RestoredRows rows_;                        // what is left to do
  std::map<std::string, Visitor> visitors_;  // since the last Save
  std::vector<StateWrite> writes_;           // the same
  std::uint64_t count_ = 0;
};

}  // namespace

std::expected<std::uint64_t, std::string> FoldRestored(EventStore& store, const MasterKey& master_key) {
  const auto kept = store.ReadState(StateTable::kMeta, kRestoredKey);
  if (!kept) return Failed("its beginning");
  if (!*kept) return 0;
  auto rows = ParseRestoredRows(**kept);
  if (!rows) return Failed("its beginning");
  return RestoredFold(store, master_key, *std::move(rows)).Run();
}

}  // namespace monitor
