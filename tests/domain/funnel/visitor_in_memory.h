#pragma once

#include <map>

#include "domain/funnel/funnel.h"
#include "domain/funnel/funnel_codec.h"
#include "domain/funnel/funnel_rows.h"

namespace monitor::funnel {

inline const Entry kEntry{.campaign_id = 41, .engagement_id = 4101, .engagement_revision = 7, .language = "en-US"};

// One visitor in memory, through the same bytes as on disk.
class Visitor : public VisitorMemory {
 public:
  VisitorTally Tally() override { return *DecodeVisitorTally(state_); }
  void SaveTally(const VisitorTally& state) override { state_ = EncodeVisitorTally(state); }
  std::optional<SessionTraits> Session(const SessionId& session) override {
    const auto found = traits_.find(session.str());
    if (found == traits_.end()) return std::nullopt;
    return DecodeSessionTraits(found->second);
  }
  void SaveSession(const SessionId& session, const SessionTraits& traits) override {
    traits_[session.str()] = EncodeSessionTraits(traits);
  }
  void Append(const SessionId& session, const EventFacts& facts) override {
    sessions_[session.str()].push_back(*DecodeFacts(facts.ordinal, EncodeFacts(facts)));
  }
  std::vector<PastDisplay> Ends(const DisplayList& list) override { return Read(ends_[list]); }
  void SaveEnds(const DisplayList& list, const std::vector<PastDisplay>& ends) override {
    ends_[list] = EncodeDisplays(ends);
  }
  void Add(const DisplayList& list, const PastDisplay& display) override {
    by_time_[list][display.time] = EncodeDisplays({display});
  }
  std::optional<PastDisplay> FirstSince(const DisplayList& list, TimeMs time) override {
    const auto found = by_time_[list].lower_bound(time);
    if (found == by_time_[list].end()) return std::nullopt;
    return Read(found->second).front();
  }
  ContextState Context(const SessionId& session, std::uint32_t context_id) override {
    const auto found = contexts_.find({session, context_id});
    return found == contexts_.end() ? ContextState{} : *DecodeContextState(found->second);
  }
  void SaveContext(const SessionId& session, std::uint32_t context_id, const ContextState& state) override {
    contexts_[{session, context_id}] = EncodeContextState(state);
  }
  Counting Mark(std::string_view name, Counting counting) override {
    Counting& mark = marks_[std::string(name)];
    const Counting before = mark;
    mark |= counting;
    return before;
  }

  std::vector<Row> Rows(Query query) {
    RowBuilder rows(std::move(query));
    rows.BeginVisitor();
    for (const auto& [name, events] : sessions_) {
      rows.Add(Session(SessionId(name)).value_or(SessionTraits{}), events);
    }
    return rows.Finish();
  }
  Row Total(Counting counting = kNet) { return Rows({.counting = counting}).at(0); }

  // How many displays the fold was given back so far: what it costs beyond the event itself.
  std::uint64_t displays_read() const { return displays_read_; }

  void At(std::int64_t ms, EventData data, const std::string& session = "s") {
    const EventScope scope{AccountId("demo"), VisitorId("v"), SessionId(session), AppInstallationId("web")};
    Fold(*this, {scope, std::move(data)}, FromUnixMs(ms));
  }
  void Create(SessionCreated created = {}, const std::string& session = "s") {
    created.time_zone = created.time_zone.empty() ? "UTC" : created.time_zone;
    created.currency = "USD";
    At(0, created, session);
  }
  void Impress(std::int64_t ms, ImpressionKind kind, bool repeat = false, const std::string& session = "s") {
    At(ms, ImpressionReported{.kind = kind, .context_id = 1, .entry = kEntry, .repeat = repeat}, session);
  }
  void Purchase(std::int64_t ms, std::optional<std::string> key, bool repeat = false,
                const std::string& session = "s") {
    ActivityReported activity{.repeat = repeat};
    activity.goals = {{41, 1, GoalType::kPurchase, 0, key, Decimal::Parse("12.5"), ""}};
    At(ms, activity, session);
  }

 private:
  std::vector<PastDisplay> Read(const std::string& bytes) {
    std::vector<PastDisplay> displays = *DecodeDisplays(bytes);
    displays_read_ += displays.size();
    return displays;
  }

  std::uint64_t displays_read_ = 0;
  std::map<DisplayList, std::string> ends_;
  std::map<DisplayList, std::map<TimeMs, std::string>> by_time_;
  std::map<std::pair<SessionId, std::uint32_t>, std::string> contexts_;
  std::string state_ = EncodeVisitorTally({});
  std::map<std::string, std::string> traits_;
  std::map<std::string, std::vector<EventFacts>> sessions_;
  std::map<std::string, Counting> marks_;
};

}  // namespace monitor::funnel
