// CRC-32C (Castagnoli), the checksum of RFC 3720 appendix B.4. Uses the processor's instruction where there is one.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace monitor {

// The checksum of `bytes`; given the result of earlier bytes as `before`, that of both in a row.
std::uint32_t Crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace monitor
