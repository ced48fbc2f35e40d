#include <algorithm>

#include "api/admin/admin_handlers.h"
#include "api/admin/admin_replies.h"
#include "domain/values/json.h"
#include "domain/values/whole_number.h"
#include "eventstore/cloud_event_writer.h"
#include "eventstore/read_on.h"

namespace monitor::admin {
namespace {

constexpr std::size_t kDefaultEvents = 1'000;
constexpr std::size_t kMaxEvents = 10'000;
constexpr std::size_t kMaxLogBytes = 16 << 20;
// A poll looks this often whether the server ends or its client has gone.
constexpr std::chrono::milliseconds kPollSlice{200};

// ORIGIN:SEQ, SEQ alone for the current origin, or nothing for its beginning.
std::optional<LogPosition> ParseFrom(std::optional<std::string_view> text, const OriginRange& current) {
  if (!text) return LogPosition{current.origin, current.first};
  if (auto position = LogPosition::Parse(*text)) return position;
  if (auto seq = ParseWhole<std::uint64_t>(*text)) return LogPosition{current.origin, *seq};
  return std::nullopt;
}

void WriteRange(json::Writer& writer, const OriginRange& range) {
  writer.Key("origin").String(range.origin.ToString()).Key("first").String(std::to_string(range.first));
  writer.Key("last").String(std::to_string(range.last));
}

// False: too many are waiting already. True, when the seq is there, the time is over, the client has gone or the server
// ends.
bool WaitFor(const EventStore& store, const AdminCall& call, std::uint64_t seq, std::chrono::milliseconds patience) {
  if (call.waiting.polls.fetch_add(1) >= call.options.max_waiting_polls) {
    call.waiting.polls.fetch_sub(1);
    return false;
  }
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0 || call.waiting.stopping.load() || call.request.abandoned()) break;
    if (store.WaitForSeq(seq, std::min(left, kPollSlice))) break;
  }
  call.waiting.polls.fetch_sub(1);
  return true;
}

}  // namespace

http::Reply GetPosition(const AdminParts& parts, const AdminCall&) {
  const std::vector<OriginRange> origins = parts.store.Origins();
  std::string body;
  json::Writer writer(body);
  writer.BeginObject();
  WriteRange(writer, origins.back());
  writer.Key("relayed").String(std::to_string(parts.relayed ? parts.relayed() : 0)).Key("origins").BeginArray();
  for (const OriginRange& range : origins) {
    writer.BeginObject();
    WriteRange(writer, range);
    writer.EndObject();
  }
  writer.EndArray().EndObject();
  return Json(std::move(body));
}

http::Reply GetLog(const AdminParts& parts, const AdminCall& call) {
  const std::vector<OriginRange> origins = parts.store.Origins();
  const auto from = ParseFrom(call.query.Get("from"), origins.back());
  if (!from) return Invalid("from: must be ORIGIN:SEQ");
  const auto limit = ParseWhole<std::uint64_t>(call.query.Get("limit").value_or(std::to_string(kDefaultEvents)));
  if (!limit || *limit == 0) return Invalid("limit: must be a positive integer");
  const auto wait = ParseWhole<std::uint64_t>(call.query.Get("waitMs").value_or("0"));
  if (!wait) return Invalid("waitMs: must be an integer");

  const auto range =
      std::find_if(origins.begin(), origins.end(), [&](const OriginRange& o) { return o.origin == from->origin; });
  if (range == origins.end()) return NotFound("from: the origin is not known here");
  if (from->seq < range->first) {
    return http::ErrorReply(410, 5, "from: the log begins at " + LogPosition{range->origin, range->first}.ToString());
  }
  const std::size_t count = std::min<std::uint64_t>(*limit, kMaxEvents);
  auto events = ReadOn(parts.store, *from, {count, kMaxLogBytes});
  if (events && events->empty() && *wait > 0) {
    // Nothing came after a closed origin yet: what comes next is the current one's first.
    const bool current = from->origin == origins.back().origin;
    const auto patience =
        std::min(call.options.max_poll, std::chrono::milliseconds(std::min<std::uint64_t>(*wait, 1e9)));
    if (!WaitFor(parts.store, call, current ? from->seq : origins.back().first, patience)) {
      return Unavailable("too many polls are waiting");
    }
    events = ReadOn(parts.store, *from, {count, kMaxLogBytes});
  }
  if (!events && events.error() == StoreError::kCorrupt) {
    return http::ErrorReply(500, 18,
                            "the log is damaged at " + from->ToString() + "; `monitorctl log verify` says how");
  }
  if (!events) return Unavailable("the log");
  http::Reply reply;
  reply.content_type = "application/x-ndjson";
  for (const StoredEvent& event : *events) {
    AppendCloudEvent(event, event.data, reply.body);
    reply.body += '\n';
  }
  return reply;
}

}  // namespace monitor::admin
