#include "domain/deciding/what_if.h"

#include <algorithm>

namespace monitor {
namespace {

// Ended sessions are dropped each time so many have begun.
constexpr std::size_t kSessionsPerSweep = 4'096;

bool BeginsOne(const RecordedRequest& recorded) {
  return std::holds_alternative<SessionCreated>(recorded.events.front().data);
}

// Impressions name the offers of the recorded course; here they mean the newest one of the same engagement, if any.
void CarryImpressions(VisitRequest& request, const SessionState& session) {
  std::erase_if(request.impressions, [&](const SentImpression& impression) {
    return session.NewestOffer(impression.campaign_id, impression.engagement_id) == nullptr;
  });
  for (SentImpression& impression : request.impressions) impression.context_id.reset();
}

std::uint32_t ConflictsAsRecorded(const RecordedRequest& recorded) {
  VisitorState visitor = recorded.visitor;
  SessionState session = recorded.session;
  auto decision = DecideRequest(recorded.request, recorded.now,
                                {*recorded.account, visitor, session, recorded.identity_conversations});
  return decision ? decision->zone_conflicts : 0;
}

}  // namespace

bool WhatIf::Asked(const RecordedRequest& recorded) const {
  if (recorded.events.front().scope.account != question_.document->id) return false;
  const TimeMs start = BeginsOne(recorded) ? recorded.now : recorded.session.created_at;
  return (!question_.from || start >= *question_.from) && (!question_.to || start < *question_.to);
}

void WhatIf::Take(const RecordedRequest& recorded) {
  if (!Asked(recorded)) return;
  const std::string stream = recorded.events.front().scope.stream().str();
  if (BeginsOne(recorded)) {
    ++report_.sessions;
    if (courses_.size() % kSessionsPerSweep == 0) DropEndedCourses(recorded.now);
    courses_[stream] = {};
  }
  auto course = courses_.find(stream);
  if (course == courses_.end()) return;  // its beginning is no longer in the log
  CountBefore(recorded, course->second);
  Decide(recorded, course->second);
}

void WhatIf::DropEndedCourses(TimeMs now) {
  std::erase_if(courses_, [&](const auto& entry) {
    const SessionState& session = entry.second.session;
    return now - session.created_at > std::chrono::seconds(session.max_age_s);
  });
}

void WhatIf::CountBefore(const RecordedRequest& recorded, Course& course) {
  for (const Event& event : recorded.events) {
    if (auto* shown = std::get_if<EngagementShown>(&event.data)) {
      ++report_.offers.before;
      ++report_.offers_by_engagement[shown->entry.engagement_id].before;
    } else if (auto* reported = std::get_if<ImpressionReported>(&event.data)) {
      if (reported->kind != ImpressionKind::kDisplay) continue;
      if (course.displayed_before.insert(reported->entry.engagement_id).second) ++report_.exposures.before;
    }
  }
  report_.zone_conflicts.before += ConflictsAsRecorded(recorded);
}

void WhatIf::Decide(const RecordedRequest& recorded, Course& course) {
  VisitRequest request = recorded.request;
  CarryImpressions(request, course.session);
  // Conditions on the address were recorded for the document then in force; the changed one judges what is stored.
  request.address_matches.reset();
  request.address = request.stored_address;
  request.draw_revision = recorded.account->account->revision;
  request.begins_session = BeginsOne(recorded);
  const AccountState changed{question_.document, recorded.account->skills, recorded.account->version};
  VisitorState visitor = recorded.visitor;
  const std::size_t displayed = course.session.displayed.size();
  auto decision =
      DecideRequest(request, recorded.now, {changed, visitor, course.session, recorded.identity_conversations});
  if (!decision) return;
  report_.exposures.after += course.session.displayed.size() - std::min(displayed, course.session.displayed.size());
  report_.zone_conflicts.after += decision->zone_conflicts;
  for (const Event& event : decision->events) {
    if (auto* shown = std::get_if<EngagementShown>(&event.data)) {
      ++report_.offers.after;
      ++report_.offers_by_engagement[shown->entry.engagement_id].after;
    }
  }
}

}  // namespace monitor
