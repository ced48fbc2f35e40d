#include "consumers/funneld_settings.h"

#include <algorithm>
#include <limits>

#include "domain/values/url.h"
#include "kafka/client_settings.h"
#include "server/known_hosts.h"

namespace monitor {
namespace {

std::optional<std::string> PeersFault(const ServerSettings& settings) {
  const std::vector<std::string> given = settings.List("peers", "instances");
  if (!given.empty() && settings.String("kafka", "bootstrap_servers").empty()) {
    return "without kafka.bootstrap_servers this funneld has all that its monitord has, and nobody to ask";
  }
  std::vector<std::string> known;
  for (const std::string& url : given) {
    const auto plain = ServerUrl(url);
    if (!plain) return url + ": must be http://HOST:PORT";
    if (std::ranges::find(known, *plain) != known.end()) return url + ": is named twice";
    known.push_back(*plain);
  }
  return std::nullopt;
}

}  // namespace

std::vector<SettingSpec> FunneldSettings() {
  using enum SettingSpec::Type;
  return {
      {"http", "address", "127.0.0.1", kString, "where the query API and the web page listen"},
      {"http", "port", "8090", kInteger, "its port; 0: a free one, told by the log line `listening`"},
      {"http", "hosts", "", kList, "names it is asked by, besides addresses and localhost; others get 421"},
      {"http", "read_token_file", "", kString, "file with the token that everything but health asks for; empty: none"},
      {"http", "threads", "8", kInteger, "requests answered at once; a quarter as many queries, and as many for peers"},
      {"admin", "token_file", "", kString, "file with the token of who may rebuild and clear alarms; empty: nobody"},
      {"data", "dir", "./data/funneld", kString, "the view; can be removed, it is rebuilt from the events"},
      {"data", "min_free_mb", "256", kInteger, "below so much free disk nothing is counted; queries are answered"},
      {"alerts", "secret_file", "", kString,
       "file with the `whsec_…` that alerts' webhooks are signed by; empty: no calls"},
      {"peers", "instances", "", kList,
       "http://HOST:PORT of this group's funnelds, which are asked for their partitions; its own may be among them"},
      {"peers", "token_file", "", kString, "file with the token that they ask for (their http.read_token_file)"},
      {"retention", "facts_days", "0", kInteger,
       "facts of ended sessions go after so many days (0: never); whole days by nothing, campaign, engagement stay"},
      {"source", "admin_url", "http://127.0.0.1:8081", kString, "monitord's admin API, read if there is no broker"},
      {"source", "admin_token_file", "", kString, "its token; needed to read from it"},
      {"source", "skip_missing", "false", kBoolean, "go past holes and unknown types: lost to the funnel"},
      {"kafka", "bootstrap_servers", "", kString, "HOST:PORT,…; empty: no broker, the admin API is read"},
      {"kafka", "group", "funneld", kString, "the consumer group"},
      {"kafka", "topic_prefix", "", kString, "stands before the name of every topic: letters, digits, `.`, `_`, `-`"},
      {"kafka", "give_rows", "true", kBoolean, "the funnel's hourly rows go to the topic monitor.funnel"},
      {"kafka.client", "*", "", kString,
       "\"NAME\" = VALUE: any property of librdkafka, e.g. \"security.protocol\" = \"SASL_SSL\"; NAME_file names a "
       "file with the value"},
      {"log", "level", "info", kString, "what is told, and all that is graver", {"debug", "info", "warning", "error"}},
  };
}

std::optional<std::string> RefuseSettings(const ServerSettings& settings) {
  const std::int64_t port = settings.Integer("http", "port");
  if (port < 0 || port > 65'535) return "http.port must be from 0 to 65535";
  if (const auto fault = http::HostsFault(settings.List("http", "hosts"))) return "http.hosts: " + *fault;
  const std::int64_t threads = settings.Integer("http", "threads");
  if (threads < 2 || threads > 256) return "http.threads must be from 2 to 256";
  if (const auto fault = PeersFault(settings)) return "peers.instances: " + *fault;
  const std::int64_t min_free_mb = settings.Integer("data", "min_free_mb");
  if (min_free_mb < 0 || min_free_mb > std::numeric_limits<std::int32_t>::max()) {
    return "data.min_free_mb must be from 0 to 2147483647";
  }
  const std::int64_t facts_days = settings.Integer("retention", "facts_days");
  if (facts_days < 0 || facts_days > 36'500) return "retention.facts_days must be from 0 (never) to 36500";
  if (const auto fault = kafka::TopicPrefixFault(settings.String("kafka", "topic_prefix"))) {
    return "kafka.topic_prefix: " + *fault;
  }
  if (settings.String("kafka", "bootstrap_servers").empty() && settings.String("source", "admin_token_file").empty()) {
    return "without kafka.bootstrap_servers, source.admin_token_file must name the admin token's file";
  }
  return std::nullopt;
}

std::vector<std::string> PeersIn(const ServerSettings& settings) {
  std::vector<std::string> peers;
  for (const std::string& url : settings.List("peers", "instances")) peers.push_back(ServerUrl(url).value_or(url));
  return peers;
}

}  // namespace monitor
