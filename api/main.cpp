// monitord: reads settings, builds the parts in order, serves until a signal, leaves in order.

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "api/accounts/accounts.h"
#include "api/admin/account_ends.h"
#include "api/admin/admin.h"
#include "api/admin/token_file.h"
#include "api/inbound/inbound_topic.h"
#include "api/monitord_metrics.h"
#include "api/monitord_settings.h"
#include "api/public/public_api.h"
#include "api/tokens/admin_tokens.h"
#include "api/visits/geo.h"
#include "api/visits/restored_visitors.h"
#include "api/visits/visitor_retention.h"
#include "api/visits/visits.h"
#include "domain/values/time_zone.h"
#include "eventstore/backup/node_backup.h"
#include "eventstore/backup/restore.h"
#include "eventstore/keys/visitor_keys.h"
#include "eventstore/log/rocksdb_store.h"
#include "eventstore/relay/kafka_ack_store.h"
#include "eventstore/relay/relay.h"
#include "eventstore/retention/retention.h"
#include "server/command_line.h"
#include "server/drain.h"
#include "server/file_limit.h"
#include "server/http_server.h"
#include "server/known_hosts.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/metrics/process_metrics.h"
#include "server/metrics/readiness_metrics.h"

namespace monitor {
namespace {

constexpr std::chrono::seconds kMaxPendingWait{20};
constexpr std::chrono::seconds kMaxGivingUp{2};
constexpr std::chrono::seconds kMaxRelayDrain{10};
constexpr std::chrono::seconds kMaxFirstContact{5};
constexpr std::chrono::seconds kLastRequests{1};  // that came while an account was in force that is removed
constexpr int kAdminThreads = 32;                 // polls and commands may wait long; the others stay free
constexpr int kMaxPolls = 8;
constexpr int kMaxCommands = 16;
// Readings from the disk keep a worker; more than one for each core, so that others are served meanwhile.
constexpr unsigned kWorkersPerCore = 2;
constexpr unsigned kLeastWorkers = 4;
constexpr std::size_t kMaxAdminBodyBytes = 16 << 20;
constexpr std::uint64_t kEdgeConnections = 8'192;  // what deploy/render-edge lets in at most

// What is on disk, opened.
struct Foundations {
  MasterKey master_key;
  std::unique_ptr<AdminTokens> tokens;
  std::optional<Geo> geo;
  kafka::ClientSettings broker;
  std::unique_ptr<RocksDbStore> store;
};

std::string PathOf(const ServerSettings& settings, const char* section, const char* key, const char* default_name) {
  const std::string path = settings.String(section, key);
  return path.empty() ? settings.String("data", "dir") + "/" + default_name : path;
}

std::expected<std::unique_ptr<RocksDbStore>, std::string> OpenStore(const ServerSettings& settings,
                                                                    metrics::Registry& registry) {
  RocksDbStoreOptions options;
  options.path = settings.String("data", "dir") + "/store";
  options.min_free_bytes = static_cast<std::uint64_t>(settings.Integer("data", "min_free_mb")) << 20;
  options.report = [](const std::string& event, const std::string& detail) {
    log::Write(event.ends_with("recovered") ? log::Level::kInfo : log::Level::kError, event, {{"detail", detail}});
  };
  options.on_commit = CommitMetrics(registry);
  options.on_sync_failure = [](const std::string& reason) {
    // Whether the batch is on disk is not known: nobody may be answered any more.
    log::Error("sync_failed", {{"reason", reason}});
    std::_Exit(1);
  };
  auto store = RocksDbStore::Open(std::move(options));
  if (store) NodeBackup::RemoveDraft((*store)->path());
  return store;
}

std::expected<Foundations, std::string> OpenFoundations(const ServerSettings& settings, metrics::Registry& registry) {
  const std::string folder = settings.String("data", "dir");
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return std::unexpected("data folder " + folder + ": " + error.message());
  ::chmod(folder.c_str(), 0700);
  if (const auto half = WhyHalfRestored(folder)) return std::unexpected(*half);
  auto broker =
      kafka::ReadClientSettings(settings.String("kafka", "bootstrap_servers"), settings.Section("kafka.client"));
  if (!broker) return std::unexpected(broker.error());
  auto token = LoadTokenFile(PathOf(settings, "admin", "token_file", "admin.token"));
  if (!token) return std::unexpected(token.error());
  auto tokens = AdminTokens::Open(*token, settings.String("admin", "tokens_file"));
  if (!tokens) return std::unexpected(tokens.error());
  std::optional<Geo> geo;
  if (const std::string database = settings.String("geo", "database"); !database.empty()) {
    auto opened = Geo::Open(database);
    if (!opened) return std::unexpected(opened.error());
    geo.emplace(std::move(*opened));
  }
  auto store = OpenStore(settings, registry);
  if (!store) return std::unexpected(store.error());
  auto master_key = MasterKey::LoadFor(**store, PathOf(settings, "data", "master_key_file", "master.key"));
  if (!master_key) return std::unexpected(master_key.error());
  if (auto admitted = VisitorRecords::AdmitSnapshots(**store); !admitted) return std::unexpected(admitted.error());
  const auto folded = FoldRestored(**store, *master_key);
  if (!folded) return std::unexpected(folded.error());
  if (*folded > 0) log::Info("restored_events_folded", {{"events", static_cast<std::int64_t>(*folded)}});
  return Foundations{std::move(*master_key), std::move(*tokens), std::move(geo), std::move(*broker), std::move(*store)};
}

std::unique_ptr<Relay> MakeRelay(const ServerSettings& settings, const kafka::ClientSettings& broker,
                                 RocksDbStore& store) {
  if (broker.bootstrap_servers.empty()) return nullptr;
  RelayOptions options;
  options.client = broker;
  options.topics = kafka::TopicsWith(settings.String("kafka", "topic_prefix"));
  options.partitions = static_cast<int>(settings.Integer("kafka", "partitions"));
  options.report = [](const std::string& event, const std::string& detail) {
    log::Write(event == "relay_connected" ? log::Level::kInfo : log::Level::kWarning, event, {{"detail", detail}});
  };
  return std::make_unique<Relay>(std::move(options), store);
}

// nullptr without a broker, or if it is turned off.
std::unique_ptr<InboundTopic> MakeInboundTopic(const ServerSettings& settings, const kafka::ClientSettings& broker,
                                               Accounts& accounts, Visits& visits) {
  const std::string topic = settings.String("kafka", "inbound_topic"),
                    prefix = settings.String("kafka", "topic_prefix");
  if (broker.bootstrap_servers.empty() || topic.empty()) return nullptr;
  InboundTopicOptions options;
  options.client = broker;
  options.topic = prefix + topic;
  options.dead_letter_topic = kafka::TopicsWith(prefix).dead_letters;
  options.group = settings.String("kafka", "inbound_group");
  options.apply = [&](std::string_view message) { return ApplyInboundMessage(message, accounts, visits); };
  return std::make_unique<InboundTopic>(std::move(options));
}

// nullptr: everything is kept.
std::unique_ptr<Retention> MakeRetention(const ServerSettings& settings, bool broker, const Accounts& accounts,
                                         RocksDbStore& store) {
  const std::int64_t days = settings.Integer("retention", "events_days");
  if (days == 0) return nullptr;
  RetentionOptions options{.events = std::chrono::days(days), .relayed = broker};
  options.longest_session = [&accounts] { return accounts.LongestSession(); };
  options.report = [](const std::string& event, const std::string& detail) {
    log::Write(event == "retention_failed" ? log::Level::kError : log::Level::kInfo, event, {{"detail", detail}});
  };
  return std::make_unique<Retention>(std::move(options), store);
}

bool AcknowledgedByKafka(const ServerSettings& settings) { return settings.String("kafka", "ack") == "kafka"; }

VisitorRooms::Options VisitorRoomsOptionsOf(const ServerSettings& settings) {
  VisitorRooms::Options options;
  options.max_bytes = VisitorBytes(settings);
  options.max_waiting = static_cast<int>(settings.Integer("visitors", "max_waiting"));
  return options;
}

PublicApiOptions PublicApiOptionsOf(const ServerSettings& settings, metrics::Registry& registry,
                                    const RocksDbStore& store) {
  PublicApiOptions options;
  options.max_body_bytes = static_cast<std::size_t>(settings.Integer("server", "max_body_bytes"));
  options.deadline = std::chrono::milliseconds(settings.Integer("server", "deadline_ms"));
  options.metrics = &registry;
  options.refuses = [&store] { return store.Refusal() != nullptr; };
  return options;
}

http::ServerOptions PublicServerOptions(const ServerSettings& settings) {
  http::ServerOptions options;
  options.address = settings.String("server", "address");
  options.port = static_cast<std::uint16_t>(settings.Integer("server", "port"));
  options.threads = static_cast<int>(settings.Integer("server", "threads"));
  if (options.threads == 0) {
    options.threads = static_cast<int>(std::max(kLeastWorkers, kWorkersPerCore * std::thread::hardware_concurrency()));
  }
  options.thread_name = "visitors";
  options.complete = &PublicApi::Complete;
  // The public API itself refuses what is too large, in its own order and with its own headers.
  options.max_body_bytes = 2 * static_cast<std::size_t>(settings.Integer("server", "max_body_bytes")) + (1 << 20);
  return options;
}

http::ServerOptions AdminServerOptions(const ServerSettings& settings) {
  http::ServerOptions options;
  options.address = settings.String("admin", "address");
  options.port = static_cast<std::uint16_t>(settings.Integer("admin", "port"));
  options.threads = 1;
  options.handler_threads = kAdminThreads;
  options.at_once = Admin::AtOnce();
  options.thread_name = "admin";
  options.max_body_bytes = kMaxAdminBodyBytes;
  return options;
}

// Why the broker is missing, "" if it is not.
std::string WhyMissing(const Relay& relay, bool must_acknowledge) {
  if (!relay.BrokerIsAway()) return {};
  const RelayStatus status = relay.Status();
  std::string why = status.refusal.empty() ? status.away : status.refusal;
  if (why.empty()) why = "no connection, or no acknowledgement for 5 s";
  return must_acknowledge ? why + "; what must be written is answered 503" : why;
}

// Refuses new work, lets what is pending be answered, hands the rest of the log to the broker if it is there.
bool LeaveInOrder(Drain& drain, const http::Server& server, KafkaAckStore* acknowledged, Relay* relay) {
  log::Info("draining", {{"by", "signal"}});
  drain.Begin();
  // The admin API's and the inbound topic's appends wait for the broker, too.
  const auto waiting = [&] { return acknowledged ? acknowledged->waiting() : 0; };
  const auto nobody_waits = [&] { return server.pending() == 0 && waiting() == 0; };
  bool done = WaitUntil(nobody_waits, kMaxPendingWait);
  if (!done && acknowledged != nullptr) {
    acknowledged->GiveUp();
    done = WaitUntil(nobody_waits, kMaxGivingUp);
  }
  if (!done) {
    log::Warning("drain_incomplete", {{"pending", static_cast<std::int64_t>(server.pending())},
                                      {"waiting_for_broker", static_cast<std::int64_t>(waiting())}});
    return false;
  }
  const bool broker = relay != nullptr && !relay->BrokerIsAway();
  if (relay != nullptr && !relay->Drain(broker ? kMaxRelayDrain : std::chrono::seconds(0))) {
    log::Warning("relay_behind", {});
  }
  return true;
}

std::expected<void, std::string> Serve(const ServerSettings& settings, StopSignals& signals) {
  metrics::Registry registry;
  auto foundations = OpenFoundations(settings, registry);
  if (!foundations) return std::unexpected(foundations.error());
  RocksDbStore& store = *foundations->store;
  const Geo* geo = foundations->geo ? &*foundations->geo : nullptr;

  // Debian 13 has them in a package of their own; a document that is good elsewhere would be refused here.
  if (!TimeZone::Find("US/Eastern")) {
    log::Warning("time_zones_incomplete", {{"detail", "older names of time zones are missing: install tzdata-legacy"}});
  }

  const std::unique_ptr<Relay> relay = MakeRelay(settings, foundations->broker, store);
  // Before anybody is answered: a data folder that is an older copy must not record anything.
  if (relay) relay->WaitLooked(kMaxFirstContact);
  std::unique_ptr<KafkaAckStore> acknowledged;
  if (AcknowledgedByKafka(settings)) {
    acknowledged = std::make_unique<KafkaAckStore>(store, *relay);
  }
  EventStore& answering_store = acknowledged ? static_cast<EventStore&>(*acknowledged) : store;

  Accounts accounts(store, answering_store);
  Visits visits(answering_store, foundations->master_key, VisitorRoomsOptionsOf(settings), DecisionMetrics(registry));
  PublicApi api({accounts, visits, foundations->master_key, geo, settings.String("server", "base_uri")},
                PublicApiOptionsOf(settings, registry, store));
  const std::unique_ptr<InboundTopic> inbound = MakeInboundTopic(settings, foundations->broker, accounts, visits);
  Drain drain([&] {
    api.StartDraining();
    if (acknowledged) acknowledged->Stop();
    if (inbound) inbound->Stop();
  });
  NodeBackup backup(store);
  AccountEnds account_ends(accounts, visits, kLastRequests);
  Admin admin(
      {.accounts = accounts,
       .visits = visits,
       .store = store,
       .master_key = foundations->master_key,
       .metrics = registry,
       .drain = drain,
       .backup = backup,
       .tokens = *foundations->tokens,
       .geo = geo,
       .relayed = [&relay] { return relay ? relay->Status().relayed : 0; },
       .broker = relay ? [&] { return WhyMissing(*relay, acknowledged != nullptr); } : std::function<std::string()>(),
       .store_fault = [&store] { return store.WhyNotWritable(); },
       .clock_fault = [&store] { return SayAheadOfClock(store.AheadOfClock()); },
       .refusal = [&store] { return store.Refusal() ? *store.Refusal() : ""; },
       .account_removed = [&account_ends] { account_ends.Wake(); }},
      {.max_waiting_polls = kMaxPolls, .max_waiting_commands = kMaxCommands});

  std::unique_ptr<Retention> retention;  // goes after who scrapes
  const http::Server server(PublicServerOptions(settings), [&api](const http::Request& request, http::Respond respond) {
    api.Handle(request, std::move(respond));
  });
  AddMetrics(registry, {store, visits, accounts, drain, relay.get(), inbound.get(), acknowledged.get()});
  AddServerMetrics(registry, server);
  metrics::AddProcessMetrics(registry);
  metrics::AddReadinessMetrics(registry, "monitor", [&admin] { return admin.Checks(); });
  const http::Server admin_server(
      AdminServerOptions(settings),
      http::ForKnownHosts(settings.List("admin", "hosts"),
                          [&admin](const http::Request& request) { return admin.Handle(request); }));

  if (auto started = accounts.Start(settings.String("accounts", "dir")); !started) {
    admin.Stop();
    return started;
  }
  retention = MakeRetention(settings, relay != nullptr, accounts, store);
  if (retention) AddRetentionMetrics(registry, *retention);
  VisitorRetention unseen(visits.owner, std::chrono::days(settings.Integer("retention", "visitors_days")));
  if (settings.Integer("retention", "visitors_days") > 0) unseen.Start();
  log::Info("listening", {{"port", std::int64_t{server.port()}}, {"admin_port", std::int64_t{admin_server.port()}}});
  signals.Wait();
  const bool in_order = LeaveInOrder(drain, server, acknowledged.get(), relay.get());
  admin.Stop();
  // Whoever waits for the broker can not be answered any more, nor told that nothing happened: the process just ends.
  if (!in_order) std::_Exit(1);
  return {};
}

}  // namespace
}  // namespace monitor

int main(int argc, char** argv) {
  using namespace monitor;
  StopSignals signals;
  const auto settings = SettingsFromCommandLine(argc, argv,
                                                {.name = "monitord",
                                                 .description = "Monitor API: visitors' requests in, decisions out.",
                                                 .settings = MonitordSettings(),
                                                 .refusal = RefuseMonitordSettings});
  if (!settings) return settings.error();
  try {
    log::SetLevel(settings->String("log", "level"));
    RaiseFileLimit(FilesFor(kEdgeConnections));
    const auto result = Serve(*settings, signals);
    if (result) {
      log::Info("stopped");
      return 0;
    }
    std::cerr << "monitord: " << result.error() << "\n";
  } catch (const std::exception& error) {
    std::cerr << "monitord: " << error.what() << "\n";
  }
  return 1;
}
