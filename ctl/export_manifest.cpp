#include "ctl/export_manifest.h"

#include <numeric>

#include "domain/values/json.h"
#include "domain/values/whole_number.h"

namespace monitor::ctl {
namespace {

constexpr std::uint64_t kManifestFormat = 1;
constexpr json::Limits kManifestLimits{.max_depth = 8, .max_nodes = 64 << 20};

std::string_view Text(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value ? value->text() : std::string_view();
}

bool Flag(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value && value->boolean();
}

void WriteOptions(json::Writer& writer, const ExportOptions& options) {
  writer.BeginObject().Key("zstd").Bool(options.zstd).Key("decrypt").Bool(options.decrypt);
  if (!options.account.empty()) writer.Key("account").String(options.account);
  if (options.from) writer.Key("from").String(FormatRfc3339(*options.from));
  if (options.to) writer.Key("to").String(FormatRfc3339(*options.to));
  writer.EndObject();
}

void WritePart(json::Writer& writer, const ExportPart& part) {
  writer.BeginObject().Key("name").String(part.name);
  writer.Key("first").String(part.first.ToString()).Key("last").String(part.last.ToString());
  writer.Key("events").UInt(part.events).Key("bytes").UInt(part.bytes).Key("sha256").String(part.sha256).EndObject();
}

std::optional<ExportOptions> ReadOptions(const json::Value* value) {
  if (!value || !value->is_object()) return std::nullopt;
  ExportOptions options{.zstd = Flag(*value, "zstd"), .decrypt = Flag(*value, "decrypt")};
  options.account = Text(*value, "account");
  for (const auto& [name, time] : {std::pair("from", &options.from), std::pair("to", &options.to)}) {
    if (value->Find(name) && !(*time = ParseRfc3339(Text(*value, name)))) return std::nullopt;
  }
  return options;
}

std::optional<ExportPart> ReadPart(const json::Value& value) {
  const auto first = LogPosition::Parse(Text(value, "first")), last = LogPosition::Parse(Text(value, "last"));
  const auto events = ParseWhole<std::uint64_t>(Text(value, "events"));
  const auto bytes = ParseWhole<std::uint64_t>(Text(value, "bytes"));
  if (Text(value, "name").empty() || !first || !last || !events || !bytes) return std::nullopt;
  return ExportPart{std::string(Text(value, "name")),  *first, *last, *events, *bytes,
                    std::string(Text(value, "sha256"))};
}

}  // namespace

bool IsWanted(const ExportOptions& options, std::string_view account, TimeMs time) {
  if (!options.account.empty() && account != options.account) return false;
  return (!options.from || time >= *options.from) && (!options.to || time < *options.to);
}

std::uint64_t Manifest::events() const {
  return std::accumulate(parts.begin(), parts.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const ExportPart& part) { return sum + part.events; });
}

std::string ManifestAsJson(const Manifest& manifest) {
  std::string out;
  json::Writer writer(out);
  writer.BeginObject().Key("format").UInt(kManifestFormat).Key("options");
  WriteOptions(writer, manifest.options);
  writer.Key("complete").Bool(manifest.complete).Key("begin").String(manifest.begin.ToString());
  writer.Key("next").String(manifest.next.ToString()).Key("events").UInt(manifest.events()).Key("parts").BeginArray();
  for (const ExportPart& part : manifest.parts) WritePart(writer, part);
  writer.EndArray();
  if (manifest.options.decrypt) {
    writer.Key("sealed").BeginArray();
    for (const std::string& visitor : manifest.sealed) writer.String(visitor);
    writer.EndArray();
  }
  writer.EndObject();
  return out + "\n";
}

std::expected<Manifest, std::string> ParseManifest(std::string_view text) {
  const auto document = json::Document::Parse(text, kManifestLimits);
  if (!document || !document->root().is_object()) return std::unexpected("is no JSON object");
  const json::Value& root = document->root();
  if (Text(root, "format") != std::to_string(kManifestFormat)) return std::unexpected("has an unknown format");
  const auto options = ReadOptions(root.Find("options"));
  const auto begin = LogPosition::Parse(Text(root, "begin")), next = LogPosition::Parse(Text(root, "next"));
  const json::Value* parts = root.Find("parts");
  if (!options || !begin || !next || !parts) return std::unexpected("lacks something");
  Manifest manifest{.options = *options, .complete = Flag(root, "complete"), .begin = *begin, .next = *next};
  for (const json::Value& value : parts->items()) {
    auto part = ReadPart(value);
    if (!part) return std::unexpected("has a part that is none");
    manifest.parts.push_back(*std::move(part));
  }
  if (const json::Value* sealed = root.Find("sealed")) {
    for (const json::Value& visitor : sealed->items()) manifest.sealed.emplace(visitor.text());
  }
  return manifest;
}

}  // namespace monitor::ctl
