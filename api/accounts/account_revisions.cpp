#include "api/accounts/account_revisions.h"

#include <utility>

#include "api/accounts/descending_key.h"
#include "eventstore/account_events.h"

namespace monitor {
namespace {

std::string Prefix(const AccountId& id) { return "@revision/" + id.str() + "/"; }

struct Configured {
  StoredEvent stored;
  AccountConfigured data;
};

std::expected<Configured, StoreError> ReadConfigured(const EventStore& store, const AccountId& id,
                                                     std::uint64_t version) {
  auto events = store.ReadStream(AccountStream(id), version, 1);
  if (!events) return std::unexpected(events.error());
  if (events->empty()) return std::unexpected(StoreError::kCorrupt);
  auto event = ReadAccountEvent(events->front());
  auto* configured = event ? std::get_if<AccountConfigured>(&event->data) : nullptr;
  if (configured == nullptr) return std::unexpected(StoreError::kCorrupt);
  return Configured{std::move(events->front()), std::move(*configured)};
}

}  // namespace

StateWrite IndexRevision(const AccountId& id, std::uint64_t version, const Revision& revision) {
  return {StateTable::kAccount, Prefix(id) + DescendingKey(version), revision.str()};
}

std::expected<std::vector<AccountRevision>, StoreError> ReadRevisions(const EventStore& store, const AccountId& id) {
  const auto entries = store.ReadStates(StateTable::kAccount, Prefix(id), kMaxRevisionsListed);
  if (!entries) return std::unexpected(entries.error());
  std::vector<AccountRevision> revisions;
  for (const auto& [key, revision] : *entries) {
    auto configured = ReadConfigured(store, id, NumberOfDescendingKey(key));
    if (!configured) return std::unexpected(configured.error());
    revisions.push_back(
        {Revision(revision), configured->stored.time, std::move(configured->data.by), configured->stored.position});
  }
  return revisions;
}

std::expected<std::optional<std::string>, StoreError> ReadRevision(const EventStore& store, const AccountId& id,
                                                                   const Revision& revision) {
  std::string after;
  for (;;) {
    const auto entries = store.ReadStates(StateTable::kAccount, Prefix(id), kMaxRevisionsListed, after);
    if (!entries) return std::unexpected(entries.error());
    for (const auto& [key, known] : *entries) {
      if (known != revision.str()) continue;
      auto configured = ReadConfigured(store, id, NumberOfDescendingKey(key));
      if (!configured) return std::unexpected(configured.error());
      return std::move(configured->data.document);
    }
    if (entries->size() < kMaxRevisionsListed) return std::nullopt;
    after = entries->back().first;
  }
}

std::expected<std::optional<std::string>, StoreError> ReadDocumentAt(const EventStore& store, const AccountId& id,
                                                                     std::uint64_t version) {
  const std::string later = Prefix(id) + DescendingKey(version + 1);
  const auto entry = store.ReadStates(StateTable::kAccount, Prefix(id), 1, later);
  if (!entry) return std::unexpected(entry.error());
  if (entry->empty()) return std::nullopt;
  auto configured = ReadConfigured(store, id, NumberOfDescendingKey(entry->front().first));
  if (!configured) return std::unexpected(configured.error());
  return std::move(configured->data.document);
}

std::expected<void, StoreError> IndexOlderRevisions(EventStore& store, const AccountId& id, const Revision& in_force) {
  const auto newest = store.ReadStates(StateTable::kAccount, Prefix(id), 1);
  if (!newest) return std::unexpected(newest.error());
  if (!newest->empty() && newest->front().second == in_force.str()) return {};
  constexpr std::size_t kAtOnce = 8;  // a document may have megabytes
  std::vector<StateWrite> index;
  for (std::uint64_t version = 1;;) {
    const auto events = store.ReadStream(AccountStream(id), version, kAtOnce);
    if (!events) return std::unexpected(events.error());
    if (events->empty()) break;
    for (const StoredEvent& stored : *events) {
      const auto event = ReadAccountEvent(stored);
      if (!event) return std::unexpected(StoreError::kCorrupt);
      const auto* configured = std::get_if<AccountConfigured>(&event->data);
      if (std::holds_alternative<AccountRemoved>(event->data)) index.clear();  // what follows is another account
      if (configured != nullptr) index.push_back(IndexRevision(id, version, configured->revision));
      ++version;
    }
  }
  const auto written = store.Append({.states = std::move(index)});
  if (!written) return std::unexpected(written.error());
  return {};
}

std::expected<void, StoreError> ForgetRevisions(EventStore& store, const AccountId& id) {
  for (;;) {
    const auto entries = store.ReadStates(StateTable::kAccount, Prefix(id), kMaxRevisionsListed);
    if (!entries) return std::unexpected(entries.error());
    if (entries->empty()) return {};
    AppendRequest forget;
    for (const auto& [key, revision] : *entries) forget.states.push_back({StateTable::kAccount, key, std::nullopt});
    if (const auto written = store.Append(std::move(forget)); !written) return std::unexpected(written.error());
  }
}

}  // namespace monitor
