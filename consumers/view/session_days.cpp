#include "consumers/view/session_days.h"

#include <algorithm>
#include <utility>

#include "consumers/view/view_keys.h"
#include "domain/values/packing.h"

namespace monitor {
namespace {

// Under what it stands in stamps and changes.
std::string DayText(const std::string& session_prefix, const std::string& zone, std::int64_t day) {
  return view::AccountPrefixOf(session_prefix).substr(1) + view::DayOf(zone, day);
}

template <class Io, class Span>
void Fields(Io& io, Span& span) {
  io.Text(span.zone);
  io.Flag(span.stands);
  io.Flag(span.odd);
  io.Int(span.first);
  io.Int(span.last);
}

}  // namespace

std::string EncodeSpan(const SessionSpan& span) {
  Packer packer;
  Fields(packer, span);
  return std::move(packer).Done();
}

std::optional<SessionSpan> DecodeSpan(std::string_view bytes) {
  SessionSpan span;
  Unpacker unpacker(bytes);
  Fields(unpacker, span);
  if (unpacker.failed() || !unpacker.at_end()) return std::nullopt;
  return span;
}

void SessionDays::Created(const std::string& visitor_key, const SessionId& session, const std::string& time_zone) {
  const std::string key = view::SpanKey(visitor_key, session);
  const std::string zone = TimeZone::Find(time_zone) ? time_zone : Span().zone;
  Span span = Load(key);
  if (!span.stands && !span.odd) {
    span.zone = zone;
  } else {  // what it counted by then, it may count otherwise now
    const std::string prefix = view::SessionPrefix(visitor_key, session);
    Void(span, prefix);
    if (span.zone != zone) MakeOdd(span, prefix);
  }
  Save(key, span);
}

void SessionDays::Changed(const std::string& visitor_key, const SessionId& session, const funnel::EventFacts& facts) {
  const std::string key = view::SpanKey(visitor_key, session);
  const std::string prefix = view::SessionPrefix(visitor_key, session);
  Span span = Load(key);
  if (span.odd) {
    OddChanged(prefix);
  } else {
    const std::int64_t day = Zone(span.zone).DayOf(facts.time);
    if (!span.stands || day < span.first || day > span.last) {
      Extend(span, prefix, day);
      Save(key, span);
    }
    for (std::int64_t touched = span.first; !span.odd && touched <= span.last; ++touched) {
      changed_[DayText(prefix, span.zone, touched)].try_emplace(prefix, facts.ordinal);
    }
  }
  for (const funnel::Fact& fact : facts.facts) {
    if (const auto* conversation = std::get_if<funnel::Conversation>(&fact)) {
      Share(visitor_key, session, conversation->conversation_id);
    }
  }
}

void SessionDays::Put(const std::string& stamp) {
  for (const auto& [day, sessions] : changed_) {
    records_.Put(kStamps, day, stamp);
    for (const auto& [prefix, ordinal] : sessions) {
      records_.Put(kChanges, day + stamp + prefix, prefix.empty() ? "" : view::Number(ordinal));
    }
  }
  for (const std::string& key : odd_changed_) records_.Put(kStamps, key, stamp);
  Clear();
}

SessionDays::Span SessionDays::Load(const std::string& key) const {
  const auto bytes = records_.Get(kVisitors, key);
  return bytes ? Decoded(DecodeSpan(*bytes)) : Span();
}

void SessionDays::Save(const std::string& key, const Span& span) { records_.Put(kVisitors, key, EncodeSpan(span)); }

void SessionDays::Extend(Span& span, const std::string& session_prefix, std::int64_t day) {
  const Span before = span;
  span.first = before.stands ? std::min(before.first, day) : day;
  span.last = before.stands ? std::max(before.last, day) : day;
  if (span.last - span.first >= kMaxDays) {
    span = before;
    Void(span, session_prefix);
    return MakeOdd(span, session_prefix);
  }
  span.stands = true;
  for (std::int64_t each = span.first; each <= span.last; ++each) {
    records_.Put(kDays, view::DaysKey(session_prefix, span.zone, each),
                 std::string(1, each > span.first ? '\1' : '\0'));
  }
}

void SessionDays::MakeOdd(Span& span, const std::string& session_prefix) {
  for (std::int64_t day = span.first; span.stands && day <= span.last; ++day) {
    records_.Delete(kDays, view::DaysKey(session_prefix, span.zone, day));
  }
  span.stands = false;
  span.odd = true;
  records_.Put(kDays, view::OddKey(session_prefix), "");
  OddChanged(session_prefix);
}

void SessionDays::OddChanged(const std::string& session_prefix) {
  odd_changed_.insert(view::OddStampKey(view::AccountPrefixOf(session_prefix).substr(1)));
}

void SessionDays::Void(const Span& span, const std::string& session_prefix) {
  for (std::int64_t day = span.first; span.stands && day <= span.last; ++day) {
    changed_[DayText(session_prefix, span.zone, day)].try_emplace("", 0);
  }
}

void SessionDays::Share(const std::string& visitor_key, const SessionId& session, const std::string& conversation) {
  const std::string key = view::ConversationKey(visitor_key, conversation);
  const auto first = records_.Get(kVisitors, key);
  if (!first) return records_.Put(kVisitors, key, session.str());
  if (*first == session.str()) return;
  for (const SessionId& each : {SessionId(*first), session}) {
    const std::string span_key = view::SpanKey(visitor_key, each);
    const std::string prefix = view::SessionPrefix(visitor_key, each);
    Span span = Load(span_key);
    if (span.odd) continue;
    Void(span, prefix);
    MakeOdd(span, prefix);
    Save(span_key, span);
  }
}

funnel::LocalDays& SessionDays::Zone(const std::string& name) { return zones_.try_emplace(name, name).first->second; }

}  // namespace monitor
