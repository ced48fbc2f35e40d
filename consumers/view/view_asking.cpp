// The functions of a view store that ask; view_store.cpp has those that write.
#include <rocksdb/snapshot.h>

#include "consumers/view/facts_reading.h"
#include "consumers/view/kept_rows.h"
#include "consumers/view/view_queries.h"
#include "consumers/view/view_state.h"
#include "consumers/view/view_store.h"

namespace monitor {

std::string ViewStore::Trouble() const {
  if (auto too_little = state_->room.TooLittle()) return *std::move(too_little);
  std::lock_guard lock(state_->mutex);
  return state_->trouble;
}

Positions ViewStore::CommittedPositions() const {
  std::lock_guard lock(state_->mutex);
  return state_->committed;
}

std::expected<ViewStanding, std::string> ViewStore::Standing() const {
  return state_->Ask([&] {
    rocksdb::ManagedSnapshot snapshot(&state_->database.db());
    return ViewStanding{.coverage = ViewProgress::ReadCoverage(state_->database, snapshot.snapshot()),
                        .offsets = ViewProgress::ReadOffsets(state_->database, snapshot.snapshot()),
                        .positions = ViewProgress::ReadPositions(state_->database, snapshot.snapshot()),
                        .version = state_->VersionAt(ViewProgress::ReadStamp(state_->database, snapshot.snapshot()))};
  });
}

std::string ViewStore::Version() const { return state_->VersionAt(state_->committed_stamp); }

bool ViewStore::WaitFor(const std::string& origin, std::uint64_t seq, std::chrono::milliseconds max_wait) const {
  const auto reached = [&] {
    const auto found = state_->committed.find(origin);
    return seq == 0 || (found != state_->committed.end() && found->second >= seq);
  };
  std::unique_lock lock(state_->mutex);
  state_->moved.wait_for(lock, max_wait, [&] { return reached() || state_->stopping; });
  return reached();
}

void ViewStore::StopWaiting() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->moved.notify_all();
}

std::expected<std::vector<AccountOutline>, std::string> ViewStore::Accounts() const {
  return state_->Ask([&] { return view::Accounts(state_->database, ""); });
}

std::expected<std::optional<AccountOutline>, std::string> ViewStore::Account(std::string_view id) const {
  auto found = state_->Ask([&] { return view::Accounts(state_->database, std::string(id) + '\0'); });
  if (!found) return std::unexpected(std::move(found.error()));
  if (found->empty()) return std::nullopt;
  return std::move(found->front());
}

std::expected<FunnelReport, std::string> ViewStore::Funnel(const AccountId& account, const funnel::Query& query,
                                                           const BucketSet& buckets,
                                                           const std::function<bool()>& abandoned) const {
  return state_->Ask([&] {
    rocksdb::ManagedSnapshot snapshot(&state_->database.db());
    const BucketSet covered = ViewProgress::ReadCoverage(state_->database, snapshot.snapshot()).buckets;
    FunnelReport report{.as_of = ViewProgress::ReadPositions(state_->database, snapshot.snapshot()),
                        .version = state_->VersionAt(ViewProgress::ReadStamp(state_->database, snapshot.snapshot())),
                        .buckets = buckets & covered};
    // What is of a part of them nobody would ask for again.
    const bool keeps = report.buckets == covered && !state_->room.TooLittle();
    view::FactsReading reading(state_->database, snapshot.snapshot(), abandoned, keeps);
    auto answer = view::Rows(reading, account, query, report.buckets);
    report.complete = answer.rows.has_value();
    report.facts_gone_before = answer.facts_gone_before;
    if (answer.rows) report.rows = std::move(*answer.rows);
    return report;
  });
}

std::expected<ChangedDays, std::string> ViewStore::ChangedSince(std::uint64_t stamp,
                                                                const std::function<bool()>& abandoned) const {
  return state_->Ask([&] {
    rocksdb::ManagedSnapshot snapshot(&state_->database.db());
    const std::function<bool()> ends = [&] { return state_->reopening || abandoned(); };
    view::FactsReading reading(state_->database, snapshot.snapshot(), ends, false);
    ChangedDays changed{.up_to = {state_->Id(), ViewProgress::ReadStamp(state_->database, snapshot.snapshot())},
                        .coverage = ViewProgress::ReadCoverage(state_->database, snapshot.snapshot()),
                        .days = {}};
    changed.days = view::ChangedSince(reading, stamp, changed.coverage.buckets);
    if (reading.ended()) throw StoreFailure("nobody waits any more, or the view is being opened anew");
    return changed;
  });
}

std::expected<std::optional<std::vector<HourlyRows>>, std::string> ViewStore::Hours(
    const ChangedDay& day, std::span<const int> partitions, const std::function<bool()>& abandoned) const {
  return state_->Ask([&] {
    rocksdb::ManagedSnapshot snapshot(&state_->database.db());
    const std::function<bool()> ends = [&] { return state_->reopening || abandoned(); };
    view::FactsReading reading(state_->database, snapshot.snapshot(), ends, false);
    const Coverage coverage = ViewProgress::ReadCoverage(state_->database, snapshot.snapshot());
    auto hours = view::Hours(reading, day, coverage, partitions);
    if (!hours && state_->reopening) throw StoreFailure("the view is being opened anew");
    if (!hours) return hours;
    for (HourlyRows& of : *hours) {
      of.offset = ViewProgress::ReadOffset(state_->database, of.partition, snapshot.snapshot()).value_or(0);
    }
    return hours;
  });
}

std::expected<void, std::string> ViewStore::KeepRows(const std::function<bool()>& abandoned) const {
  if (auto too_little = state_->room.TooLittle()) return std::unexpected(*std::move(too_little));
  return state_->Ask([&] {
    rocksdb::ManagedSnapshot snapshot(&state_->database.db());
    const std::function<bool()> ends = [&] { return state_->reopening || abandoned(); };
    view::FactsReading reading(state_->database, snapshot.snapshot(), ends, true);
    view::KeepChangedDays(reading, ViewProgress::ReadCoverage(state_->database, snapshot.snapshot()).buckets);
  });
}

std::expected<void, std::string> ViewStore::Retire(const FactsRetention& retention,
                                                   const std::function<bool()>& abandoned) const {
  if (auto too_little = state_->room.TooLittle()) return std::unexpected(*std::move(too_little));
  if (HasSomeToRetire()) return {};
  if (retention.given_up_to && retention.given_up_to->view != state_->Id()) return {};
  return state_->Ask([&] {
    rocksdb::ManagedSnapshot snapshot(&state_->database.db());
    const std::function<bool()> ends = [&] { return state_->reopening || abandoned(); };
    view::FactsReading reading(state_->database, snapshot.snapshot(), ends, false);
    const Coverage coverage = ViewProgress::ReadCoverage(state_->database, snapshot.snapshot());
    auto plan = view::Retirement::Plan(reading, coverage, retention, state_->retires_from);
    if (plan) {
      state_->Plan(std::move(plan));
    } else if (state_->retires_from.day.empty() && state_->retired_since_flush.exchange(false)) {
      state_->database.FlushSoon(kDays);  // who scans days must not step over so many deletions
    }
  });
}

bool ViewStore::HasSomeToRetire() const { return state_->HasRetirement(); }
std::uint64_t ViewStore::retired_sessions() const { return state_->retired_sessions; }

std::uint64_t ViewStore::DiskBytes() const {
  const auto bytes = state_->Ask([&] { return state_->database.DiskBytes(); });
  return bytes.value_or(0);
}

}  // namespace monitor
