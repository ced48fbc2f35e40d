#include "domain/funnel/funnel.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <ranges>
#include <utility>

#include "domain/values/currency.h"

namespace monitor::funnel {
namespace {

// One attribute that reached a goal: goals entries of several campaigns for it are one occurrence (funnel.md 2).
struct Occurrence {
  std::uint32_t attribute;
  GoalType type;
  std::vector<std::int64_t> campaign_ids;
  const GoalReached* goal;
};

std::vector<Occurrence> Occurrences(const std::vector<GoalReached>& goals) {
  std::vector<Occurrence> found;
  for (const GoalReached& goal : goals) {
    // An attribute's goals mostly stand together.
    const auto same = std::ranges::find_if(found.rbegin(), found.rend(), [&](const Occurrence& o) {
      return o.attribute == goal.attribute && o.type == goal.type;
    });
    if (same == found.rend()) {
      found.push_back({goal.attribute, goal.type, {goal.campaign_id}, &goal});
    } else {
      same->campaign_ids.push_back(goal.campaign_id);
    }
  }
  return found;
}

class EventFold {
 public:
  EventFold(VisitorMemory& memory, const Event& event, TimeMs time) : memory_(memory), event_(event), time_(time) {}

  void Run() {
    state_ = memory_.Tally();
    facts_.ordinal = state_.events + 1;
    facts_.time = time_;
    std::visit([this](const auto& data) { Take(data); }, event_.data);
    if (!facts_.facts.empty()) memory_.Append(session_, facts_);
    state_.latest = state_.events == 0 ? time_ : std::max(state_.latest, time_);
    ++state_.events;
    memory_.SaveTally(state_);
  }

 private:
  void Take(const SessionCreated& data) {
    memory_.SaveSession(session_, {.device = data.device_family,
                                   .bot = data.bot,
                                   .time_zone = data.time_zone,
                                   .currency = data.currency,
                                   .attribution = data.attribution,
                                   .attribution_period_days = data.attribution_period_days,
                                   .max_age_s = data.max_age_s});
  }

  void Take(const ActivityReported& data) {
    if (data.goals.empty()) return;
    GoalsReached reached{.campaign_ids = {}, .repeat = data.repeat};
    for (const GoalReached& goal : data.goals) reached.campaign_ids.push_back(goal.campaign_id);
    facts_.facts.push_back(std::move(reached));
    for (const Occurrence& occurrence : Occurrences(data.goals)) Convert(occurrence, data.repeat);
  }

  void Take(const ImpressionReported& data) {
    const bool late = state_.events > 0 && time_ < state_.latest - std::chrono::seconds(Traits().max_age_s);
    Impression impression{.dimensions = Of(data.entry),
                          .kind = data.kind,
                          .context_id = data.context_id,
                          .repeat = data.repeat,
                          .late = late};
    if (data.kind == ImpressionKind::kDisplay) Remember(impression);
    facts_.facts.push_back(std::move(impression));
  }

  void Take(const ControlGroupAssigned& data) { TakeEligible(data.eligible, true); }
  void Take(const EligibilityEstablished& data) { TakeEligible(data.eligible, false); }
  void Take(const EngagementShown& data) { facts_.facts.push_back(Eligible{Of(data.entry), false}); }

  void Take(const ConversationStarted& data) {
    if (!data.entry) return;
    if (data.session_id) session_ = *data.session_id;
    Conversation conversation{
        .dimensions = Of(*data.entry), .conversation_id = data.conversation_id.str(), .context_id = data.context_id};
    if (data.app_installation_id) conversation.dimensions.app_installation = data.app_installation_id->str();
    facts_.facts.push_back(std::move(conversation));
  }

  // Every other event counts only for the visitor's order and greatest time.
  template <class Other>
  void Take(const Other&) {}

  void TakeEligible(const std::vector<Entry>& entries, bool withheld) {
    for (const Entry& entry : entries) facts_.facts.push_back(Eligible{Of(entry), withheld});
  }

  Dimensions Of(const Entry& entry) const { return {event_.scope.app_installation.str(), entry}; }

  const SessionTraits& Traits() {
    if (!traits_) traits_ = memory_.Session(session_).value_or(SessionTraits{});
    return *traits_;
  }

  // Later conversions ask for ends only: the first and last display of a session, and of all sessions those since some
  // time. First of these can only be one that is later than all before it, which are kept by time. Last can only be one
  // without an equally late or later one behind it: there are no more of them than nodes, as a node's time never goes
  // back.
  void Remember(const Impression& display) {
    state_.displays = true;
    const bool kept = !display.repeat && !Traits().bot;
    const std::int64_t campaign_id = display.dimensions.entry.campaign_id;
    const PastDisplay past{.ordinal = facts_.ordinal,
                           .time = time_,
                           .session = session_,
                           .device = Traits().device,
                           .dimensions = display.dimensions,
                           .context_id = display.context_id};

    const DisplayList of_session{session_, campaign_id, kept};
    std::vector<PastDisplay> ends = memory_.Ends(of_session);
    ends.resize(std::min<std::size_t>(ends.size(), 1));
    ends.push_back(past);
    memory_.SaveEnds(of_session, ends);

    const DisplayList of_all{std::nullopt, campaign_id, kept};
    std::vector<PastDisplay> latest = memory_.Ends(of_all);
    if (latest.empty() || latest.front().time < time_) memory_.Add(of_all, past);
    std::erase_if(latest, [&](const PastDisplay& earlier) { return earlier.time <= time_; });
    latest.push_back(past);
    memory_.SaveEnds(of_all, latest);

    ContextState context = memory_.Context(session_, display.context_id);
    if (context.first_display && (context.first_kept_display || !kept)) return;
    if (!context.first_display) context.first_display = time_;
    if (kept) context.first_kept_display = time_;
    memory_.SaveContext(session_, display.context_id, context);
  }

  void Convert(const Occurrence& occurrence, bool repeat) {
    const Counting first = FirstOccurrence(occurrence, repeat);
    if (first == 0 || !state_.displays) return;
    const PastDisplay* gross = (first & kGross) ? Attributed(occurrence.campaign_ids, kGross) : nullptr;
    const PastDisplay* net = (first & kNet) ? Attributed(occurrence.campaign_ids, kNet) : nullptr;
    std::optional<Conversion> in_gross, in_net;
    if (gross) in_gross = Describe(*occurrence.goal, *gross, kGross);
    if (net) in_net = Describe(*occurrence.goal, *net, kNet);
    AppendConversions(std::move(in_gross), std::move(in_net));
  }

  // In which countings this is the first of its (goal type, key); without a key every one that is no repeat is.
  Counting FirstOccurrence(const Occurrence& occurrence, bool repeat) {
    const Counting kept = (repeat || Traits().bot) ? kGross : (kGross | kNet);
    if (!occurrence.goal->key) return repeat ? 0 : kept;
    const std::string mark = "goal/" + std::string(ToText(occurrence.type)) + "/" + *occurrence.goal->key;
    return kept & ~memory_.Mark(mark, kept);
  }

  const PastDisplay* Attributed(const std::vector<std::int64_t>& campaign_ids, Counting counting) {
    const PastDisplay* found = nullptr;
    for (const std::int64_t campaign_id : campaign_ids) {
      found = Preferred(found, Candidate(campaign_id, true));
      if (counting == kGross) found = Preferred(found, Candidate(campaign_id, false));
    }
    return found;
  }

  const PastDisplay* Preferred(const PastDisplay* one, const PastDisplay* other) {
    if (!one || !other) return one ? one : other;
    const bool other_is_earlier = other->ordinal < one->ordinal;
    return other_is_earlier == (Traits().attribution == Attribution::kFirst) ? other : one;
  }

  // The one of a campaign's displays, kept or not, that this event's conversions would belong to; nullptr if there is
  // none.
  const PastDisplay* Candidate(std::int64_t campaign_id, bool kept) {
    auto [found, is_new] = candidates_.try_emplace({campaign_id, kept});
    if (is_new) found->second = FindCandidate(campaign_id, kept);
    return found->second ? &*found->second : nullptr;
  }

  std::optional<PastDisplay> FindCandidate(std::int64_t campaign_id, bool kept) {
    const bool first = Traits().attribution == Attribution::kFirst;
    std::optional<PastDisplay> in_session, in_period;
    const std::vector<PastDisplay> ends = memory_.Ends({session_, campaign_id, kept});
    if (!ends.empty()) in_session = first ? ends.front() : ends.back();
    if (Traits().attribution_period_days > 0) {
      const DisplayList all{std::nullopt, campaign_id, kept};
      const TimeMs since = time_ - std::chrono::days(Traits().attribution_period_days);
      in_period = first ? memory_.FirstSince(all, since) : LastSince(all, since);
    }
    const PastDisplay* preferred = Preferred(in_session ? &*in_session : nullptr, in_period ? &*in_period : nullptr);
    return preferred ? std::optional(*preferred) : std::nullopt;
  }

  std::optional<PastDisplay> LastSince(const DisplayList& list, TimeMs time) {
    for (const PastDisplay& display : std::views::reverse(memory_.Ends(list))) {
      if (display.time >= time) return display;
    }
    return std::nullopt;
  }

  Conversion Describe(const GoalReached& goal, const PastDisplay& attributed, Counting counting) {
    Conversion conversion{
        .counting = counting,
        .dimensions = attributed.dimensions,
        .device = attributed.device,
        .display_to_conversion_ms = std::nullopt,
        .value = goal.value,
        .currency = std::string(CurrencyCode(goal.currency.empty() ? Traits().currency : goal.currency))};
    auto [found, is_new] = contexts_.try_emplace({attributed.session, attributed.context_id});
    ContextState& context = found->second;
    if (is_new) context = memory_.Context(attributed.session, attributed.context_id);
    if (context.converted & counting) return conversion;
    context.converted |= counting;
    memory_.SaveContext(attributed.session, attributed.context_id, context);
    const auto& first = counting == kNet ? context.first_kept_display : context.first_display;
    if (first) conversion.display_to_conversion_ms = (time_ - *first).count();
    return conversion;
  }

  void AppendConversions(std::optional<Conversion> gross, std::optional<Conversion> net) {
    if (gross && net) {
      Conversion both = *gross;
      both.counting = kNet;
      if (both == *net) {
        both.counting = kGross | kNet;
        facts_.facts.push_back(std::move(both));
        return;
      }
    }
    if (gross) facts_.facts.push_back(std::move(*gross));
    if (net) facts_.facts.push_back(std::move(*net));
  }

  VisitorMemory& memory_;
  const Event& event_;
  const TimeMs time_;
  SessionId session_ = event_.scope.session;
  VisitorTally state_;
  std::optional<SessionTraits> traits_;
  // What the event's conversions looked up: each once, however many they are.
  std::map<std::pair<std::int64_t, bool>, std::optional<PastDisplay>> candidates_;  // of (campaign, kept)
  std::map<std::pair<SessionId, std::uint32_t>, ContextState> contexts_;
  EventFacts facts_;
};

}  // namespace

void Fold(VisitorMemory& memory, const Event& event, TimeMs time) { EventFold(memory, event, time).Run(); }

}  // namespace monitor::funnel
