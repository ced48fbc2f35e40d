#include "eventstore/cloud_event_writer.h"

#include <cstdint>

#include "domain/events/event_codec.h"
#include "domain/values/json.h"

namespace monitor {
namespace {

std::string Padded(std::uint64_t number, std::size_t digits) {
  std::string text = std::to_string(number);
  if (text.size() < digits) text.insert(0, digits - text.size(), '0');
  return text;
}

}  // namespace

CloudEventAttributes AttributesOf(const StoredEvent& event) {
  const std::string origin = event.position.origin.ToString();
  return {
      .id = Padded(static_cast<std::uint64_t>(ToUnixMs(event.time)), 13) + "-" + origin + "-" +
            Padded(event.position.seq, 20),
      .type = "monitor." + event.type,
      .source = "/monitor/" + origin,
      .time = FormatRfc3339(event.time),
      .dataschema = DataschemaOf({event.type, event.schema_version}),
      .origin = origin,
  };
}

void AppendCloudEvent(const StoredEvent& event, std::string_view data, std::string& out) {
  const CloudEventAttributes attributes = AttributesOf(event);
  json::Writer writer(out);
  writer.BeginObject().Key("specversion").String("1.0").Key("id").String(attributes.id);
  writer.Key("type").String(attributes.type).Key("source").String(attributes.source);
  writer.Key("time").String(attributes.time).Key("subject").String(event.stream.str());
  writer.Key("datacontenttype").String("application/json").Key("dataschema").String(attributes.dataschema);
  writer.Key("origin").String(attributes.origin).Key("seq").String(std::to_string(event.position.seq));
  writer.Key("prevseq").String(std::to_string(event.prevseq)).Key("bucket").Int(event.bucket);
  writer.Key("streamversion").UInt(event.stream_version);
  if (!event.traceparent.empty()) writer.Key("traceparent").String(event.traceparent);
  writer.Key("data").Raw(data).EndObject();
}

}  // namespace monitor
