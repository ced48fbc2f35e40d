#include "ctl/log_stats.h"

#include <cstdio>

#include "domain/values/json.h"

namespace monitor::ctl {
namespace {

std::string Row(const char* format, auto... values) {
  char row[160];
  std::snprintf(row, sizeof row, format, values...);
  return row;
}

std::string Table(const char* title, const char* unit, const auto& rows) {
  std::string out = Row("\n%-32s %14s\n", title, unit);
  for (const auto& [name, number] : rows) {
    out += Row("%-32s %14llu\n", name.c_str(), static_cast<unsigned long long>(number));
  }
  return out;
}

}  // namespace

std::expected<LogStats, SourceError> CountLog(EventSource& source, const std::function<void(std::uint64_t)>& progress) {
  const auto origins = source.Origins();
  if (!origins) return std::unexpected(origins.error());
  LogStats stats;
  std::uint64_t events = 0;
  const LogPosition start{origins->front().origin, origins->front().first};
  const auto read = ForEachEvent(source, start, EndOf(*origins), [&](EventLine&& event) {
    OriginStats& origin = stats.origins[event.position.origin];
    if (origin.events++ == 0) origin.oldest = event.time;
    origin.newest = event.time;
    origin.bytes += event.text.size() + 1;
    ++stats.types[event.type];
    if (++events % kProgressEvents == 0) progress(events);
    return true;
  });
  if (!read) return std::unexpected(read.error());
  return stats;
}

std::string StatsAsTable(const LogStats& stats, const NamedNumbers& disk) {
  std::string out = Row("%-16s %14s %16s  %-24s  %s\n", "origin", "events", "bytes as JSON", "oldest", "newest");
  for (const auto& [origin, numbers] : stats.origins) {
    out += Row("%-16s %14llu %16llu  %-24s  %s\n", origin.ToString().c_str(),
               static_cast<unsigned long long>(numbers.events), static_cast<unsigned long long>(numbers.bytes),
               FormatRfc3339(numbers.oldest).c_str(), FormatRfc3339(numbers.newest).c_str());
  }
  return out + Table("type", "events", stats.types) + Table("on the disk", "bytes", disk);
}

std::string StatsAsJson(const LogStats& stats, const NamedNumbers& disk) {
  std::string out;
  json::Writer writer(out);
  writer.BeginObject().Key("origins").BeginArray();
  for (const auto& [origin, numbers] : stats.origins) {
    writer.BeginObject().Key("origin").String(origin.ToString());
    writer.Key("events").UInt(numbers.events).Key("bytes").UInt(numbers.bytes);
    writer.Key("oldest").String(FormatRfc3339(numbers.oldest)).Key("newest").String(FormatRfc3339(numbers.newest));
    writer.EndObject();
  }
  writer.EndArray().Key("types").BeginObject();
  for (const auto& [type, events] : stats.types) writer.Key(type).UInt(events);
  writer.EndObject().Key("disk").BeginObject();
  for (const auto& [family, bytes] : disk) writer.Key(family).UInt(bytes);
  writer.EndObject().EndObject();
  return out;
}

}  // namespace monitor::ctl
