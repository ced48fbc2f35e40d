#include "api/monitord_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

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
  AddTotal(registry, "monitor_folds_total", "Sessions read from the store: their snapshot, and the events since",
           visits, [](const Visits& part) { return part.owner.folds(); });
  AddTotal(registry, "monitor_capped_total", "Requests refused by a cap", visits,
           [](const Visits& part) { return part.commands.capped(); });
  AddTotal(registry, "monitor_overloaded_total", "Requests refused because too many waited", visits,
           [](const Visits& part) { return part.commands.overloaded(); });
}

double ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double ProcessorSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double EntriesOf(const char* folder) {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    ++count;
  }
  return count;
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

void AddServerMetrics(metrics::Registry& registry, const http::Server& server) {
  AddLevel(registry, "monitor_http_pending_requests", "Visitors' requests that are being answered", server,
           [](const http::Server& part) { return part.pending(); });
}

void AddProcessMetrics(metrics::Registry& registry) {
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  registry.AddGauge("process_start_time_seconds", "Start of the process since the epoch").Set(now);
  registry.AddGaugeFunction("process_resident_memory_bytes", "Resident memory", {}, ResidentBytes);
  registry.AddCounterFunction("process_cpu_seconds_total", "User and system time", {}, ProcessorSeconds);
  registry.AddGaugeFunction("process_open_fds", "Open file descriptors", {}, [] { return EntriesOf("/proc/self/fd"); });
  registry.AddGaugeFunction("process_threads", "Threads", {}, [] { return EntriesOf("/proc/self/task"); });
}

}  // namespace monitor
