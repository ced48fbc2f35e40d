#include "consumers/readers/node_reader.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <stop_token>
#include <thread>

#include "consumers/readers/node_log.h"
#include "kafka/back_off.h"
#include "server/http_client.h"
#include "server/log.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kReplyTimeout{30'000};  // beyond the time that a poll is told to wait
constexpr milliseconds kAskAgain{1'000};       // how far the node is

struct LogPlace {
  std::string origin;
  std::uint64_t seq = 0;
};

// The node's admin API, with its token.
class AdminClient {
 public:
  AdminClient(std::string url, std::string token_file, std::stop_token stop)
      : url_(std::move(url)), token_file_(std::move(token_file)) {
    while (url_.ends_with('/')) url_.pop_back();
    client_.StopWhen([stop = std::move(stop)] { return stop.stop_requested(); });
  }

  // The token may have been made or changed since; the error is one sentence.
  std::expected<void, std::string> ReadToken() {
    std::ifstream file(token_file_);
    if (std::string token; std::getline(file, token) && !token.empty()) {
      headers_ = {"Authorization: Bearer " + token};
      return {};
    }
    return std::unexpected("the admin token can not be read from " + token_file_);
  }

  // The body of a 200; all else is an error in a sentence.
  std::expected<std::string, std::string> Get(const std::string& path, milliseconds timeout) {
    auto answer = client_.Send({.url = url_ + path, .headers = headers_, .timeout_ms = timeout.count()});
    if (!answer) return std::unexpected(std::move(answer.error()));
    if (answer->status == 200) return std::move(answer->body);
    return std::unexpected(path.substr(0, path.find('?')) + " answered " + std::to_string(answer->status));
  }

 private:
  HttpClient client_;
  std::string url_;
  const std::string token_file_;
  std::vector<std::string> headers_;
};

// Why it can not go on; from the top it begins again from what is committed.
struct Fault {
  enum Kind : std::uint8_t { kSource, kView, kHistory } kind;
  std::string sentence;
};
using Failed = std::optional<Fault>;

Fault SourceFault(std::string sentence) { return {Fault::kSource, std::move(sentence)}; }
Fault ViewFault(const std::string& error) { return {Fault::kView, "the view: " + error}; }
// The log is not the one that was counted.
Fault HistoryFault(const std::string& what) {
  return {Fault::kHistory, what + "; nothing is counted until the view is rebuilt"};
}

}  // namespace

class NodeReader::Loop {
 public:
  Loop(NodeReaderOptions options, ViewStore& store)
      : options_(std::move(options)),
        store_(store),
        intake_(store, status_.WithAlarm(options_.intake)),
        thread_([this](std::stop_token stop) { Run(stop); }) {}

  SourceStatus Status() const { return status_.Get(); }
  const IntakeCounters& counters() const { return intake_.counters(); }

 private:
  void Run(std::stop_token stop) {
    AdminClient client(options_.admin_url, options_.admin_token_file, stop);
    kafka::BackOff back_off(options_.min_pause, options_.max_pause);
    while (!stop.stop_requested()) {
      progressed_ = false;
      const Fault fault = ReadUntilFault(client, stop);
      if (stop.stop_requested()) return;
      Show(fault);
      kafka::PauseFor(back_off.Next(progressed_), stop);
    }
  }

  void Show(const Fault& fault) {
    switch (fault.kind) {
      case Fault::kSource:
        return status_.Disconnected("log_unavailable", fault.sentence);
      case Fault::kView:
        return status_.Hindered("view_unavailable", fault.sentence);
      case Fault::kHistory:
        return status_.Refused("log_refused", fault.sentence);
    }
  }

  // From what is committed until something goes wrong. Whatever was thrown, nobody above this thread could catch it.
  Fault ReadUntilFault(AdminClient& client, const std::stop_token& stop) {
    try {
      LogPlace place;
      Failed fault = Begin(client, place);
      while (!fault && !stop.stop_requested()) fault = ReadBatch(client, place);
      return fault.value_or(SourceFault("stopped"));
    } catch (const std::exception& thrown) {
      return {Fault::kView, std::string("counting failed: ") + thrown.what()};
    }
  }

  Failed Begin(AdminClient& client, LogPlace& place) {
    intake_.Forget();
    auto discarded = store_.Discard();
    if (discarded) discarded = store_.AnswerFor(Coverage());
    read_ = store_.CommittedPositions();
    if (const auto token = client.ReadToken(); !token) return SourceFault(token.error());
    if (Failed fault = AskPosition(client)) return fault;
    goal_ = node_;
    ShowProgress();
    if (!discarded) return ViewFault(discarded.error());
    if (Failed fault = CompareLastCounted(client)) return fault;
    place = WhereToBegin();
    if (place.seq < FirstOf(place.origin)) {
      return Fault{Fault::kHistory, "the log of " + place.origin + " begins at " +
                                        std::to_string(FirstOf(place.origin)) + ", but " + std::to_string(place.seq) +
                                        " is to be read: events are lost; nothing is counted until source.skip_missing "
                                        "lets it go past them"};
    }
    for (const LoggedOrigin& range : node_) {
      if (range.first == 1 || read_.contains(range.origin)) continue;
      options_.begins_late("the log of " + range.origin + " begins at " + std::to_string(range.first));
    }
    log::Info("log_connected", {{"origin", node_.back().origin}});
    status_.Connected();
    return std::nullopt;
  }

  // How far the node is by now. That the view is ahead of it must not pass unseen, however the node was restarted.
  Failed AskPosition(AdminClient& client) {
    const auto position = client.Get("/admin/position", kReplyTimeout);
    if (!position) return SourceFault(position.error());
    auto log = ParseNodeLog(*position);
    if (!log) return SourceFault(log.error());
    node_ = *std::move(log);
    asked_ = steady_clock::now();
    for (const Positions& counted : {store_.CommittedPositions(), store_.HighestSeqs()}) {
      if (const auto why = WhyAhead(node_, counted)) return HistoryFault(*why);
    }
    return std::nullopt;
  }

  // A log that was copied back and went on may have reached the counted position again: then other events stand there.
  Failed CompareLastCounted(AdminClient& client) {
    for (const LoggedOrigin& range : node_) {
      const auto counted = read_.find(range.origin);
      if (counted == read_.end() || counted->second < range.first || counted->second > range.last) continue;
      const auto time = store_.PositionTime(range.origin);
      if (!time) return ViewFault(time.error());
      if (!*time) continue;
      const auto reply = GetLog(client, {range.origin, counted->second}, 1, milliseconds(0));
      if (!reply) return reply.error();
      const auto event = ParseCloudEvent(std::string_view(*reply).substr(0, reply->find('\n')));
      if (event && event->origin == range.origin && event->seq == counted->second && event->time == **time) continue;
      return HistoryFault("the log is another one: its event " + range.origin + ":" + std::to_string(counted->second) +
                          " is not the one that was counted");
    }
    return std::nullopt;
  }

  // The oldest origin that has something new, or the current one. What was trimmed before it was counted is lost here;
  // only an operator goes past it.
  LogPlace WhereToBegin() {
    for (const LoggedOrigin& range : node_) {
      const auto counted = read_.find(range.origin);
      const std::uint64_t next = counted == read_.end() ? range.first : counted->second + 1;
      if (next > range.last && &range != &node_.back()) continue;
      if (next >= range.first || !options_.intake.skip_missing) return {range.origin, next};
      status_.Alarm("events of " + range.origin + " from " + std::to_string(next) + " to " +
                        std::to_string(range.first - 1) + " were trimmed and are passed over: they are lost",
                    AlarmLasts::kForGood);
      return {range.origin, range.first};
    }
    return {};  // there is always a current origin
  }

  std::expected<std::string, Fault> GetLog(AdminClient& client, const LogPlace& from, int limit, milliseconds wait) {
    const std::string path = "/admin/log?from=" + from.origin + ":" + std::to_string(from.seq) +
                             "&limit=" + std::to_string(limit) + "&waitMs=" + std::to_string(wait.count());
    auto lines = client.Get(path, wait + kReplyTimeout);
    if (!lines) return std::unexpected(SourceFault(std::move(lines.error())));
    return *std::move(lines);
  }

  Failed ReadBatch(AdminClient& client, LogPlace& place) {
    const auto reply = GetLog(client, place, options_.max_events, options_.poll_wait);
    if (!reply) return reply.error();
    if (Failed fault = TakeLines(*reply, place)) return fault;
    if (const auto committed = store_.Commit(); !committed) return ViewFault(committed.error());
    progressed_ = true;
    if (steady_clock::now() - asked_ >= kAskAgain) {
      if (Failed fault = AskPosition(client)) return fault;
    }
    ShowProgress();
    if (intake_.counters().held_buckets == 0) status_.NothingIsHeld();
    return std::nullopt;
  }

  Failed TakeLines(std::string_view body, LogPlace& place) {
    while (!body.empty()) {
      const std::size_t end = body.find('\n');
      const std::string_view line = body.substr(0, end);
      body.remove_prefix(end == body.npos ? body.size() : end + 1);
      if (line.empty()) continue;
      auto event = ParseCloudEvent(line);
      // Its place in the log is unknown, so it can not be passed over.
      if (!event) return SourceFault("/admin/log gave a line that is no CloudEvent: " + event.error());
      if (Failed fault = TakeEvent(std::move(*event), place)) return fault;
      if (const auto rewind = intake_.TakeRewind(place.origin)) {
        place.seq = static_cast<std::uint64_t>(*rewind);
        read_[place.origin] = place.seq - 1;
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  Failed TakeEvent(SourceEvent event, LogPlace& place) {
    if (event.origin != place.origin) FinishOrigin(place.origin);
    place = {event.origin, event.seq + 1};
    const TimeMs time = event.time;
    Arrival arrival{.event = std::move(event), .channel = place.origin};
    arrival.offset = static_cast<std::int64_t>(place.seq - 1);
    arrival.from_start = FirstOf(place.origin) <= 1;
    if (const auto taken = intake_.Take(std::move(arrival)); !taken) return ViewFault(taken.error());
    read_[place.origin] = place.seq - 1;
    const auto next = static_cast<std::int64_t>(place.seq);
    const std::int64_t safe = intake_.SafeOffset(place.origin, next);
    store_.SetPosition(place.origin, static_cast<std::uint64_t>(safe - 1),
                       safe == next ? std::optional(time) : std::nullopt);
    return std::nullopt;
  }

  // Nothing more comes of a closed origin: its last seq is counted, unless a hole holds it.
  void FinishOrigin(const std::string& origin) {
    const auto range = std::ranges::find(node_, origin, &LoggedOrigin::origin);
    if (range == node_.end() || range->last == 0) return;
    read_[origin] = std::max(read_[origin], range->last);
    const auto next = static_cast<std::int64_t>(range->last + 1);
    store_.SetPosition(origin, static_cast<std::uint64_t>(intake_.SafeOffset(origin, next) - 1));
  }

  std::uint64_t FirstOf(const std::string& origin) const {
    const auto range = std::ranges::find(node_, origin, &LoggedOrigin::origin);
    return range == node_.end() ? 1 : range->first;
  }

  // A position stands still while a bucket is held, whether what follows is kept aside or has to be read again.
  void ShowProgress() { status_.Progress(Unread(node_, store_.CommittedPositions()), Unread(goal_, read_) == 0); }

  const NodeReaderOptions options_;
  ViewStore& store_;
  StatusBoard status_{*options_.alarms};
  Intake intake_;
  NodeLog node_, goal_;  // as of now; when it began to read
  Positions read_;       // of each origin, whether counted, or held because of a hole
  steady_clock::time_point asked_{};
  bool progressed_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

NodeReader::NodeReader(NodeReaderOptions options, ViewStore& store)
    : loop_(std::make_unique<Loop>(std::move(options), store)) {}
NodeReader::~NodeReader() = default;
SourceStatus NodeReader::Status() const { return loop_->Status(); }
const IntakeCounters& NodeReader::counters() const { return loop_->counters(); }

}  // namespace monitor
