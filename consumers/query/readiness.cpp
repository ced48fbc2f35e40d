#include "consumers/query/readiness.h"

#include "consumers/format/funnel_format.h"

namespace monitor {
namespace {

std::string HowFarBehind(std::uint64_t events) {
  if (events == 0) return "nothing is read yet";
  return std::to_string(events) + (events == 1 ? " event behind" : " events behind");
}

std::string HowFarRebuilt(const RebuildStatus& rebuild) {
  const std::string words = "counted anew since " + FormatRfc3339(rebuild.began) + ", " +
                            (rebuild.at_end ? "to the end" : HowFarBehind(rebuild.left_events)) +
                            "; what was counted before answers, as of then";
  if (rebuild.held.empty()) return words;
  return words + "; what is counted anew does not take over: " + rebuild.held;
}

std::string BehindFault(const std::vector<int>& partitions) {
  if (partitions.empty()) return {};
  return PartitionsJson(partitions) + " came and are not counted yet up to the end that they had";
}

}  // namespace

std::vector<http::Check> Checks(const Answering& now, const std::string& topic_trouble, const std::string& peer_trouble,
                                bool draining) {
  const SourceStatus& source = now.source;
  const std::string view = now.view->Trouble();
  const bool away = !source.connected && !source.fault.empty();
  // The reader of the source tells what hinders it, too.
  const bool only_the_view = source.connected && !source.refused && !view.empty();
  const bool has_old = (away || !view.empty() || now.rebuild) && !now.view->CommittedPositions().empty();
  return {
      {"source",
       only_the_view              ? ""
       : source.connected || away ? source.fault
                                  : "not connected",
       source.refused},
      {"view", view},
      {"partitions", BehindFault(source.behind)},
      {"caughtUp", source.caught_up ? "" : HowFarBehind(source.lag_events), !has_old},
      {"rebuild", now.rebuild ? HowFarRebuilt(*now.rebuild) : ""},
      {"peers", peer_trouble},
      {"funnelTopic", topic_trouble.empty() ? "" : "rows are not given to Kafka: " + topic_trouble},
      {"alarm", source.alarm},
      {"drain", draining ? "draining" : "", true},
  };
}

}  // namespace monitor
