// funneld: keeps the funnel and answers questions about it.
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "consumers/alerts/alert_watch.h"
#include "consumers/alerts/webhook_sender.h"
#include "consumers/funnel_topic/funnel_topic.h"
#include "consumers/funneld_settings.h"
#include "consumers/generations/generations.h"
#include "consumers/peers/instances.h"
#include "consumers/query/query_api.h"
#include "consumers/readers/node_reader.h"
#include "consumers/readers/topic_reader.h"
#include "consumers/view/row_keeper.h"
#include "server/command_line.h"
#include "server/file_limit.h"
#include "server/http_server.h"
#include "server/known_hosts.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/metrics/process_metrics.h"

namespace {

using namespace monitor;

// Of a source that keeps up: events come while it is asked.
constexpr std::uint64_t kLagOfSeconds = 10'000;
constexpr std::uint64_t kMaxConnections =
    1'024;  // of analysts' pages and programs; more than anybody has shown up with

// Blocked before the first thread is made, so that every thread inherits it and only WaitForSignal sees them.
sigset_t BlockEndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

IntakeOptions ReaderRules(const ServerSettings& settings) {
  IntakeOptions options{.skip_missing = settings.Boolean("source", "skip_missing")};
  options.unreadable = [](const Arrival& arrival, const std::string& reason) {
    log::Error("event_unreadable", {{"channel", arrival.channel}, {"offset", arrival.offset}, {"reason", reason}});
  };
  options.gap = [](const Arrival& arrival) {
    log::Error("events_missing", {{"origin", arrival.event.origin},
                                  {"bucket", std::int64_t{arrival.event.bucket}},
                                  {"after", static_cast<std::int64_t>(arrival.event.prevseq)},
                                  {"seen", static_cast<std::int64_t>(arrival.event.seq)}});
  };
  return options;
}

kafka::ClientSettings ClientOf(const ServerSettings& settings) {
  auto client =
      kafka::ReadClientSettings(settings.String("kafka", "bootstrap_servers"), settings.Section("kafka.client"));
  if (!client) throw std::runtime_error(client.error());
  return *std::move(client);
}

// What it reads of files is read now: a reader that is made later finds no other settings.
decltype(GenerationsOptions::make_source) SourceMaker(const ServerSettings& settings,
                                                      const std::shared_ptr<AlarmBook>& alarms) {
  kafka::ClientSettings client = ClientOf(settings);
  if (client.bootstrap_servers.empty()) {
    NodeReaderOptions options{.admin_url = settings.String("source", "admin_url"),
                              .admin_token_file = settings.String("source", "admin_token_file")};
    options.intake = ReaderRules(settings);
    options.alarms = alarms;
    return [options](ViewStore& view, TellBeginning begins_late) mutable {
      options.begins_late = std::move(begins_late);
      return std::make_unique<NodeReader>(options, view);
    };
  }
  TopicReaderOptions options{.client = std::move(client), .group = settings.String("kafka", "group")};
  options.topics = kafka::TopicsWith(settings.String("kafka", "topic_prefix"));
  options.intake = ReaderRules(settings);
  options.alarms = alarms;
  return [options](ViewStore& view, TellBeginning begins_late) mutable {
    options.begins_late = std::move(begins_late);
    return std::make_unique<TopicReader>(options, view);
  };
}

void AddMetrics(metrics::Registry& registry, const Generations& generations, const Instances& instances,
                const AlarmBook& alarms) {
  const auto count = [&](const char* name, const char* help, std::atomic<std::uint64_t> IntakeCounters::* counter) {
    registry.AddCounterFunction(name, help, {},
                                [&generations, counter] { return static_cast<double>(generations.Count(counter)); });
  };
  const auto gauge = [&](const char* name, const char* help, std::function<double()> value) {
    registry.AddGaugeFunction(name, help, {}, std::move(value));
  };
  count("funneld_events_total", "Events folded", &IntakeCounters::counted);
  count("funneld_duplicates_total", "Events dropped because they were counted before", &IntakeCounters::duplicates);
  count("funneld_dead_letters_total", "Events that could not be read", &IntakeCounters::unreadable);
  count("funneld_gaps_total", "Holes found in the events", &IntakeCounters::gaps);
  count("funneld_skipped_gaps_total", "Holes that were passed over on an operator's word", &IntakeCounters::skipped);
  gauge("funneld_held_buckets", "Buckets held until missing events come",
        [&] { return static_cast<double>(generations.Count(&IntakeCounters::held_buckets)); });
  gauge("funneld_held_events", "Events kept aside because of holes",
        [&] { return static_cast<double>(generations.Count(&IntakeCounters::held_events)); });
  gauge("funneld_held_bytes", "Memory that they take",
        [&] { return static_cast<double>(generations.Count(&IntakeCounters::held_bytes)); });
  gauge("funneld_lag_events", "Events known to be there and not yet counted",
        [&] { return static_cast<double>(generations.Now().source.lag_events); });
  registry.AddGaugesFunction("funneld_partition_lag_events", "The same by partition of the topic that is read here",
                             "partition", [&generations] {
                               std::map<std::string, double> lags;
                               for (const auto& [partition, lag] : generations.Now().source.partition_lags) {
                                 lags[std::to_string(partition)] = static_cast<double>(lag);
                               }
                               return lags;
                             });
  gauge("funneld_alarms", "Alarms that stand until an operator clears them",
        [&] { return static_cast<double>(alarms.All().size()); });
  gauge("funneld_source_connected", "1 if the source of events answers",
        [&] { return generations.Now().source.connected ? 1.0 : 0.0; });
  gauge("funneld_caught_up", "1 once all that was there at the start is counted or held",
        [&] { return generations.Now().source.caught_up ? 1.0 : 0.0; });
  gauge("funneld_view_bytes", "Size of the view on disk",
        [&] { return static_cast<double>(generations.View()->DiskBytes()); });
  registry.AddCounterFunction("funneld_retired_sessions_total",
                              "Sessions whose facts went, and whose rows of days stay", {},
                              [&generations] { return static_cast<double>(generations.View()->retired_sessions()); });
  gauge("funneld_rebuilding", "1 while the funnel is counted anew; funneld_lag_events is what it has to go then",
        [&] { return generations.Now().rebuild ? 1.0 : 0.0; });
  for (const auto& peer : instances.peers()) {
    registry.AddGaugeFunction("funneld_peer_answers", "1 if another instance answers for its partitions",
                              {{"peer", peer->url()}}, [&peer] { return peer->Fault().empty() ? 1.0 : 0.0; });
  }
}

// nullptr: there is no broker, or none are to be given.
std::unique_ptr<FunnelTopic> GiveRows(const ServerSettings& settings, Generations& generations) {
  kafka::ClientSettings client = ClientOf(settings);
  if (client.bootstrap_servers.empty() || !settings.Boolean("kafka", "give_rows")) return nullptr;
  return std::make_unique<FunnelTopic>(
      FunnelTopicOptions{.client = std::move(client),
                         .topic = kafka::TopicsWith(settings.String("kafka", "topic_prefix")).funnel,
                         .now = [&generations] { return generations.Now(); }});
}

// `topic`: nullptr: nobody is given rows of hours.
RowKeeping Keeping(const ServerSettings& settings, Generations& generations, const FunnelTopic* topic) {
  return {.look =
              [&generations, topic] {
                const Answering now = generations.Now();
                RowKeeping::Look look{.view = now.view, .has_all = KeepsUp(now)};
                look.has_all &= now.source.behind.empty() && now.source.lag_events <= kLagOfSeconds &&
                                generations.Count(&IntakeCounters::held_buckets) == 0;
                if (topic != nullptr) look.given_up_to = topic->GivenUpTo();
                return look;
              },
          .facts_days = std::chrono::days(settings.Integer("retention", "facts_days"))};
}

// The first line of the file that the setting names; nullopt: it names none.
std::optional<std::string> SecretOf(const ServerSettings& settings, const char* section, const char* key) {
  const std::string path = settings.String(section, key);
  if (path.empty()) return std::nullopt;
  std::ifstream file(path);
  std::string secret;
  std::getline(file, secret);
  while (!secret.empty() && (secret.back() == '\r' || secret.back() == ' ')) secret.pop_back();
  if (secret.empty())
    throw std::runtime_error(std::string(section) + "." + key + ": " + path + " is missing, or holds no token");
  return secret;
}

std::optional<TokenHash> TokenOf(const ServerSettings& settings, const char* section, const char* key) {
  const auto token = SecretOf(settings, section, key);
  return token ? std::optional(TokenHash(*token)) : std::nullopt;
}

InstancesOptions PeersOf(const ServerSettings& settings) {
  return {.peers = PeersIn(settings),
          .token = SecretOf(settings, "peers", "token_file").value_or(""),
          .topic = kafka::TopicsWith(settings.String("kafka", "topic_prefix")).events};
}

std::optional<WebhookKey> WebhookKeyOf(const ServerSettings& settings) {
  const auto secret = SecretOf(settings, "alerts", "secret_file");
  if (!secret) return std::nullopt;
  auto key = WebhookKey::Parse(*secret);
  if (!key) throw std::runtime_error("alerts.secret_file: holds no whsec_ with 24 to 64 bytes in base64 behind it");
  return key;
}

int Serve(const ServerSettings& settings, const sigset_t& end_signals) {
  const std::string folder = settings.String("data", "dir");
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw std::runtime_error("data folder " + folder + ": " + error.message());
  const auto alarms = std::make_shared<AlarmBook>(folder + "/alarms");
  auto generations =
      Generations::Open({.data_folder = folder,
                         .min_free_bytes = static_cast<std::uint64_t>(settings.Integer("data", "min_free_mb")) << 20,
                         .alarms = alarms,
                         .make_source = SourceMaker(settings, alarms)});
  if (!generations) throw std::runtime_error(generations.error());
  std::unique_ptr<FunnelTopic> topic = GiveRows(settings, **generations);
  std::optional<RowKeeper> keeper(Keeping(settings, **generations, topic.get()));
  std::optional<Instances> instances(std::in_place, **generations, PeersOf(settings));
  metrics::Registry registry;
  AddMetrics(registry, **generations, *instances, *alarms);
  metrics::AddProcessMetrics(registry);
  registry.AddCounterFunction("funneld_rows_given_total", "Rows that the topic of the funnel was given", {},
                              [&topic] { return topic ? static_cast<double>(topic->given()) : 0.0; });
  const auto webhook_key = WebhookKeyOf(settings);
  AlertBook alert_book(folder + "/alerts");
  Alerts alerts(alert_book, registry, webhook_key.has_value());
  std::optional<WebhookSender> sender;
  if (webhook_key) sender.emplace(alert_book, *webhook_key, registry);
  std::optional<AlertWatch> watch(std::in_place, *instances, alerts);
  const int threads = static_cast<int>(settings.Integer("http", "threads"));
  QueryApi api(
      **generations, *instances, *alarms, alerts, registry, threads / 2,
      {.read = TokenOf(settings, "http", "read_token_file"), .admin = TokenOf(settings, "admin", "token_file")},
      [&topic] { return topic ? topic->Trouble() : std::string(); });
  auto server = std::make_unique<http::Server>(
      http::ServerOptions{.address = settings.String("http", "address"),
                          .port = static_cast<std::uint16_t>(settings.Integer("http", "port")),
                          .threads = 2,
                          .handler_threads = threads,
                          .at_once = QueryApi::AtOnce(),
                          .lanes = QueryApi::Lanes(threads),
                          .lane_of = [&api](const http::Request& request) { return api.LaneOf(request); },
                          .thread_name = "query"},
      http::ForKnownHosts(settings.List("http", "hosts"),
                          [&api](const http::Request& request) { return api.Handle(request); }));
  log::Info("listening", {{"address", settings.String("http", "address")}, {"port", std::int64_t{server->port()}}});

  int received = 0;
  sigwait(&end_signals, &received);
  log::Info("draining", {{"signal", std::int64_t{received}}});
  api.Drain();
  (*generations)->StopWaiting();
  server.reset();
  keeper.reset();
  topic.reset();
  watch.reset();
  sender.reset();
  instances.reset();
  generations->reset();
  log::Info("stopped");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const sigset_t end_signals = BlockEndSignals();
  const auto settings =
      SettingsFromCommandLine(argc, argv,
                              {.name = "funneld",
                               .description = "Keeps the engagement funnel and answers questions about it.",
                               .settings = FunneldSettings(),
                               .refusal = RefuseSettings});
  if (!settings) return settings.error();
  log::SetLevel(settings->String("log", "level"));
  RaiseFileLimit(FilesFor(kMaxConnections));
  try {
    return Serve(*settings, end_signals);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "funneld: %s\n", failure.what());
    return 1;
  }
}
