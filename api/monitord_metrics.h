// What monitord's parts tell Prometheus, beside what they count themselves.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "api/accounts/accounts.h"
#include "api/inbound/inbound_topic.h"
#include "api/visits/visits.h"
#include "eventstore/log/rocksdb_store.h"
#include "eventstore/relay/kafka_ack_store.h"
#include "eventstore/relay/relay.h"
#include "eventstore/retention/retention.h"
#include "server/drain.h"
#include "server/http_server.h"
#include "server/metrics.h"

namespace monitor {

// All must outlive the registry's last scrape. `relay` and `inbound` are null without a broker.
struct MeteredParts {
  const RocksDbStore& store;
  const Visits& visits;
  const Accounts& accounts;
  const Drain& drain;
  const Relay* relay;
  const InboundTopic* inbound;
  const KafkaAckStore* acknowledged;  // none unless ack=kafka
};
void AddMetrics(metrics::Registry& registry, const MeteredParts& parts);
void AddServerMetrics(metrics::Registry& registry, const http::Server& server);
void AddRetentionMetrics(metrics::Registry& registry, const Retention& retention);
// To be told by these parts, on any thread: RocksDbStoreOptions::on_commit, and that of VisitorCommands. The registry
// must outlive them.
std::function<void(std::size_t appends, std::chrono::nanoseconds taken)> CommitMetrics(metrics::Registry& registry);
VisitorCommands::OnDecided DecisionMetrics(metrics::Registry& registry);

}  // namespace monitor
