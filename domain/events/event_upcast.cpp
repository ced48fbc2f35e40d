#include "domain/events/event_upcast.h"

#include <algorithm>
#include <array>

#include "domain/values/whole_number.h"

namespace monitor {
namespace {

using json::Value;
using json::Writer;

constexpr std::string_view kDataschema = "urn:monitor:schema:";

// Version 2 of conversation-ended tells where the conversation was started, as conversation-started does. Version 1 had
// no `connectorId`, and its `appInstallationId` was that of the request which ended it: nobody's who started anything.
void TellsWhereItStarted(const Value& data, Writer& out) {
  out.BeginObject();
  for (const auto& [name, value] : data.members()) {
    if (name != "appInstallationId" && name != "connectorId") out.Key(name).Copy(value);
  }
  out.EndObject();
}

// From a version to the next one.
struct Step {
  std::string_view type;
  std::uint64_t from = 0;
  void (*write)(const Value& data, Writer& out);
};

constexpr std::array kSteps = {Step{"conversation-ended", 1, TellsWhereItStarted}};

}  // namespace

std::string DataschemaOf(const EventSchema& schema) {
  return std::string(kDataschema).append(schema.type).append(":").append(std::to_string(schema.version));
}

std::uint64_t VersionIn(std::string_view dataschema) {
  if (!dataschema.starts_with(kDataschema)) return 1;
  return ParseWhole<std::uint64_t>(dataschema.substr(dataschema.rfind(':') + 1)).value_or(1);
}

std::uint8_t NewestSchemaVersion(std::string_view type) {
  return static_cast<std::uint8_t>(1 + std::ranges::count(kSteps, type, &Step::type));
}

std::string Upcast(const EventSchema& schema, const Value& data) {
  const auto step = std::ranges::find_if(
      kSteps, [&](const Step& one) { return one.type == schema.type && one.from == schema.version; });
  std::string next;
  Writer out(next);
  step->write(data, out);
  return next;
}

}  // namespace monitor
