// `visitorBehaviors` of an account document: what happened in the session (campaigns.md section 2).
#include <string>
#include <utility>

#include "domain/account/account_conditions.h"
#include "domain/account/account_draft.h"
#include "domain/values/enumerators.h"

namespace monitor {
namespace {

using Rule = std::optional<BehaviorRule>;

Rule ReadVisitedLocation(const Node& node, AccountDraft& draft) {
  auto location = draft.locations.Resolve(node.Require("location"), "location");
  return VisitedLocation{location.value_or(0)};
}

Rule ReadTimeOnLocation(const Node& node, AccountDraft& draft) {
  auto location = draft.locations.Resolve(node.Require("location"), "location");
  auto seconds = node.Require("seconds").Integer("seconds", {0, 7 * 86'400});
  return TimeOnLocation{location.value_or(0), std::chrono::seconds(seconds.value_or(0))};
}

std::vector<Flow::Step> ReadSteps(const Node& node, const AccountDraft& draft) {
  std::vector<Flow::Step> steps;
  bool any_required = false;
  node.Require("steps").Each("steps", [&](const Node& step) {
    if (!step.IsObject()) return;
    auto location = draft.locations.Resolve(step.Require("location"), "location");
    bool required = step.Bool("required").value_or(true);
    any_required |= required;
    steps.push_back({location.value_or(0), required});
  });
  if (node.Has("steps") && steps.size() < 2) node.ErrorAt("steps", "must be at least two");
  if (steps.size() >= 2 && !any_required) node.ErrorAt("steps", "must have a required one");
  return steps;
}

Rule ReadFlow(const Node& node, AccountDraft& draft) {
  auto parse = [](std::string_view word) -> std::optional<Flow::Mode> {
    if (word == "abandoned") return Flow::Mode::kAbandoned;
    if (word == "backflow") return Flow::Mode::kBackflow;
    return std::nullopt;
  };
  auto mode = node.Require("mode").OneOf<Flow::Mode>("mode", parse, "\"abandoned\" or \"backflow\"");
  return Flow{mode.value_or(Flow::Mode::kAbandoned), ReadSteps(node, draft)};
}

Rule ReadCartValue(const Node& node, AccountDraft&) {
  using Change = CartValue::Change;
  auto parse = [](std::string_view word) -> std::optional<Change> {
    if (word == "decreased") return Change::kDecreased;
    if (word == "emptied") return Change::kEmptied;
    return std::nullopt;
  };
  auto change = node.OneOf<Change>("change", parse, "\"decreased\" or \"emptied\"");
  if (node.Has("change") && (node.Has("from") || node.Has("to"))) {
    node.Error("must have either change or a range, not both; write two conditions");
  }
  return CartValue{ReadDecimalRange(node, "from", "to"), change.value_or(Change::kNone)};
}

template <Products::Which kWhich>
Rule ReadProducts(const Node& node, AccountDraft&) {
  Products products{kWhich, ReadTexts(node, "name"), ReadTexts(node, "sku"), ReadTexts(node, "category"), {}};
  if (node.Has("priceFrom") || node.Has("priceTo")) products.price = ReadDecimalRange(node, "priceFrom", "priceTo");
  return products;
}

Rule ReadVisitorError(const Node& node, AccountDraft& draft) {
  VisitorError error{.number = draft.visitor_errors++};
  if (auto message = node.Text("message")) error.message = FoldCase(*message);
  if (auto code = node.Text("code")) error.code = FoldCase(*code);
  error.ordinal = node.Integer("ordinal", {1, 1'000'000}).value_or(1);
  return error;
}

Rule ReadEngagedInSession(const Node& node, AccountDraft& draft) {
  using State = EngagedInSession::State;
  auto parse = [](std::string_view word) -> std::optional<State> {
    if (word == "exposed") return State::kExposed;
    if (word == "declined") return State::kDeclined;
    if (word == "clicked") return State::kClicked;
    if (word == "interacted") return State::kInteracted;
    return std::nullopt;
  };
  auto state =
      node.Require("state").OneOf<State>("state", parse, "\"exposed\", \"declined\", \"clicked\" or \"interacted\"");
  EngagedInSession engaged{state.value_or(State::kExposed), {}};
  node.Each("engagementIds", [&](const Node& item) {
    auto id = item.AsInteger();
    if (!id) return;
    if (!draft.engagement_ids.contains(*id)) item.Error("there is no engagement with the id " + std::to_string(*id));
    engaged.engagements.push_back(*id);
  });
  return engaged;
}

Rule ReadServiceActivity(const Node& node, AccountDraft&) {
  RequireList(node, "statuses");
  auto topic = node.Require("topic").Text("topic");
  return ServiceActivity{FoldCase(topic.value_or("")), node.Integers("statuses", {0, 13})};
}

Rule ReadAbandonScore(const Node& node, AccountDraft&) { return AbandonScore{ReadDecimalRange(node, "from", "to")}; }

constexpr RuleReader<BehaviorRule> kBehaviorRules[] = {
    {"visitedLocation", &ReadVisitedLocation},
    {"timeOnLocation", &ReadTimeOnLocation},
    {"flow", &ReadFlow},
    {"cartValue", &ReadCartValue},
    {"cartProducts", &ReadProducts<Products::Which::kInCart>},
    {"viewedProduct", &ReadProducts<Products::Which::kViewed>},
    {"visitorError", &ReadVisitorError},
    {"engagedInSession", &ReadEngagedInSession},
    {"serviceActivity", &ReadServiceActivity},
    {"abandonScore", &ReadAbandonScore},
};
// One each, but one that has one for each of what it may ask.
static_assert(std::size(kBehaviorRules) == std::variant_size_v<BehaviorRule> - 1 + kEnumerators<Products::Which>);

}  // namespace

void ReadBehaviors(const Node& root, AccountDraft& draft) {
  root.Each("visitorBehaviors", [&](const Node& node) {
    if (!node.IsObject()) return;
    draft.behaviors.Declare(node, draft.library.behaviors.size());
    draft.library.behaviors.push_back(ReadConditions<BehaviorRule>(node, draft, kBehaviorRules));
  });
}

}  // namespace monitor
