// The settings of funneld and what is checked about them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/settings.h"

namespace monitor {

std::vector<SettingSpec> FunneldSettings();
// What is wrong with them, in one sentence; nullopt if nothing.
std::optional<std::string> RefuseSettings(const ServerSettings& settings);
// The URLs of peers.instances, each as it is written once.
std::vector<std::string> PeersIn(const ServerSettings& settings);

}  // namespace monitor
