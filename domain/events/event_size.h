// How much memory an event takes beyond sizeof(Event): for queues that are bounded in bytes. Pure; any thread.
#pragma once

#include <cstddef>

#include "domain/events/event.h"

namespace monitor {

// What its strings and lists have allocated, without the allocator's own bytes.
std::size_t AllocatedBytes(const Event& event);

}  // namespace monitor
