#include "tests/domain/deciding/scene.h"

#include <gtest/gtest.h>

namespace monitor::testing {

void Scene::Configure(std::string document) {
  auto parsed = ParseAccount(std::move(document));
  if (!parsed) {
    for (const DocumentError& error : parsed.error()) ADD_FAILURE() << error.path << ": " << error.message;
    return;
  }
  account.account = *std::move(parsed);
  ++account.version;
}

VisitRequest Scene::Request(VisitRequest::Kind kind, const std::string& visitor) {
  VisitRequest request;
  request.kind = kind;
  request.app_installation = AppInstallationId("web");
  request.visitor = VisitorId(visitor);
  const std::string& newest = visitors[visitor].newest_session;
  if (!newest.empty()) request.session = SessionId(newest);
  request.fresh_session = SessionId("s" + std::to_string(sessions_begun_ + 1));
  request.fresh_page = PageId(std::to_string(1'000'000'000 + ++requests_));
  return request;
}

std::expected<Decision, Refusal> Scene::Run(const VisitRequest& request, TimeMs now) {
  SceneVisitor& visitor = visitors[request.visitor.str()];
  const auto conversations = ConversationsOf(request);
  SessionState session = SessionOf(request);
  auto decision = DecideRequest(request, now, {account, visitor.state, session, conversations});
  if (!decision) return decision;
  for (const Event& event : decision->events) visitor.events.emplace_back(event, now);
  if (decision->new_session) ++sessions_begun_;
  visitor.newest_session = decision->session.str();
  visitor.sessions[decision->session.str()] = std::move(session);
  return decision;
}

std::vector<Judgement> Scene::Explain(const VisitRequest& request, TimeMs now) {
  const auto conversations = ConversationsOf(request);
  return monitor::Explain(request, now, account, visitors[request.visitor.str()].state, SessionOf(request),
                          conversations);
}

void Scene::Tell(const std::string& visitor, EventData data, TimeMs now) {
  SceneVisitor& told = visitors[visitor];
  Event event{{account.account->id, VisitorId(visitor), {}, {}}, std::move(data)};
  Evolve(told.state, event, now);
  told.events.emplace_back(std::move(event), now);
}

std::vector<OpenConversation> Scene::ConversationsOf(const VisitRequest& request) const {
  std::vector<OpenConversation> found;
  for (const Identity& identity : request.identities) {
    if (!identity.authenticated()) continue;
    for (const auto& [name, visitor] : visitors) {
      for (const OpenConversation& open : visitor.state.conversations) {
        if (open.identity == identity.hash) found.push_back(open);
      }
    }
  }
  return found;
}

SessionState Scene::SessionOf(const VisitRequest& request) {
  if (!request.session) return {};
  const auto& sessions = visitors[request.visitor.str()].sessions;
  auto found = sessions.find(request.session->str());
  return found == sessions.end() ? SessionState{} : found->second;
}

void ExpectSameSession(const SessionState& actual, const SessionState& expected) {
#define SAME(field) EXPECT_TRUE(actual.field == expected.field) << #field " of " << expected.id.str()
  SAME(id);
  SAME(version);
  SAME(created_at);
  SAME(last_activity_at);
  SAME(closed);
  SAME(bot);
  SAME(returning);
  SAME(device_family);
  SAME(ip_address);
  SAME(max_age_s);
  SAME(address_matches);
  SAME(address_matches_version);
  SAME(activities);
  SAME(last_context);
  SAME(pages);
  SAME(newest_page);
  SAME(views);
  SAME(newest_page_sent);
  SAME(referrers);
  SAME(offered);
  SAME(offers);
  SAME(established);
  SAME(withheld_account);
  SAME(withheld_campaign);
  SAME(displayed);
  SAME(clicked);
  SAME(closed_engagements);
  SAME(proactive_displays);
  SAME(proactive_declined);
  SAME(attributes);
  SAME(utterances);
#undef SAME
}

void ExpectFoldOfEvents(const SceneVisitor& visitor) {
  VisitorState state;
  std::map<std::string, SessionState> sessions;
  for (const auto& [event, time] : visitor.events) {
    Evolve(state, event, time);
    if (!event.scope.session.empty()) Evolve(sessions[event.scope.session.str()], event, time);
  }
  EXPECT_EQ(visitor.state, state);
  ASSERT_EQ(visitor.sessions.size(), sessions.size());
  for (const auto& [id, session] : sessions) ExpectSameSession(visitor.sessions.at(id), session);
}

}  // namespace monitor::testing
