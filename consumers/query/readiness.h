// What readyz says of funneld (interfaces.md section 1). Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "consumers/generations/generations.h"
#include "server/readiness.h"

namespace monitor {

// It serves as soon as it has once counted all that was there; and if it can not read or write, what it has from
// before. `topic_trouble`: FunnelTopic's; `peer_trouble`: Instances'.
std::vector<http::Check> Checks(const Answering& now, const std::string& topic_trouble, const std::string& peer_trouble,
                                bool draining);

}  // namespace monitor
