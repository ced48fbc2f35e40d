#include "consumers/cloud_event.h"

#include <charconv>
#include <optional>

#include "domain/json.h"

namespace monitor {
namespace {

constexpr std::string_view kTypePrefix = "monitor.";
// An account document is one event: far larger than a request, still bounded.
constexpr json::Limits kEventLimits{.max_depth = 64, .max_nodes = 4'000'000};

template <class Number>
std::optional<Number> ParseNumber(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view TextOf(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value ? value->text() : std::string_view();
}

}  // namespace

std::expected<SourceEvent, std::string> MakeSourceEvent(std::string_view origin, std::string_view seq,
                                                        std::string_view prevseq, std::string_view bucket,
                                                        std::string_view type, std::string_view time,
                                                        std::string data) {
  SourceEvent event{.origin = std::string(origin), .data = std::move(data)};
  const auto seq_number = ParseNumber<std::uint64_t>(seq);
  const auto prevseq_number = ParseNumber<std::uint64_t>(prevseq);
  const auto bucket_number = ParseNumber<Bucket>(bucket);
  const auto instant = ParseRfc3339(time);
  if (origin.empty() || origin.size() > 32) return std::unexpected("origin: missing or too long");
  if (!seq_number || *seq_number == 0) return std::unexpected("seq: no positive number");
  if (!prevseq_number || *prevseq_number >= *seq_number) return std::unexpected("prevseq: no number below seq");
  if (!bucket_number) return std::unexpected("bucket: no number from 0 to 255");
  if (!type.starts_with(kTypePrefix)) return std::unexpected("type: does not begin with monitor.");
  if (!instant) return std::unexpected("time: not RFC 3339");
  event.seq = *seq_number;
  event.prevseq = *prevseq_number;
  event.bucket = *bucket_number;
  event.type = type.substr(kTypePrefix.size());
  event.time = *instant;
  return event;
}

std::expected<SourceEvent, std::string> ParseCloudEvent(std::string_view json) {
  const auto document = json::Document::Parse(json, kEventLimits);
  if (!document) return std::unexpected("not JSON: " + document.error().message);
  const json::Value& root = document->root();
  const json::Value* data = root.Find("data");
  if (!data || !data->is_object()) return std::unexpected("data: no object");
  std::string data_json;
  json::Writer(data_json).Copy(*data);
  return MakeSourceEvent(TextOf(root, "origin"), TextOf(root, "seq"), TextOf(root, "prevseq"), TextOf(root, "bucket"),
                         TextOf(root, "type"), TextOf(root, "time"), std::move(data_json));
}

}  // namespace monitor
