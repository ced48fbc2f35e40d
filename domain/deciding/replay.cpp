#include "domain/deciding/replay.h"

#include <algorithm>
#include <utility>

#include "domain/events/event_codec.h"

namespace monitor {
namespace {

// Ended sessions are dropped each time so many requests were folded.
constexpr std::uint64_t kRequestsPerSweep = 65'536;

// Leaves what is sealed in clear, so that two encodings can be compared.
class Unsealed : public FieldCipher {
 public:
  std::string Seal(std::string_view plain) const override { return std::string(plain); }
  std::optional<std::string> Open(std::string_view sealed) const override { return std::string(sealed); }
};

const ActivityReported* ActivityOf(const std::vector<Event>& events) {
  for (const Event& event : events) {
    if (auto* activity = std::get_if<ActivityReported>(&event.data)) return activity;
  }
  return nullptr;
}

const SessionCreated* CreatedIn(const std::vector<Event>& events) {
  return events.empty() ? nullptr : std::get_if<SessionCreated>(&events.front().data);
}

SentImpression ImpressionOf(const ImpressionReported& reported) {
  SentImpression impression{};
  impression.kind = reported.kind;
  impression.campaign_id = reported.entry.campaign_id;
  impression.engagement_id = reported.entry.engagement_id;
  impression.revision = reported.reported_revision;
  if (reported.context_sent) impression.context_id = std::to_string(reported.context_id);
  return impression;
}

VisitRequest RequestOf(const std::vector<Event>& events, const ActivityReported& activity,
                       const SessionState& session) {
  const EventScope& scope = events.front().scope;
  const SessionCreated* created = CreatedIn(events);
  VisitRequest request;
  request.kind = activity.engagement_request ? VisitRequest::Kind::kEngagement : VisitRequest::Kind::kReport;
  request.app_installation = scope.app_installation;
  request.visitor = scope.visitor;
  if (!created) request.session = scope.session;
  request.fresh_session = scope.session;
  request.fresh_page = activity.page_id;
  if (!activity.page_generated) request.page = activity.page_id;
  request.identities = activity.identities;
  request.client_properties = activity.client_properties;
  request.entry_points = activity.entry_points;
  request.attributes = activity.engagement_attributes;
  request.address_matches = activity.address_matches;
  if (created) request.user_agent = created->user_agent;  // asked for only where a session begins
  request.stored_address = created ? created->ip_address : session.ip_address;
  for (const Event& event : events) {
    if (auto* reported = std::get_if<ImpressionReported>(&event.data))
      request.impressions.push_back(ImpressionOf(*reported));
  }
  return request;
}

// The recorded answer, if it was a conversation that this visitor's own state does not hold.
std::vector<OpenConversation> ConversationsOf(const ActivityReported& activity, const VisitorState& visitor,
                                              TimeMs now) {
  if (!activity.conversation_id) return {};
  const bool own = std::ranges::any_of(
      visitor.conversations, [&](const OpenConversation& open) { return open.id == *activity.conversation_id; });
  if (own) return {};
  OpenConversation answered;
  answered.id = *activity.conversation_id;
  answered.started_at = now;
  return {answered};
}

}  // namespace

Replayer::Replayer(OnRequest on_request) : on_request_(std::move(on_request)) {}

void Replayer::Take(RecordedEvent recorded) {
  ++counts_.events;
  if (Continues(recorded.event)) {
    group_->opened = group_->opened && recorded.opened;
    group_->events.push_back(std::move(recorded.event));
    return;
  }
  Flush();
  const EventScope& scope = recorded.event.scope;
  if (scope.visitor.empty()) return FoldAccount(recorded);
  if (scope.session.empty()) {
    Evolve(VisitorOf(scope).state, recorded.event, recorded.time);
    return;
  }
  group_.emplace(Group{std::move(recorded.position), recorded.time, {}, recorded.opened});
  group_->events.push_back(std::move(recorded.event));
}

void Replayer::Finish() { Flush(); }

// A request's events stand together, and each request has one activity, behind session-created if it began one.
bool Replayer::Continues(const Event& event) const {
  if (!group_ || event.scope.stream() != group_->events.front().scope.stream()) return false;
  if (std::holds_alternative<SessionCreated>(event.data)) return false;
  if (auto* closed = std::get_if<SessionClosed>(&event.data)) return closed->reason == "event-cap";
  if (!std::holds_alternative<ActivityReported>(event.data)) return true;
  return group_->events.size() == 1 && CreatedIn(group_->events);
}

void Replayer::Flush() {
  if (!group_) return;
  Group group = *std::exchange(group_, std::nullopt);
  const EventScope& scope = group.events.front().scope;
  Visitor& visitor = VisitorOf(scope);
  HandOver(group, visitor);
  Session& session = visitor.sessions[scope.session];
  const ActivityReported* activity = ActivityOf(group.events);
  session.opened = session.opened && group.opened;
  session.same_rules = session.same_rules && (!activity || activity->rules == kDecisionRules);
  for (const Event& event : group.events) {
    Evolve(session.state, event, group.time);
    Evolve(visitor.state, event, group.time);
  }
  // By the clock that decided, as sessions end: the log's own time may be ahead of it.
  if (++flushed_ % kRequestsPerSweep == 0) DropEndedSessions(activity ? activity->decided_at : group.time);
}

void Replayer::DropEndedSessions(TimeMs now) {
  for (auto& [key, visitor] : visitors_) {
    std::erase_if(visitor.sessions, [&](const auto& entry) {
      const SessionState& session = entry.second.state;
      return session.closed || now - session.created_at > std::chrono::seconds(session.max_age_s);
    });
  }
}

void Replayer::HandOver(const Group& group, Visitor& visitor) {
  const ActivityReported* activity = ActivityOf(group.events);
  if (!activity) return;  // session-closed at an erasure
  static const Session kNoSession;
  const EventScope& scope = group.events.front().scope;
  const SessionCreated* created = CreatedIn(group.events);
  auto known = visitor.sessions.find(scope.session);
  const auto& [session, opened, same_rules] = created || known == visitor.sessions.end() ? kNoSession : known->second;
  if (!same_rules || activity->rules != kDecisionRules) {
    ++counts_.other_rules;
    return;
  }
  if (!group.opened || !opened) {
    ++counts_.sealed;
    return;
  }
  auto account = AccountAt(scope.account, activity->account_version);
  if (!account || (!created && !session.exists())) {
    ++counts_.incomplete;
    return;
  }
  // A log that was trimmed at its beginning no longer has the earlier sessions that made this visitor a returning one.
  if (created && created->returning && visitor.state.sessions == 0) visitor.state.sessions = 1;
  ++counts_.requests;
  on_request_({.position = group.position,
               .now = activity->decided_at,
               .request = RequestOf(group.events, *activity, session),
               .events = group.events,
               .account = std::move(account),
               .visitor = visitor.state,
               .session = session,
               .identity_conversations = ConversationsOf(*activity, visitor.state, activity->decided_at)});
}

void Replayer::FoldAccount(const RecordedEvent& recorded) {
  auto& [kept, versions] = accounts_[recorded.event.scope.account];
  Evolve(kept, recorded.event.data);
  kept.version = recorded.account_version;
  auto account = versions.empty() ? nullptr : versions.rbegin()->second->account;
  if (std::holds_alternative<AccountConfigured>(recorded.event.data)) {
    account = ParseAccount(kept.document).value_or(std::move(account));
  }
  versions[kept.version] = std::make_shared<const AccountState>(std::move(account), kept.skills, kept.version);
}

Replayer::Visitor& Replayer::VisitorOf(const EventScope& scope) {
  return visitors_[PartitionKey(scope.account, scope.visitor)];
}

// nullptr: the log no longer tells all of it. What a log that was trimmed at its beginning does not tell of a skill may
// have been told before.
std::shared_ptr<const AccountState> Replayer::AccountAt(const AccountId& id, std::uint64_t version) const {
  const auto account = accounts_.find(id);
  if (account == accounts_.end()) return nullptr;
  const auto& versions = account->second.versions;
  const auto found = versions.find(version);
  if (found == versions.end() || !found->second->account) return nullptr;
  const bool from_beginning = versions.begin()->first == 1;
  const bool known = from_beginning || std::ranges::all_of(found->second->account->skills, [&](const Skill& skill) {
                       return found->second->skills.contains(skill.id);
                     });
  return known ? found->second : nullptr;
}

std::optional<std::string> VerifyRequest(const RecordedRequest& recorded) {
  VisitorState visitor = recorded.visitor;
  SessionState session = recorded.session;
  auto decision = DecideRequest(recorded.request, recorded.now,
                                {*recorded.account, visitor, session, recorded.identity_conversations});
  if (!decision) return "it is refused now: " + decision.error().message;
  if (decision->events.size() != recorded.events.size()) {
    return "it makes " + std::to_string(decision->events.size()) + " events now, " +
           std::to_string(recorded.events.size()) + " are recorded";
  }
  const Unsealed cipher;
  for (std::size_t i = 0; i < recorded.events.size(); ++i) {
    if (EncodeEventData(decision->events[i], cipher) != EncodeEventData(recorded.events[i], cipher)) {
      return "its event " + std::to_string(i + 1) + " (" + std::string(TypeName(recorded.events[i].data)) +
             ") has other data now";
    }
  }
  return std::nullopt;
}

}  // namespace monitor
