// What monitord's parts tell Prometheus, beside what they count themselves.
#pragma once

#include "api/accounts/accounts.h"
#include "api/inbound/inbound_topic.h"
#include "api/visits/visits.h"
#include "eventstore/log/rocksdb_store.h"
#include "eventstore/relay/kafka_ack_store.h"
#include "eventstore/relay/relay.h"
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
// Memory, processor time, threads, open files and the start of this process, named as Prometheus does.
void AddProcessMetrics(metrics::Registry& registry);

}  // namespace monitor
