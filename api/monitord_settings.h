// monitord's settings: every key with its default and what it means; --help prints this table. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/settings.h"

namespace monitor {

std::vector<SettingSpec> MonitordSettings();

// What the table can not say about single values, in one clear sentence; nullopt: nothing.
std::optional<std::string> RefuseMonitordSettings(const ServerSettings& settings);

// What visitors.max_cached_mb means on this machine.
std::size_t VisitorBytes(const ServerSettings& settings);

}  // namespace monitor
