#include "domain/deciding/goals.h"

#include <algorithm>

#include "domain/values/json.h"
#include "domain/values/whole_number.h"

namespace monitor {
namespace {

using json::Value;

constexpr char kKeySeparator = '\x1f';  // events.md section 2: U+001F

std::optional<GoalType> GoalTypeOf(AttributeType type) {
  switch (type) {
    case AttributeType::kPurchase:
      return GoalType::kPurchase;
    case AttributeType::kLead:
      return GoalType::kLead;
    case AttributeType::kService:
      return GoalType::kService;
    default:
      return std::nullopt;
  }
}

std::string_view TextOf(const Value* object, std::string_view name) {
  const Value* value = object ? object->Find(name) : nullptr;
  return value ? value->text() : std::string_view{};
}

// An empty id names nothing: it would make all of a visitor's purchases one.
std::optional<std::string> KeyOf(std::string_view id) {
  if (id.empty()) return std::nullopt;
  return std::string(id);
}

// What one attribute brings, whichever campaigns ask for it.
struct Achievement {
  std::optional<std::string> key;
  std::optional<Decimal> value;
  std::string currency;
  std::optional<std::int64_t> service_status;
};

Achievement ReadService(const Value* service) {
  Achievement achievement;
  const std::string_view status = TextOf(service, "status");
  achievement.service_status = ParseWhole<std::int64_t>(status);
  achievement.key = KeyOf(TextOf(service, "serviceId"));
  if (achievement.key) {
    ((*achievement.key += kKeySeparator) += TextOf(service, "topic")) += kKeySeparator;
    *achievement.key += status;
  }
  return achievement;
}

Achievement ReadAchievement(GoalType type, const Value& root) {
  if (type == GoalType::kService) return ReadService(root.Find("service"));
  const bool lead = type == GoalType::kLead;
  const Value* body = lead ? root.Find("lead") : &root;
  Achievement achievement;
  achievement.key = KeyOf(TextOf(body, lead ? "leadId" : "orderId"));
  achievement.value = Decimal::Parse(TextOf(body, lead ? "value" : "total"));
  achievement.currency = TextOf(body, "currency");
  return achievement;
}

bool Fits(const Goal& goal, GoalType type, const Achievement& achievement) {
  if (goal.type != type) return false;
  if (type != GoalType::kService) return true;
  return achievement.service_status &&
         std::ranges::find(goal.service_statuses, *achievement.service_status) != goal.service_statuses.end();
}

}  // namespace

std::vector<GoalReached> GoalsOf(const Account& account, std::span<const Attribute> attributes) {
  std::vector<GoalReached> reached;
  for (std::uint32_t index = 0; index < attributes.size(); ++index) {
    const auto type = GoalTypeOf(attributes[index].type);
    if (!type) continue;
    auto document = json::Document::Parse(attributes[index].json);
    if (!document) continue;
    const Achievement achievement = ReadAchievement(*type, document->root());
    for (const Campaign& campaign : account.campaigns) {
      if (!campaign.goal) continue;
      const Goal& goal = account.goals[*campaign.goal];
      if (!Fits(goal, *type, achievement)) continue;
      reached.push_back({campaign.id, goal.id, *type, index, achievement.key, achievement.value, achievement.currency});
    }
  }
  return reached;
}

}  // namespace monitor
