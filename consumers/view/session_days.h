// Which sessions have facts on which days of their zone, and what changed of a day since when: what queries are
// answered from without reading all facts (kept_rows.h; docs/decisions/rows.md).
//
// A session stands on every day from that of its first fact to that of its last, so that one that is on both sides of
// midnight is found on either. An odd session stands on no day but in a list of its own that every query reads: one
// that spans very many days, whose zone was told when it had facts already, or that shares a conversation with another
// one of its visitor (conversations are distinct per visitor).
//
// Of the writer's thread; throws what the records throw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "consumers/view/view_records.h"
#include "domain/funnel/funnel.h"
#include "domain/funnel/local_days.h"

namespace monitor {

// The days of one session.
struct SessionSpan {
  std::string zone = "UTC";
  bool stands = false;  // on the days from first to last
  bool odd = false;
  std::int64_t first = 0, last = 0;
};

// As it is kept (view_keys.h).
std::string EncodeSpan(const SessionSpan& span);
std::optional<SessionSpan> DecodeSpan(std::string_view bytes);

class SessionDays {
 public:
  static constexpr std::int64_t kMaxDays = 14;  // that a session stands on

  // `records` must outlive it.
  explicit SessionDays(ViewRecords& records) : records_(records) {}

  // The session's traits were saved. `visitor_key` is view::VisitorKey's.
  void Created(const std::string& visitor_key, const SessionId& session, const std::string& time_zone);
  // These were appended to its facts.
  void Changed(const std::string& visitor_key, const SessionId& session, const funnel::EventFacts& facts);

  // Puts what changed since the last time into the batch, as of the commit of this number.
  void Put(const std::string& stamp);
  void Clear() {
    changed_.clear();
    odd_changed_.clear();
  }

 private:
  using Span = SessionSpan;

  Span Load(const std::string& key) const;
  void Save(const std::string& key, const Span& span);
  void Extend(Span& span, const std::string& session_prefix, std::int64_t day);
  void MakeOdd(Span& span, const std::string& session_prefix);
  void OddChanged(const std::string& session_prefix);
  // Nothing that is kept of these days holds any more.
  void Void(const Span& span, const std::string& session_prefix);
  void Share(const std::string& visitor_key, const SessionId& session, const std::string& conversation);
  funnel::LocalDays& Zone(const std::string& name);

  ViewRecords& records_;
  std::map<std::string, funnel::LocalDays> zones_;
  // "account 0 zone 0 DAY" → session prefix → from which ordinal on its facts are new; an empty prefix: all is void.
  std::map<std::string, std::map<std::string, std::uint64_t>> changed_;
  std::set<std::string> odd_changed_;  // OddStampKey's
};

}  // namespace monitor
