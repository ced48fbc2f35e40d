#include "consumers/alerts/alert_reading.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace monitor {

AlertReading::AlertReading(Instances& instances, const Instances::Moment& moment, AccountId account, TimeMs time,
                           std::function<bool()> abandoned)
    : instances_(instances),
      moment_(moment),
      account_(std::move(account)),
      time_(time),
      abandoned_(std::move(abandoned)) {}

// The last minutes have no end: a node's clock may be a little ahead of ours.
std::optional<AlertNumbers> AlertReading::Of(const Alert& alert) {
  const std::chrono::minutes minutes(alert.minutes);
  AlertNumbers numbers;
  Question last{.from = time_ - minutes};
  if (alert.when == AlertWhen::kNeverEligible) last.counting = funnel::kGross;
  const auto row = RowOf(alert, last);
  if (!row) return std::nullopt;
  switch (alert.when) {
    case AlertWhen::kAcceptRateBelow:
      numbers.exposures = row->exposures;
      numbers.accepted_pairs = row->accepted_pairs;
      break;
    case AlertWhen::kNeverEligible: {
      numbers.prospects = row->prospects;
      last.by_engagement = alert.engagement_id.has_value();
      const auto visitors = Ask(last)->newest_event;
      numbers.visitors = visitors && *visitors >= last.from;
      break;
    }
    case AlertWhen::kGoalStopped: {
      const auto before = RowOf(alert, {.from = last.from - minutes, .to = last.from});
      if (!before) return std::nullopt;
      numbers.conversions = row->conversions;
      numbers.conversions_before = before->conversions;
      break;
    }
  }
  return numbers;
}

const Instances::Sum* AlertReading::Ask(Question question) {
  using enum funnel::Breakdown;
  const auto [place, is_new] = asked_.try_emplace(question);
  if (is_new) {
    funnel::Query query{.by = {kCampaign}, .counting = question.counting, .from = question.from, .to = question.to};
    if (question.by_engagement) query.by.push_back(kEngagement);
    auto sum = instances_.Count(moment_, account_, query, abandoned_);
    if (sum && sum->complete && sum->whole.missing.empty()) place->second = *std::move(sum);
  }
  return place->second ? &*place->second : nullptr;
}

std::optional<funnel::Row> AlertReading::RowOf(const Alert& alert, Question question) {
  question.by_engagement = alert.engagement_id.has_value();
  const Instances::Sum* const sum = Ask(question);
  if (sum == nullptr) return std::nullopt;
  const auto found = std::ranges::find_if(sum->rows, [&](const funnel::Row& row) {
    return row.key.campaign_id == alert.campaign_id && row.key.engagement_id == alert.engagement_id.value_or(0);
  });
  return found == sum->rows.end() ? funnel::Row() : *found;
}

}  // namespace monitor
