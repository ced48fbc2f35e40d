// A stage for decisions: visitors with their sessions, one account, a clock that is told. What monitord does around
// DecideRequest, without disk and threads. Every event is kept, so that a plain fold can be compared.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "domain/deciding/decide.h"

namespace monitor::testing {

struct SceneVisitor {
  VisitorState state;
  std::map<std::string, SessionState> sessions;
  std::string newest_session;
  std::vector<std::pair<Event, TimeMs>> events;  // of all its streams
};

class Scene {
 public:
  // Fails the test on a document that is refused.
  void Configure(std::string document);
  void SetSkill(std::int64_t id, SkillState state) {
    account.skills[id] = state;
    ++account.version;
  }

  // Requests of `visitor`, by default in its newest session; the ids that may be needed are filled in.
  VisitRequest Request(VisitRequest::Kind kind, const std::string& visitor);
  std::expected<Decision, Refusal> Run(const VisitRequest& request, TimeMs now);
  std::vector<Judgement> Explain(const VisitRequest& request, TimeMs now);
  // An event of the visitor's own stream.
  void Tell(const std::string& visitor, EventData data, TimeMs now);

  AccountState account;
  std::map<std::string, SceneVisitor> visitors;

 private:
  std::vector<OpenConversation> ConversationsOf(const VisitRequest& request) const;
  SessionState SessionOf(const VisitRequest& request);

  int sessions_begun_ = 0;
  int requests_ = 0;
};

// Every field but the memos, which no event tells. Prints what differs.
void ExpectSameSession(const SessionState& actual, const SessionState& expected);
// The visitor's states are what a plain fold of its events gives.
void ExpectFoldOfEvents(const SceneVisitor& visitor);

}  // namespace monitor::testing
