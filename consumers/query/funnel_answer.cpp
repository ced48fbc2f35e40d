#include "consumers/query/funnel_answer.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

#include "consumers/format/funnel_format.h"
#include "consumers/query/funnel_request.h"
#include "domain/values/hash.h"
#include "domain/values/whole_number.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kDefaultWaitMs = 10'000, kMaxWaitMs = 60'000;
// Who waits for a position looks so often whether anybody still waits for the answer, and at the peers' positions.
constexpr milliseconds kWaitSlice{100};

// May be kept, and is asked for again with its ETag.
constexpr std::string_view kFunnelHeaders = "Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n";

http::Reply TooLong(const AnswerBounds& bounds) {
  return Error(400, kInvalid,
               "by: the answer would be longer than " + std::to_string(bounds.max_bytes >> 20) +
                   " MiB; ask for a shorter time or fewer of them");
}

http::Reply FactsGone(TimeMs before) {
  return Error(400, kInvalid,
               "facts of before " + FormatRfc3339(before) +
                   " are not kept (retention.facts_days): of then only whole days can be asked for, by nothing, "
                   "campaign or engagement, without filters");
}

// Of the answer to this query. The version: with several partitions an event may be counted before `as_of` moves.
std::string TagOf(std::string_view query, const Whole& whole) {
  std::string text(query);
  text.append("\n").append(PositionsJson(whole.as_of)).append(PartitionsJson(whole.missing)).append(whole.version);
  const auto hash = Sha256(text);
  return '"' + Hex({reinterpret_cast<const char*>(hash.data()), 16}) + '"';
}

// A tag is quoted, so that none is a part of another.
bool HasTag(const http::Request& request, const std::string& tag) {
  const auto tags = request.Header("If-None-Match");
  return tags && (*tags == "*" || tags->find(tag) != tags->npos);
}

struct AwaitedPosition {
  std::string origin;
  std::uint64_t seq = 0;  // 0 is reached by all
};

std::optional<AwaitedPosition> ParsePosition(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return std::nullopt;
  const auto seq = ParseWhole<std::uint64_t>(text.substr(colon + 1));
  if (!seq) return std::nullopt;
  return AwaitedPosition{std::string(text.substr(0, colon)), *seq};
}

bool HasReached(const Positions& positions, const AwaitedPosition& awaited) {
  const auto found = positions.find(awaited.origin);
  return awaited.seq == 0 || (found != positions.end() && found->second >= awaited.seq);
}

// Counts a waiting request for as long as it lives.
class Waiter {
 public:
  Waiter(std::atomic<int>& waiting, int max) : waiting_(waiting), admitted_(++waiting <= max) {}
  ~Waiter() { --waiting_; }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  bool admitted() const { return admitted_; }

 private:
  std::atomic<int>& waiting_;
  const bool admitted_;
};

}  // namespace

http::Reply AnswerFunnel(QueryParts& parts, const QueryCall& call) {
  if (call.request.abandoned()) return Abandoned();  // while it waited for its turn
  const auto id = call.query.Get("account");
  if (!id) return Error(400, kInvalid, "account: missing");
  if (!IsWellFormedAccountId(*id)) return NoAccount();
  const AnswerBounds bounds{.abandoned = [&] { return call.request.abandoned(); }};
  const auto moment = parts.instances.Look(*id, bounds.abandoned);
  if (!moment) return ViewUnreadable();
  if (!moment->account) return NoAccountIn(*moment);
  const auto request = ParseFunnelRequest(call.query, TimeZone::Find(moment->account->time_zone).value_or(TimeZone()));
  if (!request) return Error(400, kInvalid, request.error());

  const std::string current = TagOf(call.request.query(), moment->whole);
  if (HasTag(call.request, current)) {
    http::Reply reply{.status = 304, .fixed_headers = kFunnelHeaders};
    reply.headers.Add("ETag", current);
    return reply;
  }
  const AccountId account(*id);
  auto sum = parts.instances.Count(*moment, account, request->query, bounds.abandoned);
  if (!sum) return ViewUnreadable();
  if (sum->facts_gone_before) return FactsGone(*sum->facts_gone_before);
  const auto next = ArrangeRows(sum->rows, request->query, request->order);
  const std::string tag = TagOf(call.request.query(), sum->whole);
  const bool json = request->format == FunnelFormat::kJson;
  const FunnelReport report{.as_of = std::move(sum->whole.as_of), .rows = std::move(sum->rows)};
  std::optional<std::string> text;
  if (sum->complete) {
    text = json ? FunnelJson(account, request->query, report, sum->whole.missing, bounds, next)
                : FunnelCsv(request->query, report, bounds);
  }
  if (!text) return call.request.abandoned() ? Abandoned() : TooLong(bounds);

  http::Reply reply{.body = std::move(*text), .fixed_headers = kFunnelHeaders};
  reply.headers.Add("ETag", tag);
  if (json) return reply;
  reply.content_type = "text/csv; charset=utf-8";
  reply.headers.Add("X-As-Of", PositionsJson(report.as_of));
  if (!sum->whole.missing.empty()) reply.headers.Add("X-Missing", PartitionsJson(sum->whole.missing));
  if (next) reply.headers.Add("X-Next", *next);
  return reply;
}

bool TagSeemsToHold(const QueryParts& parts, const http::Request& request) {
  return HasTag(request, TagOf(request.query(), parts.instances.LastFound()));
}

http::Reply AnswerPosition(QueryParts& parts, const QueryCall& call) {
  std::uint64_t wait_ms = kDefaultWaitMs;
  if (const auto given = call.query.Get("waitMs")) {
    const auto parsed = ParseWhole<std::uint64_t>(*given);
    if (!parsed) return Error(400, kInvalid, "waitMs: must be a number of milliseconds");
    wait_ms = std::min<std::uint64_t>(*parsed, kMaxWaitMs);
  }
  AwaitedPosition awaited;  // nothing
  if (const auto text = call.query.Get("waitFor")) {
    const auto parsed = ParsePosition(*text);
    if (!parsed) return Error(400, kInvalid, "waitFor: must be ORIGIN:SEQ");
    awaited = *parsed;
  }
  const auto look = [&] { return parts.instances.Look(std::nullopt, [&] { return call.request.abandoned(); }); };
  auto moment = look();
  // What is there already, and a look without waiting, take no place.
  if (moment && wait_ms > 0 && !HasReached(moment->whole.as_of, awaited)) {
    const Waiter waiter(parts.waiting, parts.max_waiting);
    if (!waiter.admitted()) return Unavailable("too many requests are waiting for a position");
    const auto end = std::chrono::steady_clock::now() + milliseconds(wait_ms);
    while (!call.request.abandoned()) {
      const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
      if (left.count() <= 0) break;
      const auto view = parts.generations.View();  // another one may take over meanwhile
      // If only others are not there yet, nothing here wakes it before it looks at them again.
      const bool only_others = HasReached(view->CommittedPositions(), awaited);
      const std::uint64_t seq = only_others ? std::numeric_limits<std::uint64_t>::max() : awaited.seq;
      view->WaitFor(awaited.origin, seq, std::min(left, kWaitSlice));
      moment = look();
      if (!moment || HasReached(moment->whole.as_of, awaited)) break;
    }
  }
  return moment ? Json(PositionsJson(moment->whole.as_of)) : ViewUnreadable();
}

}  // namespace monitor
