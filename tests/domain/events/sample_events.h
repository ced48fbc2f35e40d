// One event of every type with every field set: what tests/golden/ holds as JSON.
#pragma once

#include <vector>

#include "domain/events/event.h"

namespace monitor {

inline Entry SampleEntry(std::int64_t engagement_id = 4101) {
  return {.campaign_id = 41,
          .engagement_id = engagement_id,
          .engagement_revision = 7,
          .zone = Zone::kProactive,
          .channel = Channel::kMessaging,
          .language = "en-US"};
}

inline SessionCreated SampleSessionCreated() {
  return {.client_properties = {.device_family = DeviceFamily::kMobile,
                                .referrer = "https://search.example/find?q=new+phone",
                                .json = R"({"deviceFamily":"MOBILE","ipAddress":"203.0.113.77","appVersion":"2.1",)"
                                        R"("referrer":"https://search.example/find?q=new+phone"})"},
          .device_family = DeviceFamily::kMobile,
          .ip_address = "203.0.113.0",
          .user_agent = "Mozilla/5.0 (Linux; Android 10; K) Mobile Safari/537.36",
          .bot = false,
          .returning = true,
          .time_zone = "Europe/Berlin",
          .currency = "EUR",
          .attribution = Attribution::kFirst,
          .attribution_period_days = 7,
          .max_age_s = 21'600};
}

inline ActivityReported SampleActivity() {
  ActivityReported data;
  data.page_id = PageId("5959334327");
  data.page_generated = true;
  data.entry_points = {"sec://Sport", "https://shop.example/cart?user=ann#pay", "lang://de"};
  data.engagement_attributes = {
      {AttributeType::kPersonal,
       R"({"type":"personal","personal":{"firstname":"Ann","contacts":[{"email":"a@b.c"}]}})"},
      {AttributeType::kPurchase, R"({"type":"purchase","total":"129.5","currency":"EUR","orderId":"o-1"})"},
      {AttributeType::kSearchInfo, R"({"type":"searchInfo","keywords":["red shoes"]})"}};
  data.goals = {{.campaign_id = 41,
                 .goal_id = 1,
                 .type = GoalType::kPurchase,
                 .attribute = 1,
                 .key = "o-1",
                 .value = Decimal::Parse("129.5"),
                 .currency = "EUR"}};
  data.identities = {{.iss = "https://id.example", .sub = "ann", .acr = "loa1", .hash = IdentityHash("aa11")},
                     {.iss = "", .sub = "guest", .acr = "0", .hash = IdentityHash("bb22")}};
  data.client_properties = ClientProperties{.json = R"({"osVersion":"17.2"})"};
  data.repeat = true;
  data.engagement_request = true;
  data.decided_at = FromUnixMs(1'795'509'750'123);
  data.account_version = 3;
  data.conversation_id = ConversationId("c-9");
  data.address_matches = {0, 4};
  data.withdrawn_contexts = {2};
  return data;
}

inline EventScope SampleScope() {
  return {AccountId("demo"), VisitorId("5e0f"), SessionId("s-1"), AppInstallationId("web")};
}

inline std::vector<Event> SampleEvents() {
  const EventScope session = SampleScope();
  const EventScope visitor{.account = session.account, .visitor = session.visitor};
  const EventScope conversation{
      .account = session.account, .visitor = session.visitor, .app_installation = session.app_installation};
  const EventScope account{.account = session.account};
  return {
      {session, SampleSessionCreated()},
      {session, SampleActivity()},
      {session, ImpressionReported{.page_id = PageId("5959334327"),
                                   .kind = ImpressionKind::kAccept,
                                   .context_id = 1,
                                   .entry = SampleEntry(),
                                   .reported_revision = 6,
                                   .repeat = true,
                                   .context_sent = false}},
      {session, ControlGroupAssigned{.scope = ControlScope::kCampaign,
                                     .campaign_id = 41,
                                     .eligible = {SampleEntry(), SampleEntry(4102)},
                                     .configuration_revision = Revision("ba7816bf8f01cfea")}},
      {session, EligibilityEstablished{{SampleEntry(4103)}}},
      {session, EngagementShown{.page_id = PageId("5959334327"),
                                .context_id = 1,
                                .entry = SampleEntry(),
                                .skill_id = 3,
                                .skill_name = "sales",
                                .window_id = "77",
                                .connector_id = 900,
                                .seed = 0x00ff00ff00ff00ff,
                                .configuration_revision = Revision("ba7816bf8f01cfea")}},
      {conversation,
       ConversationStarted{
           .conversation_id = ConversationId("c-9"),
           .identity = Identity{.iss = "https://id.example", .sub = "ann", .acr = "loa1", .hash = IdentityHash("aa11")},
           .entry = SampleEntry(),
           .session_id = session.session,
           .context_id = 1,
           .app_installation_id = session.app_installation,
           .connector_id = 900}},
      {conversation, ConversationEnded{.conversation_id = ConversationId("c-9"),
                                       .identity_hash = IdentityHash("aa11"),
                                       .entry = SampleEntry(),
                                       .session_id = session.session,
                                       .context_id = 1,
                                       .app_installation_id = session.app_installation,
                                       .connector_id = 900}},
      {session, SessionClosed{"event-cap"}},
      {account, AccountConfigured{Revision("ba7816bf8f01cfea"), "{\n  \"accountId\": \"demo\"\n}", "file:demo.json"}},
      {account, SkillAvailabilityChanged{3, SkillState::kBusy}},
      {visitor, AbandonScoreSet{*Decimal::Parse("0.75")}},
      {visitor, VisitorErased{}},
      {account, AccountRemoved{}},
      {account, AdminActionRecorded{"admin", "erase-visitor", "visitors/5e0f", "done"}},
  };
}

}  // namespace monitor
