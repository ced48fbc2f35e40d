#include "consumers/log_reader.h"

#include <curl/curl.h>

#include <algorithm>
#include <fstream>
#include <stop_token>
#include <thread>
#include <vector>

#include "api/server/log.h"
#include "domain/json.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxReplyBytes = 256 << 20;
constexpr milliseconds kConnectTimeout{5'000};
constexpr milliseconds kReplyTimeout{30'000};  // beyond the time that a poll is told to wait
constexpr long kGone = 410;

struct OriginRange {
  std::string origin;
  std::uint64_t first = 1, last = 0;
};

struct LogPlace {
  std::string origin;
  std::uint64_t seq = 0;
};

struct HttpReply {
  long status = 0;
  std::string body;
};

// One keep-alive connection to the admin API.
class AdminClient {
 public:
  AdminClient(std::string url, std::string token_file, std::stop_token stop)
      : url_(std::move(url)), token_file_(std::move(token_file)), stop_(std::move(stop)), curl_(curl_easy_init()) {
    while (url_.ends_with('/')) url_.pop_back();
  }
  ~AdminClient() {
    curl_slist_free_all(headers_);
    curl_easy_cleanup(curl_);
  }
  AdminClient(const AdminClient&) = delete;
  AdminClient& operator=(const AdminClient&) = delete;

  // The token may have been made or changed since; the error is one sentence.
  std::expected<void, std::string> ReadToken() {
    std::ifstream file(token_file_);
    std::string token;
    if (!std::getline(file, token) || token.empty()) {
      return std::unexpected("the admin token can not be read from " + token_file_);
    }
    curl_slist_free_all(headers_);
    headers_ = curl_slist_append(nullptr, ("Authorization: Bearer " + token).c_str());
    return {};
  }

  std::expected<HttpReply, std::string> Get(const std::string& path, milliseconds timeout) {
    HttpReply reply;
    Transfer transfer{&reply.body, &stop_};
    const std::string url = url_ + path;
    curl_easy_reset(curl_);
    curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(kConnectTimeout.count()));
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &AdminClient::Write);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl_, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl_, CURLOPT_XFERINFOFUNCTION, &AdminClient::Progress);
    curl_easy_setopt(curl_, CURLOPT_XFERINFODATA, &transfer);
    const CURLcode code = curl_easy_perform(curl_);
    if (code != CURLE_OK) return std::unexpected(std::string(curl_easy_strerror(code)));
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &reply.status);
    return reply;
  }

 private:
  struct Transfer {
    std::string* body;
    const std::stop_token* stop;
  };

  static std::size_t Write(char* data, std::size_t size, std::size_t count, void* user) {
    std::string& body = *static_cast<Transfer*>(user)->body;
    if (body.size() + size * count > kMaxReplyBytes) return 0;
    body.append(data, size * count);
    return size * count;
  }

  // Asked about once a second while nothing arrives; non-zero gives the transfer up.
  static int Progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Transfer*>(user)->stop->stop_requested() ? 1 : 0;
  }

  std::string url_;
  const std::string token_file_;
  const std::stop_token stop_;
  CURL* const curl_;
  curl_slist* headers_ = nullptr;
};

std::uint64_t NumberIn(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value ? std::strtoull(std::string(value->text()).c_str(), nullptr, 10) : 0;
}

std::expected<std::vector<OriginRange>, std::string> ParseRanges(const std::string& body) {
  const auto document = json::Document::Parse(body);
  const json::Value* origins = document ? document->root().Find("origins") : nullptr;
  if (!origins || origins->items().empty()) return std::unexpected("/admin/position gave no origins");
  std::vector<OriginRange> ranges;
  for (const json::Value& entry : origins->items()) {
    const json::Value* origin = entry.Find("origin");
    if (!origin) return std::unexpected("/admin/position gave an origin without its name");
    ranges.push_back({std::string(origin->text()), NumberIn(entry, "first"), NumberIn(entry, "last")});
  }
  return ranges;
}

}  // namespace

class LogReader::Loop {
 public:
  Loop(LogReaderOptions options, ViewStore& store)
      : options_(std::move(options)),
        store_(store),
        intake_(store, status_.WithAlarm(options_.intake)),
        thread_([this](std::stop_token stop) { Run(stop); }) {}

  SourceStatus Status() const { return status_.Get(); }
  const IntakeCounters& counters() const { return intake_.counters(); }

 private:
  void Run(std::stop_token stop) {
    AdminClient client(options_.admin_url, options_.admin_token_file, stop);
    milliseconds pause = options_.min_pause;
    while (!stop.stop_requested()) {
      progressed_ = false;
      const std::string fault = ReadUntilFault(client, stop);
      if (stop.stop_requested()) return;
      if (progressed_) pause = options_.min_pause;
      status_.Disconnected("log_unavailable", fault);
      Pause(stop, pause);
      pause = std::min(pause * 2, options_.max_pause);
    }
  }

  // From what is committed until something goes wrong, which it returns.
  std::string ReadUntilFault(AdminClient& client, const std::stop_token& stop) {
    intake_.Forget();
    if (const auto discarded = store_.Discard(); !discarded) return "the view: " + discarded.error();
    if (const auto token = client.ReadToken(); !token) return token.error();
    const auto reply = client.Get("/admin/position", kReplyTimeout);
    if (!reply) return reply.error();
    if (reply->status != 200) return "/admin/position answered " + std::to_string(reply->status);
    const auto ranges = ParseRanges(reply->body);
    if (!ranges) return ranges.error();
    ranges_ = *ranges;
    log::Info("log_connected", {{"origin", ranges_.back().origin}});
    status_.Connected();
    LogPlace place = WhereToBegin();
    ShowProgress(place, false);
    while (!stop.stop_requested()) {
      if (const std::string fault = ReadBatch(client, place); !fault.empty()) return fault;
    }
    return "stopped";
  }

  // The oldest origin that has something new, or the current one.
  LogPlace WhereToBegin() {
    const Positions positions = store_.CommittedPositions();
    for (const OriginRange& range : ranges_) {
      const auto counted = positions.find(range.origin);
      const std::uint64_t next =
          counted == positions.end() ? std::max<std::uint64_t>(range.first, 1) : counted->second + 1;
      if (next <= range.last || &range == &ranges_.back()) return AfterLoss(range, next);
    }
    return {};  // there is always a current origin
  }

  // What was trimmed before it was counted is lost here; only an operator goes past it.
  LogPlace AfterLoss(const OriginRange& range, std::uint64_t next) {
    if (next >= range.first) return {range.origin, next};
    const bool skip = options_.intake.skip_missing;
    status_.Alarm("the log of " + range.origin + " begins at " + std::to_string(range.first) + ", but " +
                      std::to_string(next) + " is to be read: events are lost",
                  skip ? AlarmLasts::kForGood : AlarmLasts::kUntilNothingIsHeld);
    return {range.origin, skip ? range.first : next};
  }

  std::string ReadBatch(AdminClient& client, LogPlace& place) {
    const std::string path = "/admin/log?from=" + place.origin + ":" + std::to_string(place.seq) +
                             "&limit=" + std::to_string(options_.max_events) +
                             "&waitMs=" + std::to_string(options_.poll_wait.count());
    const auto reply = client.Get(path, options_.poll_wait + kReplyTimeout);
    if (!reply) return reply.error();
    if (reply->status == kGone) {
      status_.Alarm("the log no longer holds " + place.origin + ":" + std::to_string(place.seq) + ": events are lost",
                    AlarmLasts::kUntilNothingIsHeld);
      return "/admin/log answered 410";
    }
    if (reply->status != 200) return "/admin/log answered " + std::to_string(reply->status);
    if (const std::string fault = TakeLines(reply->body, place); !fault.empty()) return fault;
    if (const auto committed = store_.Commit(); !committed) return "the view: " + committed.error();
    progressed_ = true;
    ShowProgress(place, reply->body.empty());
    if (intake_.counters().held_buckets == 0) status_.NothingIsHeld();
    return {};
  }

  std::string TakeLines(std::string_view body, LogPlace& place) {
    while (!body.empty()) {
      const std::size_t end = body.find('\n');
      const std::string_view line = body.substr(0, end);
      body.remove_prefix(end == body.npos ? body.size() : end + 1);
      if (line.empty()) continue;
      auto event = ParseCloudEvent(line);
      // Its place in the log is unknown, so it can not be passed over.
      if (!event) return "/admin/log gave a line that is no CloudEvent: " + event.error();
      if (const std::string fault = TakeEvent(std::move(*event), place); !fault.empty()) return fault;
      if (const auto rewind = intake_.TakeRewind(place.origin)) {
        place.seq = static_cast<std::uint64_t>(*rewind);
        return {};
      }
    }
    return {};
  }

  std::string TakeEvent(SourceEvent event, LogPlace& place) {
    if (event.origin != place.origin) FinishOrigin(place.origin);
    place = {event.origin, event.seq + 1};
    Arrival arrival{.event = std::move(event), .channel = place.origin};
    arrival.offset = static_cast<std::int64_t>(place.seq - 1);
    arrival.from_start = FirstOf(place.origin) <= 1;
    if (const auto taken = intake_.Take(std::move(arrival)); !taken) return "the view: " + taken.error();
    const auto next = static_cast<std::int64_t>(place.seq);
    store_.SetPosition(place.origin, static_cast<std::uint64_t>(intake_.SafeOffset(place.origin, next) - 1));
    return {};
  }

  // Nothing more comes of a closed origin: its last seq is counted, unless a hole holds it.
  void FinishOrigin(const std::string& origin) {
    const auto range = std::ranges::find(ranges_, origin, &OriginRange::origin);
    if (range == ranges_.end() || range->last == 0) return;
    const auto next = static_cast<std::int64_t>(range->last + 1);
    store_.SetPosition(origin, static_cast<std::uint64_t>(intake_.SafeOffset(origin, next) - 1));
  }

  std::uint64_t FirstOf(const std::string& origin) const {
    const auto range = std::ranges::find(ranges_, origin, &OriginRange::origin);
    return range == ranges_.end() ? 1 : range->first;
  }

  void ShowProgress(const LogPlace& place, bool at_end) {
    const OriginRange& current = ranges_.back();
    const std::uint64_t next = place.origin == current.origin ? place.seq : current.first;
    const bool caught_up = at_end || next > current.last;
    status_.Progress(caught_up ? 0 : current.last + 1 - next, caught_up);
  }

  const LogReaderOptions options_;
  ViewStore& store_;
  StatusBoard status_;
  Intake intake_;
  std::vector<OriginRange> ranges_;
  bool progressed_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

LogReader::LogReader(LogReaderOptions options, ViewStore& store)
    : loop_(std::make_unique<Loop>(std::move(options), store)) {}
LogReader::~LogReader() = default;
SourceStatus LogReader::Status() const { return loop_->Status(); }
const IntakeCounters& LogReader::counters() const { return loop_->counters(); }

}  // namespace monitor
