#include "domain/deciding/session_transcript.h"

#include <algorithm>
#include <variant>

namespace monitor {
namespace {

void TakeActivity(SessionTranscript& transcript, const ActivityReported& activity) {
  auto page = std::ranges::find(transcript.pages, activity.page_id, &SessionTranscript::Page::id);
  if (page == transcript.pages.end()) page = transcript.pages.insert(page, {activity.page_id, {}});
  for (const std::string& point : activity.entry_points) {
    if (std::ranges::find(page->entry_points, point) == page->entry_points.end()) page->entry_points.push_back(point);
  }
  if (activity.client_properties) transcript.client_properties_json = activity.client_properties->json;
  transcript.attributes.insert(transcript.attributes.end(), activity.engagement_attributes.begin(),
                               activity.engagement_attributes.end());
}

}  // namespace

void Evolve(SessionTranscript& transcript, const Event& event) {
  if (const auto* created = std::get_if<SessionCreated>(&event.data)) {
    transcript.user_agent = created->user_agent;
    transcript.client_properties_json = created->client_properties.json;
  } else if (const auto* activity = std::get_if<ActivityReported>(&event.data)) {
    TakeActivity(transcript, *activity);
  }
}

}  // namespace monitor
