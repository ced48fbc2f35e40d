#include "eventstore/log/rocksdb_store.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "domain/values/bytes.h"
#include "eventstore/log/keys.h"
#include "eventstore/log/log_reader.h"
#include "eventstore/log/log_trim.h"
#include "eventstore/log/log_writer.h"
#include "eventstore/log/open_log.h"
#include "eventstore/log/wal_repair.h"

namespace monitor {
namespace {

TimeMs SystemClock() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

void SayAndAbort(const std::string& what) {
  std::fprintf(stderr, "the process ends, nobody is answered: %s\n", what.c_str());
  std::abort();
}

// "400 days": the greatest unit of which there are two.
std::string InWords(std::chrono::milliseconds span) {
  using std::chrono::days, std::chrono::duration_cast, std::chrono::hours, std::chrono::minutes;
  if (span >= days(2)) return std::to_string(duration_cast<days>(span).count()) + " days";
  if (span >= hours(2)) return std::to_string(duration_cast<hours>(span).count()) + " hours";
  if (span >= minutes(2)) return std::to_string(duration_cast<minutes>(span).count()) + " minutes";
  return std::to_string(duration_cast<std::chrono::seconds>(span).count()) + " seconds";
}

constexpr std::chrono::minutes kToleratedAhead{1};  // events.md section 1

}  // namespace

// Members that own threads come last.
class RocksDbStore::State {
 public:
  static std::expected<std::unique_ptr<State>, std::string> Open(RocksDbStoreOptions options, bool read_only) {
    if (!options.clock) options.clock = SystemClock;
    if (!options.on_sync_failure) options.on_sync_failure = SayAndAbort;
    auto log = OpenLog::Open({options.path, read_only, options.on_sync_failure});
    if (!log) return std::unexpected(log.error());
    auto state = std::make_unique<State>();
    state->options = std::move(options);
    state->log = std::move(*log);
    if (!read_only) state->writer = std::make_unique<LogWriter>(*state->log, state->options);
    return state;
  }

  // Calls `read` with the open database; kUnavailable while there is none.
  template <class Read>
  auto With(Read read) const -> decltype(read(std::declval<const Database&>())) {
    auto reading = log->Read();
    if (!reading.database) return std::unexpected(StoreError::kUnavailable);
    return read(*reading.database);
  }

  RocksDbStoreOptions options;
  std::string refusal_text;  // written once, before `refusal` points to it
  std::once_flag refused;
  std::atomic<const std::string*> refusal = nullptr;
  std::unique_ptr<OpenLog> log;
  std::unique_ptr<LogWriter> writer;  // nullptr: read-only
};

RocksDbStore::RocksDbStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
RocksDbStore::~RocksDbStore() = default;

std::expected<std::unique_ptr<RocksDbStore>, std::string> RocksDbStore::Open(RocksDbStoreOptions options) {
  auto state = State::Open(std::move(options), false);
  if (!state) return std::unexpected(state.error());
  return std::unique_ptr<RocksDbStore>(new RocksDbStore(std::move(*state)));
}

std::expected<std::unique_ptr<RocksDbStore>, std::string> RocksDbStore::OpenReadOnly(const std::string& path) {
  auto state = State::Open({.path = path, .clock = {}, .on_sync_failure = {}, .report = {}}, true);
  if (!state) return std::unexpected(state.error());
  return std::unique_ptr<RocksDbStore>(new RocksDbStore(std::move(*state)));
}

std::expected<Origin, std::string> RocksDbStore::BeginEpoch(const std::string& path) {
  // Looked at first: opened for writing, a folder that has no log would be given one.
  if (auto looked = OpenReadOnly(path); !looked) return std::unexpected(looked.error());
  auto log = OpenLog::Open({path, false, SayAndAbort});
  if (!log) return std::unexpected(log.error());
  if (auto begun = (*log)->BeginEpoch(); !begun) return std::unexpected(begun.error());
  return Origin{(*log)->origin().node, (*log)->origin().epoch + 1};
}

std::expected<std::optional<Origin>, std::string> RocksDbStore::DropDamaged(
    const std::string& path, const std::function<bool(StoredEvent&&)>& drop) {
  if (const pid_t user = UserOf(path)) return std::unexpected("process " + std::to_string(user) + " is using " + path);
  const auto damage = CutDamagedLog(path, drop);
  if (!damage) return std::unexpected(damage.error());
  if (*damage) return BeginEpoch(path);
  if (auto looked = OpenReadOnly(path); !looked) return std::unexpected(looked.error());
  return std::nullopt;
}

void RocksDbStore::AppendThen(AppendRequest request, Done done) {
  if (!state_->writer || Refusal()) return done(std::unexpected(StoreError::kUnavailable));
  state_->writer->AppendThen(std::move(request), std::move(done));
}

TimeMs RocksDbStore::Now() const { return state_->options.clock(); }

std::chrono::milliseconds RocksDbStore::AheadOfClock() const {
  return std::max(state_->log->last_time() - Now(), std::chrono::milliseconds(0));
}

std::expected<std::vector<StoredEvent>, StoreError> RocksDbStore::ReadStream(const StreamName& stream,
                                                                             std::uint64_t from_version,
                                                                             std::size_t max_events) const {
  return state_->With(
      [&](const Database& database) { return ReadStreamFrom(database, stream, from_version, max_events); });
}

std::expected<std::uint64_t, StoreError> RocksDbStore::StreamVersion(const StreamName& stream) const {
  return state_->With([&](const Database& database) { return ReadStreamVersion(database, stream); });
}

std::expected<std::vector<StreamName>, StoreError> RocksDbStore::StreamsWithPrefix(std::string_view prefix,
                                                                                   std::size_t limit) const {
  return state_->With([&](const Database& database) { return ListStreams(database, prefix, limit); });
}

std::expected<std::vector<StoredEvent>, StoreError> RocksDbStore::ReadLog(LogPosition from, ReadOptions options) const {
  return state_->With([&](const Database& database) { return ReadLogFrom(database, from, options); });
}

bool RocksDbStore::WaitForSeq(std::uint64_t seq, std::chrono::milliseconds max_wait) const {
  return state_->log->WaitForSeq(seq, max_wait);
}

void RocksDbStore::StopWaiting() { state_->log->StopWaiting(); }

std::vector<OriginRange> RocksDbStore::Origins() const {
  std::vector<OriginRange> ranges;
  auto reading = state_->log->Read();
  for (Origin origin : state_->log->origins()) {
    bool current = origin == state_->log->origin();
    OriginRange range = reading.database ? RangeOf(*reading.database, origin) : OriginRange{origin};
    // Of an epoch in which nothing was appended there is nothing to tell, unless it is the current one.
    if (current) range.last = state_->log->last_seq();
    if (current || range.last > 0) ranges.push_back(range);
  }
  return ranges;
}

std::expected<std::optional<std::string>, StoreError> RocksDbStore::ReadState(StateTable table,
                                                                              std::string_view key) const {
  return state_->With([&](const Database& database) { return ReadValue(database, FamilyOf(table), key); });
}

std::expected<std::vector<std::pair<std::string, std::string>>, StoreError> RocksDbStore::ReadStates(
    StateTable table, std::string_view prefix, std::size_t limit, std::string_view after) const {
  return state_->With(
      [&](const Database& database) { return ReadEntries(database, FamilyOf(table), prefix, limit, after); });
}

bool RocksDbStore::IsReadOnly() const { return !state_->writer; }

bool RocksDbStore::Writable() const { return state_->writer && state_->writer->Writable(); }

std::string RocksDbStore::WhyNotWritable() const {
  return state_->writer ? state_->writer->WhyNotWritable() : "it is open for reading only";
}

void RocksDbStore::Refuse(std::string why) {
  std::call_once(state_->refused, [&] {
    state_->refusal_text = std::move(why);
    state_->refusal.store(&state_->refusal_text, std::memory_order_release);
  });
}

const std::string* RocksDbStore::Refusal() const { return state_->refusal.load(std::memory_order_acquire); }

StoreStatistics RocksDbStore::Statistics() const {
  if (!state_->writer) return {.last_seq = state_->log->last_seq()};
  return state_->writer->Statistics();
}

std::expected<std::uint64_t, StoreError> RocksDbStore::DropBefore(TimeMs before,
                                                                  const std::function<std::uint64_t(Origin)>& end) {
  if (!state_->writer) return std::unexpected(StoreError::kUnavailable);
  if (auto reading = state_->log->Read(); reading.database) reading.database->start().KeepSessionsFrom(before);
  std::uint64_t dropped = 0;
  for (const OriginRange& kept : Origins()) {
    auto trim =
        state_->With([&](const Database& database) { return PlanTrim(database, kept, before, end(kept.origin)); });
    if (!trim) return std::unexpected(trim.error());
    if (!*trim) continue;
    if (!state_->writer->SaveRows((*trim)->rows)) return std::unexpected(StoreError::kUnavailable);
    dropped += (*trim)->first - kept.first;
    if (auto reading = state_->log->Read(); reading.database) {
      reading.database->start().Set(kept.origin, (*trim)->first);
      DropTablesBefore(*reading.database, kept.origin, (*trim)->first);
    }
  }
  return dropped;
}

std::vector<std::pair<std::string, std::uint64_t>> RocksDbStore::DiskBytes() const {
  const auto reading = state_->log->Read();
  return reading.database ? FamilyBytes(*reading.database) : std::vector<std::pair<std::string, std::uint64_t>>();
}

std::expected<void, std::string> RocksDbStore::CopyByLinks(const std::string& folder) const {
  const auto reading = state_->log->Read();
  if (!reading.database) return std::unexpected("the log is being opened anew");
  return monitor::CopyByLinks(*reading.database, folder);
}

const std::string& RocksDbStore::path() const { return state_->options.path; }

std::optional<std::uint64_t> RocksDbStore::RelayRow(std::string_view key) const {
  auto value = state_->With([&](const Database& database) { return ReadValue(database, Family::kRelay, key); });
  if (!value) return std::nullopt;
  if (!*value || (*value)->size() != 8) return 0;
  return LoadBig<std::uint64_t>((*value)->data());
}

std::optional<std::uint64_t> RocksDbStore::RelayedSeq(Origin origin) const {
  const auto key = OriginKey(origin);
  return RelayRow(std::string_view(key.data(), key.size()));
}

void RocksDbStore::SaveRelayRow(std::string key, std::uint64_t number) {
  std::string value;
  AppendBig(number, value);
  if (state_->writer) state_->writer->SaveRows({{Family::kRelay, std::move(key), std::move(value)}});
}

void RocksDbStore::SaveRelayedSeq(Origin origin, std::uint64_t seq) {
  const auto key = OriginKey(origin);
  SaveRelayRow(std::string(key.data(), key.size()), seq);
}

std::optional<std::uint64_t> RocksDbStore::TopicPartitions(const std::string& topic) const {
  return RelayRow(TopicKey(topic));
}

void RocksDbStore::SaveTopicPartitions(const std::string& topic, std::uint64_t partitions) {
  SaveRelayRow(TopicKey(topic), partitions);
}

std::expected<std::uint64_t, std::string> RocksDbStore::Verify(
    const std::function<void(std::uint64_t)>& progress) const {
  auto reading = state_->log->Read();
  if (!reading.database) return std::unexpected("the log is being opened anew");
  return VerifyLog(*reading.database, state_->log->origins(), progress);
}

std::string SayAheadOfClock(std::chrono::milliseconds ahead) {
  if (ahead <= kToleratedAhead) return {};
  return "the log is " + InWords(ahead) +
         " ahead of the clock and gives its time to every event until then; set the clock right, or stop the node and "
         "begin a new epoch: monitorctl log repair --new-epoch --data DIR";
}

}  // namespace monitor
