#include "domain/funnel.h"

#include <algorithm>
#include <chrono>

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
    auto same = std::ranges::find_if(
        found, [&](const Occurrence& o) { return o.attribute == goal.attribute && o.type == goal.type; });
    if (same == found.end()) {
      found.push_back({goal.attribute, goal.type, {goal.campaign_id}, &goal});
    } else {
      same->campaign_ids.push_back(goal.campaign_id);
    }
  }
  return found;
}

struct Display {
  SessionId session;
  std::optional<DeviceFamily> device;
  std::uint64_t ordinal;
  TimeMs time;
  Impression impression;
  Counting counting;
};

class EventFold {
 public:
  EventFold(VisitorMemory& memory, const Event& event, TimeMs time) : memory_(memory), event_(event), time_(time) {}

  void Run() {
    state_ = memory_.State();
    facts_.ordinal = state_.events + 1;
    facts_.time = time_;
    std::visit([this](const auto& data) { Take(data); }, event_.data);
    if (!facts_.facts.empty()) memory_.Append(session_, facts_);
    state_.latest = state_.events == 0 ? time_ : std::max(state_.latest, time_);
    ++state_.events;
    memory_.SaveState(state_);
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
    if (data.kind == ImpressionKind::kDisplay) state_.displays = true;
    facts_.facts.push_back(Impression{.dimensions = Of(data.entry),
                                      .kind = data.kind,
                                      .context_id = data.context_id,
                                      .repeat = data.repeat,
                                      .late = late});
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

  void Convert(const Occurrence& occurrence, bool repeat) {
    const Counting first = FirstOccurrence(occurrence, repeat);
    if (first == 0 || !state_.displays) return;
    const std::vector<Display> displays = DisplaysOf(occurrence.campaign_ids);
    const Display* gross = (first & kGross) ? Attributed(displays, kGross) : nullptr;
    const Display* net = (first & kNet) ? Attributed(displays, kNet) : nullptr;
    std::optional<Conversion> in_gross, in_net;
    if (gross) in_gross = Describe(occurrence, displays, *gross, kGross);
    if (net) in_net = Describe(occurrence, displays, *net, kNet);
    AppendConversions(std::move(in_gross), std::move(in_net));
  }

  // In which countings this is the first of its (goal type, key); without a key every one that is no repeat is.
  Counting FirstOccurrence(const Occurrence& occurrence, bool repeat) {
    const Counting kept = (repeat || Traits().bot) ? kGross : (kGross | kNet);
    if (!occurrence.goal->key) return repeat ? 0 : kept;
    const std::string mark = "goal/" + std::string(ToText(occurrence.type)) + "/" + *occurrence.goal->key;
    return kept & ~memory_.Mark(mark, kept);
  }

  // Earlier displays of these campaigns, in log order.
  std::vector<Display> DisplaysOf(const std::vector<std::int64_t>& campaign_ids) {
    std::vector<Display> displays;
    const bool across = Traits().attribution_period_days > 0;
    memory_.ForEachDisplay(across ? nullptr : &session_, [&](const PastDisplay& past) {
      const Impression& impression = past.impression;
      if (std::ranges::find(campaign_ids, impression.dimensions.entry.campaign_id) == campaign_ids.end()) return;
      const bool kept = !impression.repeat && !past.traits.bot;
      displays.push_back({past.session, past.traits.device, past.ordinal, past.time, impression,
                          static_cast<Counting>(kept ? kGross | kNet : kGross)});
    });
    std::ranges::sort(displays, {}, &Display::ordinal);
    return displays;
  }

  const Display* Attributed(const std::vector<Display>& displays, Counting counting) {
    const Display* found = nullptr;
    for (const Display& display : displays) {
      if (!(display.counting & counting) || !InPeriod(display)) continue;
      found = &display;
      if (Traits().attribution == Attribution::kFirst) break;
    }
    return found;
  }

  bool InPeriod(const Display& display) {
    return display.session == session_ || time_ - display.time <= std::chrono::days(Traits().attribution_period_days);
  }

  Conversion Describe(const Occurrence& occurrence, const std::vector<Display>& displays, const Display& attributed,
                      Counting counting) {
    const GoalReached& goal = *occurrence.goal;
    Conversion conversion{.counting = counting,
                          .dimensions = attributed.impression.dimensions,
                          .device = attributed.device,
                          .display_to_conversion_ms = std::nullopt,
                          .value = goal.value,
                          .currency = goal.currency.empty() ? Traits().currency : goal.currency};
    const std::string mark =
        "context/" + attributed.session.str() + "/" + std::to_string(attributed.impression.context_id);
    if (memory_.Mark(mark, counting) & counting) return conversion;
    const auto first = std::ranges::find_if(displays, [&](const Display& display) {
      return (display.counting & counting) && display.session == attributed.session &&
             display.impression.context_id == attributed.impression.context_id;
    });
    conversion.display_to_conversion_ms = (time_ - first->time).count();
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
  VisitorState state_;
  std::optional<SessionTraits> traits_;
  EventFacts facts_;
};

}  // namespace

void Fold(VisitorMemory& memory, const Event& event, TimeMs time) { EventFold(memory, event, time).Run(); }

}  // namespace monitor::funnel
