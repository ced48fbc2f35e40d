// How a server is called: `PROGRAM [--config FILE]`, `--help`, `--version`, and what looks at its settings without
// serving: `config check` and `config reference`.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/settings.h"

namespace monitor {

struct ServerProgram {
  std::string_view name, description;
  std::vector<SettingSpec> settings;
  // What the table can not say about them, in one clear sentence; nullopt: nothing.
  std::function<std::optional<std::string>(const ServerSettings&)> refusal;
};

// The settings to serve by, or the exit code to leave with, everything already printed: 0 after what was asked for, 2
// for bad usage, 1 for settings that are wrong. Tells which variables of the environment are unknown.
std::expected<ServerSettings, int> SettingsFromCommandLine(int argc, char** argv, const ServerProgram& program);

// A Markdown table of each section: docs/settings.md.
std::string SettingsReference(const ServerProgram& program);

}  // namespace monitor
