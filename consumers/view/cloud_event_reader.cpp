#include "consumers/view/cloud_event_reader.h"

#include <optional>

#include "domain/events/event_codec.h"
#include "domain/events/event_privacy.h"
#include "domain/values/json.h"
#include "domain/values/whole_number.h"

namespace monitor {
namespace {

constexpr std::string_view kTypePrefix = "monitor.";
// An account document is one event: far larger than a request, still bounded.
constexpr json::Limits kEventLimits{.max_depth = 64, .max_nodes = 4'000'000};

std::string_view TextOf(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value ? value->text() : std::string_view();
}

std::expected<SourceEvent, std::string> Place(const EventAttributes& attributes) {
  const auto seq_number = ParseWhole<std::uint64_t>(attributes.seq);
  const auto prevseq_number = ParseWhole<std::uint64_t>(attributes.prevseq);
  const auto bucket_number = ParseWhole<Bucket>(attributes.bucket);
  const auto instant = ParseRfc3339(attributes.time);
  if (attributes.origin.empty() || attributes.origin.size() > 32) {
    return std::unexpected("origin: missing or too long");
  }
  if (!seq_number || *seq_number == 0) return std::unexpected("seq: no positive number");
  if (!prevseq_number || *prevseq_number >= *seq_number) return std::unexpected("prevseq: no number below seq");
  if (!bucket_number) return std::unexpected("bucket: no number from 0 to 255");
  if (!attributes.type.starts_with(kTypePrefix)) return std::unexpected("type: does not begin with monitor.");
  if (!instant) return std::unexpected("time: not RFC 3339");
  return SourceEvent{.origin = std::string(attributes.origin),
                     .seq = *seq_number,
                     .prevseq = *prevseq_number,
                     .bucket = *bucket_number,
                     .time = *instant,
                     .content = {}};
}

// Why these ids can not be an event's of this bucket; empty if they can.
std::string_view RefuseScope(const EventScope& scope, Bucket bucket) {
  const bool of_node = scope.account.empty() && scope.visitor.empty() && scope.session.empty();
  if (!of_node && !IsWellFormedAccountId(scope.account.str())) return "accountId: malformed";
  if (!scope.visitor.empty() && !IsWellFormedVisitorId(scope.visitor.str())) return "visitorId: malformed";
  if (!scope.session.empty() && !IsWellFormedSessionId(scope.session.str())) return "sessionId: malformed";
  if (BucketOf(PartitionKey(scope.account, scope.visitor)) != bucket) return "bucket: not that of the event's key";
  return {};
}

// `data` is null if it is no JSON.
void ReadContent(SourceEvent& event, const EventAttributes& attributes, const json::Value* data) {
  const EventSchema schema{attributes.type.substr(kTypePrefix.size()), VersionIn(attributes.dataschema)};
  auto content = DecodeEventData(schema, data ? *data : json::Value(), NoKey());
  if (!content) {
    event.unknown = content.error().unknown;
    event.content = std::unexpected(content.error().message);
  } else if (const auto refusal = RefuseScope(content->scope, event.bucket); !refusal.empty()) {
    event.content = std::unexpected(std::string(refusal));
  } else {
    event.content = *std::move(content);
  }
}

}  // namespace

std::expected<SourceEvent, std::string> ParseCloudEvent(std::string_view json) {
  const auto document = json::Document::Parse(json, kEventLimits);
  if (!document) return std::unexpected("not JSON: " + document.error().message);
  const json::Value& root = document->root();
  const EventAttributes attributes{.origin = TextOf(root, "origin"),
                                   .seq = TextOf(root, "seq"),
                                   .prevseq = TextOf(root, "prevseq"),
                                   .bucket = TextOf(root, "bucket"),
                                   .type = TextOf(root, "type"),
                                   .time = TextOf(root, "time"),
                                   .dataschema = TextOf(root, "dataschema")};
  auto event = Place(attributes);
  if (event) ReadContent(*event, attributes, root.Find("data"));
  return event;
}

std::expected<SourceEvent, std::string> ParseCloudEvent(const EventAttributes& attributes, std::string_view data) {
  auto event = Place(attributes);
  if (!event) return event;
  const auto document = json::Document::Parse(data, kEventLimits);
  ReadContent(*event, attributes, document ? &document->root() : nullptr);
  if (!document && !event->unknown) event->content = std::unexpected("not JSON: " + document.error().message);
  return event;
}

}  // namespace monitor
