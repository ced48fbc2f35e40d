#include "domain/deciding/session_transcript.h"

#include <variant>

namespace monitor {
namespace {

void TakeActivity(SessionTranscript& transcript, const ActivityReported& activity) {
  const auto [place, first] = transcript.page_places.emplace(activity.page_id, transcript.pages.size());
  if (first) transcript.pages.push_back({activity.page_id, {}});
  SessionTranscript::Page& page = transcript.pages[place->second];
  for (const std::string& point : activity.entry_points) {
    if (page.said.insert(point).second) page.entry_points.push_back(point);
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
