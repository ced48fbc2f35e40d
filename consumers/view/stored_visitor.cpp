#include "consumers/view/stored_visitor.h"

#include "consumers/view/view_keys.h"
#include "domain/funnel/funnel_codec.h"

namespace monitor {

funnel::VisitorTally StoredVisitor::Tally() {
  const auto bytes = records_.Get(kVisitors, key_);
  return bytes ? Decoded(funnel::DecodeVisitorTally(*bytes)) : funnel::VisitorTally{};
}

void StoredVisitor::SaveTally(const funnel::VisitorTally& state) {
  records_.Put(kVisitors, key_, funnel::EncodeVisitorTally(state));
}

std::optional<funnel::SessionTraits> StoredVisitor::Session(const SessionId& session) {
  const auto bytes = records_.Get(kFacts, view::FactsKey(view::SessionPrefix(key_, session), 0));
  if (!bytes) return std::nullopt;
  return Decoded(funnel::DecodeSessionTraits(*bytes));
}

void StoredVisitor::SaveSession(const SessionId& session, const funnel::SessionTraits& traits) {
  records_.Put(kFacts, view::FactsKey(view::SessionPrefix(key_, session), 0), funnel::EncodeSessionTraits(traits));
  days_.Created(key_, session, traits.time_zone);
}

void StoredVisitor::Append(const SessionId& session, const funnel::EventFacts& facts) {
  records_.Put(kFacts, view::FactsKey(view::SessionPrefix(key_, session), facts.ordinal), funnel::EncodeFacts(facts));
  days_.Changed(key_, session, facts);
}

std::vector<funnel::PastDisplay> StoredVisitor::Ends(const funnel::DisplayList& list) {
  const auto bytes = records_.Get(kVisitors, view::EndsKey(key_, list));
  if (!bytes) return {};
  return Decoded(funnel::DecodeDisplays(*bytes));
}

void StoredVisitor::SaveEnds(const funnel::DisplayList& list, const std::vector<funnel::PastDisplay>& ends) {
  records_.Put(kVisitors, view::EndsKey(key_, list), funnel::EncodeDisplays(ends));
}

void StoredVisitor::Add(const funnel::DisplayList& list, const funnel::PastDisplay& display) {
  const std::string key = view::DisplayKey(view::DisplayPrefix(key_, list), display.time);
  records_.Put(kVisitors, key, funnel::EncodeDisplays({display}));
}

std::optional<funnel::PastDisplay> StoredVisitor::FirstSince(const funnel::DisplayList& list, TimeMs time) {
  const std::string prefix = view::DisplayPrefix(key_, list);
  const auto bytes = records_.GetFirst(kVisitors, prefix, view::DisplayKey(prefix, time));
  if (!bytes) return std::nullopt;
  const std::vector<funnel::PastDisplay> displays = Decoded(funnel::DecodeDisplays(*bytes));
  if (displays.empty()) return std::nullopt;
  return displays.front();
}

funnel::ContextState StoredVisitor::Context(const SessionId& session, std::uint32_t context_id) {
  const auto bytes = records_.Get(kVisitors, view::ContextKey(key_, session, context_id));
  return bytes ? Decoded(funnel::DecodeContextState(*bytes)) : funnel::ContextState{};
}

void StoredVisitor::SaveContext(const SessionId& session, std::uint32_t context_id, const funnel::ContextState& state) {
  records_.Put(kVisitors, view::ContextKey(key_, session, context_id), funnel::EncodeContextState(state));
}

funnel::Counting StoredVisitor::Mark(std::string_view name, funnel::Counting counting) {
  const std::string key = view::MarkKey(key_, name);
  const auto bytes = records_.Get(kMarks, key);
  const auto before = static_cast<funnel::Counting>(bytes && !bytes->empty() ? (*bytes)[0] : 0);
  const auto after = static_cast<funnel::Counting>(before | counting);
  if (after != before) records_.Put(kMarks, key, std::string(1, static_cast<char>(after)));
  return before;
}

}  // namespace monitor
