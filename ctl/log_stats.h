// What a log holds, in numbers. For the main thread.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ctl/event_source.h"

namespace monitor::ctl {

struct OriginStats {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;  // of their lines, as an export has them
  TimeMs oldest = {}, newest = {};
};

struct LogStats {
  std::map<Origin, OriginStats> origins;
  std::map<std::string, std::uint64_t> types;  // events by type, without "monitor."
};

// Reads everything from the beginning to the end. `progress` gets the number of events so far, now and then.
std::expected<LogStats, SourceError> CountLog(EventSource& source, const std::function<void(std::uint64_t)>& progress);

using NamedNumbers = std::vector<std::pair<std::string, std::uint64_t>>;

// For people, or as one JSON object. `disk`: bytes of each column family.
std::string StatsAsTable(const LogStats& stats, const NamedNumbers& disk);
std::string StatsAsJson(const LogStats& stats, const NamedNumbers& disk);

}  // namespace monitor::ctl
