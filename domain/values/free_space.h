// A disk with too little room, in the words of both servers' readyz and logs. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace monitor {

// "35 MiB are free, 256 are wanted"
inline std::string TooLittleFree(std::uint64_t free_bytes, std::uint64_t wanted_bytes) {
  return std::to_string(free_bytes >> 20) + " MiB are free, " + std::to_string(wanted_bytes >> 20) + " are wanted";
}

}  // namespace monitor
