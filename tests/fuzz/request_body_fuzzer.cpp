// Any body is refused with a message, or accepted into attributes that are valid, bounded JSON whose validation changes
// nothing more (a stored attribute must read back as it was judged).
#include <cstdlib>
#include <string>

#include "api/requests/request_json.h"

namespace {

void CheckAttributes(const monitor::RequestBody& body) {
  if (body.attributes.size() > monitor::kMaxAttributes || body.entry_points.size() > monitor::kMaxEntryPoints) abort();
  std::string again = R"({"engagementAttributes":[)";
  for (const monitor::Attribute& attribute : body.attributes) {
    if (again.back() != '[') again += ',';
    again += attribute.json;
  }
  again += "]}";
  auto second = monitor::ParseRequestBody(again, monitor::VisitRequest::Kind::kEngagement);
  if (!second || second->attributes.size() != body.attributes.size()) abort();
  for (std::size_t i = 0; i < body.attributes.size(); ++i) {
    if (second->attributes[i].json != body.attributes[i].json) abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (auto kind : {monitor::VisitRequest::Kind::kEngagement, monitor::VisitRequest::Kind::kReport}) {
    auto body = monitor::ParseRequestBody(text, kind);
    if (!body && body.error().message.empty()) abort();
    if (body) CheckAttributes(*body);
  }
  auto events = monitor::ParseEventsBody(text);
  if (events) CheckAttributes(*events);
  return 0;
}
