#include "api/monitord_metrics.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace monitor {
namespace {

template <class Part, class Read>
void AddTotal(metrics::Registry& registry, const char* name, const char* help, const Part& part, Read read) {
  registry.AddCounterFunction(name, help, {}, [&part, read] { return static_cast<double>(read(part)); });
}

template <class Part, class Read>
void AddLevel(metrics::Registry& registry, const char* name, const char* help, const Part& part, Read read) {
  registry.AddGaugeFunction(name, help, {}, [&part, read] { return static_cast<double>(read(part)); });
}

const std::vector<double> kSeconds = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                      0.01,    0.025,  0.05,    0.1,    0.25,  0.5,    1};
const std::vector<double> kBatchSizes = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1'024};

double AgeIn(const RocksDbStore& store, const LogPosition& from) {
  const auto events = store.ReadLog(from, {.max_events = 1});
  if (!events || events->empty()) return 0;
  return std::max(0.0, std::chrono::duration<double>(store.Now() - events->front().time).count());
}

// Of the oldest event that is kept; 0: there is none.
double OldestAge(const RocksDbStore& store) {
  for (const OriginRange& range : store.Origins()) {
    if (range.last >= range.first) return AgeIn(store, {range.origin, range.first});
  }
  return 0;
}

// Of the oldest event of this origin that the broker has not acknowledged; 0: it has all.
double BacklogAge(const RocksDbStore& store, std::uint64_t relayed) {
  const OriginRange range = store.Origins().back();
  return range.last > relayed ? AgeIn(store, {range.origin, relayed + 1}) : 0;
}

double BytesOf(const RocksDbStore& store, const std::string& family) {
  for (const auto& [name, bytes] : store.DiskBytes()) {
    if (name == family) return static_cast<double>(bytes);
  }
  return 0;
}

void AddStoreMetrics(metrics::Registry& registry, const RocksDbStore& store) {
  const auto total = [&](const char* name, const char* help, auto field) {
    AddTotal(registry, name, help, store, [field](const RocksDbStore& part) { return part.Statistics().*field; });
  };
  total("monitor_store_batches_total", "Batches written, each with one sync", &StoreStatistics::batches);
  total("monitor_store_requests_total", "Appends that were committed", &StoreStatistics::requests);
  total("monitor_store_events_total", "Events written", &StoreStatistics::events);
  total("monitor_store_written_bytes_total", "Bytes written to the log", &StoreStatistics::bytes);
  total("monitor_store_conflicts_total", "Appends refused for a stream's version", &StoreStatistics::conflicts);
  total("monitor_store_refused_total", "Appends refused: disk, queue or shutdown", &StoreStatistics::refused);
  total("monitor_store_sync_seconds_total", "Time spent in syncs", &StoreStatistics::sync_seconds_total);
  AddLevel(registry, "monitor_store_queued_requests", "Appends that wait for the writer", store,
           [](const RocksDbStore& part) { return part.Statistics().queued; });
  AddLevel(registry, "monitor_store_last_seq", "The newest sequence number of this origin", store,
           [](const RocksDbStore& part) { return part.Statistics().last_seq; });
  AddLevel(registry, "monitor_store_ahead_of_clock_seconds", "How far the newest event's time is ahead of the clock",
           store, [](const RocksDbStore& part) { return std::chrono::duration<double>(part.AheadOfClock()).count(); });
  registry.AddGaugeFunction("monitor_store_first_seq", "The oldest sequence number of this origin that is kept", {},
                            [&store] { return static_cast<double>(store.Origins().back().first); });
  for (const auto& [family, bytes] : store.DiskBytes()) {
    registry.AddGaugeFunction("monitor_store_disk_bytes", "What is kept in tables, by what it is", {{"family", family}},
                              [&store, family] { return BytesOf(store, family); });
  }
  AddLevel(registry, "monitor_store_disk_free_bytes", "What is free of the disk that the log is on", store,
           [](const RocksDbStore& part) { return part.Statistics().free_bytes; });
  AddLevel(registry, "monitor_store_disk_min_free_bytes", "data.min_free_mb: with less nothing is written", store,
           [](const RocksDbStore& part) { return part.Statistics().min_free_bytes; });
  AddLevel(registry, "monitor_store_oldest_event_age_seconds", "Age of the oldest event that is kept", store,
           OldestAge);
  AddLevel(registry, "monitor_store_writable", "1: appends are expected to succeed", store,
           [](const RocksDbStore& part) { return part.Writable() ? 1 : 0; });
}

void AddRelayMetrics(metrics::Registry& registry, const Relay& relay, const RocksDbStore& store) {
  AddLevel(registry, "monitor_relay_relayed_seq", "Everything up to here is acknowledged by the broker", relay,
           [](const Relay& part) { return part.Status().relayed; });
  registry.AddGaugeFunction("monitor_relay_lag_events", "Events that the broker has not acknowledged", {},
                            [&relay, &store] {
                              const double relayed = static_cast<double>(relay.Status().relayed);
                              return std::max(0.0, static_cast<double>(store.Statistics().last_seq) - relayed);
                            });
  registry.AddGaugeFunction("monitor_relay_backlog_age_seconds",
                            "Age of the oldest event that the broker has not acknowledged", {},
                            [&relay, &store] { return BacklogAge(store, relay.Status().relayed); });
  AddLevel(registry, "monitor_relay_connected", "1: the broker answers", relay,
           [](const Relay& part) { return part.Status().connected ? 1 : 0; });
  AddLevel(registry, "monitor_relay_refused", "1: it has stopped and needs an operator; the log says why", relay,
           [](const Relay& part) { return part.Status().refusal.empty() ? 0 : 1; });
  AddTotal(registry, "monitor_relay_delivered_total", "Events acknowledged by the broker", relay,
           [](const Relay& part) { return part.Status().delivered_total; });
  AddTotal(registry, "monitor_relay_restarts_total", "Producers made anew after a fatal error", relay,
           [](const Relay& part) { return part.Status().restarts_total; });
  AddTotal(registry, "monitor_relay_errors_total", "Errors told by the producer", relay,
           [](const Relay& part) { return part.Status().errors_total; });
}

void AddInboundMetrics(metrics::Registry& registry, const InboundTopic& inbound) {
  const auto messages = [&](const char* result, auto field) {
    registry.AddCounterFunction("monitor_inbound_messages_total", "Messages of the inbound topic that are done with",
                                {{"result", result}},
                                [&inbound, field] { return static_cast<double>(inbound.Status().*field); });
  };
  messages("applied", &InboundStatus::applied_total);
  messages("refused", &InboundStatus::refused_total);
  AddTotal(registry, "monitor_inbound_retries_total", "Tries that found the store or the accounts unavailable", inbound,
           [](const InboundTopic& part) { return part.Status().retries_total; });
  AddTotal(registry, "monitor_inbound_restarts_total", "Consumers made anew after a fault", inbound,
           [](const InboundTopic& part) { return part.Status().restarts_total; });
  AddLevel(registry, "monitor_inbound_lag_messages", "Not read yet, in partitions of which one was read", inbound,
           [](const InboundTopic& part) { return part.Status().lag; });
  AddLevel(registry, "monitor_inbound_partitions", "Partitions that this node reads", inbound,
           [](const InboundTopic& part) { return part.Status().partitions; });
}

void AddVisitMetrics(metrics::Registry& registry, const Visits& visits) {
  AddLevel(registry, "monitor_visitors_cached", "Visitors whose state is in memory", visits,
           [](const Visits& part) { return part.owner.cached(); });
  AddLevel(registry, "monitor_visitors_cached_bytes", "Memory that they take", visits,
           [](const Visits& part) { return part.owner.cached_bytes(); });
  AddLevel(registry, "monitor_visitors_cached_bytes_max", "Beyond it the least recently seen leave memory", visits,
           [](const Visits& part) { return part.owner.max_cached_bytes(); });
  AddTotal(registry, "monitor_visitors_cache_hits_total", "Visitors whose state was in memory when they came", visits,
           [](const Visits& part) { return part.owner.hits(); });
  AddTotal(registry, "monitor_visitors_cache_misses_total", "Visitors that were looked for in the store", visits,
           [](const Visits& part) { return part.owner.misses(); });
  AddTotal(registry, "monitor_visitors_cache_evictions_total", "Visitors that left memory for want of room", visits,
           [](const Visits& part) { return part.owner.forgotten(); });
  AddTotal(registry, "monitor_folds_total", "Sessions read from the store: their snapshot, and the events since",
           visits, [](const Visits& part) { return part.owner.folds(); });
  AddTotal(registry, "monitor_capped_total", "Requests refused by a cap", visits,
           [](const Visits& part) { return part.commands.capped(); });
  AddTotal(registry, "monitor_overloaded_total", "Requests refused because too many waited", visits,
           [](const Visits& part) { return part.commands.overloaded(); });
}

}  // namespace

void AddMetrics(metrics::Registry& registry, const MeteredParts& parts) {
  AddStoreMetrics(registry, parts.store);
  AddVisitMetrics(registry, parts.visits);
  if (parts.relay != nullptr) AddRelayMetrics(registry, *parts.relay, parts.store);
  if (parts.inbound != nullptr) AddInboundMetrics(registry, *parts.inbound);
  if (parts.acknowledged != nullptr) {
    AddTotal(registry, "monitor_unacknowledged_total", "Appends written, but not acknowledged in time: unanswered",
             *parts.acknowledged, [](const KafkaAckStore& part) { return part.unacknowledged_total(); });
    AddLevel(registry, "monitor_waiting_for_broker", "Appends that wait for the broker", *parts.acknowledged,
             [](const KafkaAckStore& part) { return part.waiting(); });
  }
  AddLevel(registry, "monitor_accounts", "Accounts with a document in force", parts.accounts,
           [](const Accounts& part) { return part.List().size() - part.Refused().size(); });
  AddLevel(registry, "monitor_accounts_refused", "Accounts whose stored document is refused", parts.accounts,
           [](const Accounts& part) { return part.Refused().size(); });
  AddLevel(registry, "monitor_accounts_loading", "1: accounts are still being folded", parts.accounts,
           [](const Accounts& part) { return part.loading() ? 1 : 0; });
  AddLevel(registry, "monitor_draining", "1: new work is refused", parts.drain,
           [](const Drain& part) { return part.begun() ? 1 : 0; });
}

std::function<void(std::size_t, std::chrono::nanoseconds)> CommitMetrics(metrics::Registry& registry) {
  auto& size = registry.AddHistogram("monitor_commit_batch_size", "Appends that one write and sync brought to the disk",
                                     kBatchSizes);
  auto& seconds = registry.AddHistogram("monitor_commit_duration_seconds", "Time of such a write and sync", kSeconds);
  return [&](std::size_t appends, std::chrono::nanoseconds taken) {
    size.Observe(static_cast<double>(appends));
    seconds.Observe(std::chrono::duration<double>(taken).count());
  };
}

VisitorCommands::OnDecided DecisionMetrics(metrics::Registry& registry) {
  auto& seconds = registry.AddHistogram("monitor_decision_duration_seconds",
                                        "Time to decide a visitor's request, its state at hand", kSeconds);
  return [&](std::chrono::nanoseconds taken) { seconds.Observe(std::chrono::duration<double>(taken).count()); };
}

void AddRetentionMetrics(metrics::Registry& registry, const Retention& retention) {
  AddTotal(registry, "monitor_retention_dropped_total", "Events that were dropped because of their age", retention,
           [](const Retention& part) { return part.dropped(); });
  AddLevel(registry, "monitor_retention_failing", "1: when it last looked, old events could not be dropped", retention,
           [](const Retention& part) { return part.failing() ? 1 : 0; });
  AddLevel(registry, "monitor_retention_keeps_seconds", "Beyond this age events are dropped; 0: not known yet",
           retention, [](const Retention& part) { return std::chrono::duration<double>(part.keeps()).count(); });
}

void AddServerMetrics(metrics::Registry& registry, const http::Server& server) {
  AddLevel(registry, "monitor_http_pending_requests", "Visitors' requests that are being answered", server,
           [](const http::Server& part) { return part.pending(); });
}

}  // namespace monitor
