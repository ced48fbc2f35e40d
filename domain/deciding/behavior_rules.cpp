// What happened in the session: the rules of visitor behaviours.
#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "domain/deciding/location_memo.h"
#include "domain/deciding/rules.h"

namespace monitor {
namespace {

// A page lasts until the next page's first request, the last one until now.
bool SpentOn(const TimeOnLocation& rule, const SessionState& session, TimeMs now) {
  std::chrono::milliseconds spent{0};
  bool matched = false;
  for (std::size_t i = 0; i < session.pages.size(); ++i) {
    if (!PageMatches(session, i, rule.location)) continue;
    TimeMs left = i + 1 < session.pages.size() ? session.pages[i + 1].first_seen : now;
    matched = true;
    spent += left - session.pages[i].first_seen;
  }
  return matched && spent >= rule.at_least;
}

// The way of a session's pages through a flow's steps.
class FlowWalk {
 public:
  FlowWalk(const Flow& flow, const SessionState& session)
      : flow_(flow), session_(session), last_(flow.steps.size() - 1) {
    for (std::size_t page = 0; page < session.pages.size(); ++page) Enter(page);
  }

  bool Abandoned() const { return first_required_entered_ && !last_entered_ && !MatchesAnyStep(session_.newest_page); }
  bool FlowedBack() const { return flowed_back_ && !completed_; }

 private:
  bool Matches(std::size_t page, std::size_t step) const {
    return PageMatches(session_, page, flow_.steps[step].location);
  }

  bool MatchesAnyStep(std::size_t page) const {
    for (std::size_t step = 0; step <= last_; ++step) {
      if (Matches(page, step)) return true;
    }
    return false;
  }

  std::size_t SkipOptional(std::size_t step) const {
    while (step <= last_ && !flow_.steps[step].required) ++step;
    return step;
  }

  // A page that fits several steps stands for the latest of them when it is asked whether the visitor went back.
  void Enter(std::size_t page) {
    std::optional<std::size_t> here;
    for (std::size_t step = 0; step <= last_; ++step) {
      if (Matches(page, step)) here = step;
    }
    if (!here) return;
    const std::size_t first_required = SkipOptional(0);
    first_required_entered_ = first_required_entered_ || Matches(page, first_required);
    while (next_required_ <= last_ && Matches(page, next_required_)) next_required_ = SkipOptional(next_required_ + 1);
    last_entered_ = last_entered_ || *here == last_;
    completed_ = completed_ || (*here == last_ && next_required_ > last_);
    bool went_back = *here < position_;
    flowed_back_ = flowed_back_ || (went_back && WasEnteredBefore(page, *here));
    position_ = *here;
  }

  bool WasEnteredBefore(std::size_t page, std::size_t step) const {
    for (std::size_t earlier = 0; earlier < page; ++earlier) {
      if (Matches(earlier, step)) return true;
    }
    return false;
  }

  const Flow& flow_;
  const SessionState& session_;
  const std::size_t last_;
  std::size_t next_required_ = SkipOptional(0);  // beyond last_: all were entered in order
  std::size_t position_ = 0;                     // the step of the newest page that had one
  bool first_required_entered_ = false;
  bool last_entered_ = false;
  bool completed_ = false;
  bool flowed_back_ = false;
};

bool NameFits(const std::string& value, const FoldedTexts& wanted) {
  return wanted.empty() ||
         std::ranges::any_of(wanted, [&](const std::string& one) { return EqualsFolded(value, one); });
}

bool Fits(const Product& product, const Products& rule) {
  bool price_fits = !rule.price || (product.price && rule.price->Holds(*product.price));
  return price_fits && NameFits(product.name, rule.name) && NameFits(product.sku, rule.sku) &&
         NameFits(product.category, rule.category);
}

bool ContainsAny(const std::set<std::int64_t>& engagements, const std::vector<std::int64_t>& wanted) {
  if (wanted.empty()) return !engagements.empty();
  return std::ranges::any_of(wanted, [&](std::int64_t id) { return engagements.contains(id); });
}

bool Interacted(const EngagedInSession& rule, const Evidence& evidence) {
  return std::ranges::any_of(evidence.visitor.interactions, [&](const VisitorState::Interaction& interaction) {
    if (interaction.session != evidence.session.id) return false;
    return rule.engagements.empty() ||
           std::ranges::find(rule.engagements, interaction.engagement_id) != rule.engagements.end();
  });
}

struct BehaviorMatcher {
  const Evidence& evidence;
  const SessionState& session = evidence.session;
  const AttributeState& attributes = evidence.session.attributes;

  bool operator()(const VisitedLocation& rule) const { return WasVisited(session, rule.location); }
  bool operator()(const TimeOnLocation& rule) const { return SpentOn(rule, session, evidence.now); }
  bool operator()(const Flow& rule) const {
    if (session.pages.empty()) return false;
    FlowWalk walk(rule, session);
    return rule.mode == Flow::Mode::kAbandoned ? walk.Abandoned() : walk.FlowedBack();
  }
  bool operator()(const CartValue& rule) const {
    const CartState& cart = attributes.cart;
    switch (rule.change) {
      case CartValue::Change::kDecreased:
        return cart.total && cart.previous_total && *cart.total < *cart.previous_total;
      case CartValue::Change::kEmptied:
        return cart.num_items == 0;
      case CartValue::Change::kNone:
        break;
    }
    return cart.total && rule.total.Holds(*cart.total);
  }
  bool operator()(const Products& rule) const {
    bool in_cart = rule.which == Products::Which::kInCart;
    const std::vector<Product>& products = in_cart ? attributes.cart_products : attributes.viewed_products;
    return std::ranges::any_of(products, [&](const Product& product) { return Fits(product, rule); });
  }
  bool operator()(const VisitorError& rule) const {
    const auto earlier = std::ranges::count(attributes.fitting_errors, rule.number, &FittingError::rule);
    const auto fits = [&](const SessionError& error) { return Fits(error, rule); };
    return earlier + std::ranges::count_if(attributes.errors, fits) >= rule.ordinal;
  }
  bool operator()(const EngagedInSession& rule) const {
    switch (rule.state) {
      case EngagedInSession::State::kExposed:
        return ContainsAny(session.displayed, rule.engagements);
      case EngagedInSession::State::kDeclined:
        return ContainsAny(session.closed_engagements, rule.engagements);
      case EngagedInSession::State::kClicked:
        return ContainsAny(session.clicked, rule.engagements);
      case EngagedInSession::State::kInteracted:
        break;
    }
    return Interacted(rule, evidence);
  }
  bool operator()(const ServiceActivity& rule) const {
    auto newest = attributes.service_status.find(rule.folded_topic);
    return newest != attributes.service_status.end() &&
           std::ranges::find(rule.statuses, newest->second) != rule.statuses.end();
  }
  bool operator()(const AbandonScore& rule) const {
    const std::optional<Decimal>& score = evidence.visitor.abandon_score;
    return score && rule.score.Holds(*score);
  }
};

}  // namespace

bool Fits(const SessionError& error, const VisitorError& rule) {
  if (error.resolved) return false;
  if (rule.code && !EqualsFolded(error.code, *rule.code)) return false;
  return !rule.message || FoldCase(error.message).contains(*rule.message);
}

bool Holds(const BehaviorRule& rule, const Evidence& evidence) { return std::visit(BehaviorMatcher{evidence}, rule); }

}  // namespace monitor
