// The events that requests bring, as the benchmarks need them: whole and of a usual size.
#pragma once

#include <vector>

#include "domain/events/event.h"

namespace monitor::bench {

// A session of so many pages, each with an engagement request, an offer and a click on it.
inline std::vector<Event> SessionEvents(const VisitorId& visitor, int pages) {
  const EventScope scope{AccountId("shop50"), visitor, SessionId("fedcba9876543210fedcba9876543210"),
                         AppInstallationId("web")};
  const Entry entry{.campaign_id = 41,
                    .engagement_id = 4101,
                    .engagement_revision = 7,
                    .zone = Zone::kProactive,
                    .channel = Channel::kMessaging,
                    .language = "en-US"};
  SessionCreated created{.device_family = DeviceFamily::kDesktop,
                         .ip_address = "203.0.113.0",
                         .user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0",
                         .time_zone = "Europe/Berlin",
                         .currency = "EUR",
                         .max_age_s = 21'600};
  ActivityReported activity;
  activity.page_id = PageId("5959334327");
  activity.entry_points = {"https://shop.example/boots/boots-77?utm_source=mail&utm_campaign=autumn", "sec://boots",
                           "sec://product", "lang://en-US"};
  activity.client_properties =
      ClientProperties{DeviceFamily::kDesktop, "", R"({"deviceFamily":"DESKTOP","os":"WINDOWS","appVersion":"4.2.0"})"};
  activity.engagement_attributes = {
      {AttributeType::kProdView, R"({"type":"prodView","currency":"EUR","products":[{"product":{"name":"Ridge GTX",)"
                                 R"("category":"boots","sku":"B-4711","price":"189.9"}}]})"},
      {AttributeType::kCart,
       R"({"type":"cart","total":"189.9","currency":"EUR","numItems":1,"products":[{"product":)"
       R"({"name":"Ridge GTX","category":"boots","sku":"B-4711","price":"189.9"},"quantity":1}]})"}};
  activity.engagement_request = true;
  activity.decided_at = FromUnixMs(1'795'514'400'000);
  activity.account_version = 3;
  const EngagementShown shown{.page_id = activity.page_id,
                              .context_id = 1,
                              .entry = entry,
                              .skill_id = 3,
                              .skill_name = "sales",
                              .window_id = "77",
                              .connector_id = 900,
                              .seed = 0x00ff00ff00ff00ff,
                              .configuration_revision = Revision("ba7816bf8f01cfea")};
  const ImpressionReported impression{
      .page_id = activity.page_id, .kind = ImpressionKind::kAccept, .context_id = 1, .entry = entry};
  std::vector<Event> events = {{scope, created}};
  for (int page = 0; page < pages; ++page)
    events.insert(events.end(), {{scope, activity}, {scope, shown}, {scope, impression}});
  return events;
}

}  // namespace monitor::bench
