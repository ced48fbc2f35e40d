// Events of many visitors as they may come, some of every kind that the funnel counts. The same seed, the same events.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "consumers/view/view_store.h"

namespace monitor {

class RandomTraffic {
 public:
  static constexpr const char* kOrigin = "7f3a9c01.1";

  explicit RandomTraffic(std::uint64_t seed) : random_(seed) {}

  SourceEvent Configured(const std::string& account) {
    return Of(
        {.account = AccountId(account)},
        AccountConfigured{.revision = {},
                          .document = R"({"accountId":")" + account + R"(","timeZone":"Europe/Berlin","name":"Shop"})",
                          .by = ""});
  }

  SourceEvent Next() {
    now_ms_ += static_cast<std::int64_t>(Up(600'000));
    const std::string visitor = "v" + std::to_string(Up(60));
    int& sessions = sessions_[visitor];
    const bool begins = sessions == 0 || Up(8) == 0;
    sessions += begins ? 1 : 0;
    const EventScope scope{AccountId("demo"), VisitorId(visitor), SessionId("s" + std::to_string(sessions)),
                           AppInstallationId(Up(2) ? "web" : "app")};
    return Of(scope, begins ? Created() : Data());
  }

 private:
  std::uint64_t Up(std::uint64_t limit) { return random_() % limit; }

  SourceEvent Of(const EventScope& scope, EventData data) {
    ++seq_;
    return {.origin = kOrigin,
            .seq = seq_,
            .prevseq = seq_ - 1,
            .bucket = BucketOf(PartitionKey(scope.account, scope.visitor)),
            .time = FromUnixMs(now_ms_),
            .content = Event{scope, std::move(data)}};
  }

  EventData Created() {
    SessionCreated created{.bot = Up(12) == 0, .time_zone = Up(2) ? "UTC" : "Europe/Berlin", .currency = "EUR"};
    if (Up(4)) created.device_family = Up(2) ? DeviceFamily::kMobile : DeviceFamily::kDesktop;
    created.attribution = Up(2) ? Attribution::kLast : Attribution::kFirst;
    created.attribution_period_days = static_cast<int>(Up(3));
    return created;
  }

  EventData Data() {
    const std::int64_t campaign = 41 + static_cast<std::int64_t>(Up(3));
    Entry entry{.campaign_id = campaign,
                .engagement_id = campaign * 100 + static_cast<std::int64_t>(Up(2)),
                .engagement_revision = 7,
                .zone = Up(2) ? Zone::kEmbedded : Zone::kProactive,
                .language = Up(2) ? "en-US" : "de-DE"};
    const auto context = static_cast<std::uint32_t>(Up(3));
    switch (Up(10)) {
      case 0:
        return ControlGroupAssigned{.scope = ControlScope::kCampaign, .campaign_id = campaign, .eligible = {entry}};
      case 1:
        return EligibilityEstablished{.eligible = {entry}};
      case 2:
        return EngagementShown{.context_id = context, .entry = entry};
      case 3:
        return ConversationStarted{
            .conversation_id = ConversationId("c" + std::to_string(Up(200))), .entry = entry, .context_id = context};
      case 4:
      case 5: {
        ActivityReported activity{.repeat = Up(6) == 0};
        activity.goals.push_back({campaign, 1, GoalType::kPurchase, 0, std::nullopt, Decimal::Parse("12.25"), ""});
        activity.goals.back().currency = Up(2) ? "USD" : "";
        if (Up(2)) activity.goals.back().key = "k" + std::to_string(Up(20));
        return activity;
      }
      default: {
        constexpr ImpressionKind kKinds[] = {ImpressionKind::kDisplay, ImpressionKind::kDisplay,
                                             ImpressionKind::kAccept,  ImpressionKind::kExpanded,
                                             ImpressionKind::kTimeout, ImpressionKind::kClose};
        return ImpressionReported{.kind = kKinds[Up(6)], .context_id = context, .entry = entry, .repeat = Up(10) == 0};
      }
    }
  }

  std::mt19937_64 random_;
  std::uint64_t seq_ = 0;
  std::int64_t now_ms_ = 1'774'728'000'000;  // the evening before Europe leaves winter time
  std::map<std::string, int> sessions_;
};

}  // namespace monitor
