// How many files and sockets this process may have open. Call it once, before the first listener.
#pragma once

#include <cstdint>

namespace monitor {

// Two descriptors a connection (http_server.cpp), and what a store keeps open.
constexpr std::uint64_t FilesFor(std::uint64_t connections) { return 2 * connections + 1'024; }

// Raises the soft limit to the hard one, which nobody has to be asked for. Logs `open_files_low` if that is below
// `wanted`: the process works, but refuses connections before it has as many as it is made for.
void RaiseFileLimit(std::uint64_t wanted);

}  // namespace monitor
