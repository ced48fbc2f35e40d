// What the disk alone does: appends to a file, each with an fdatasync of its own.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace monitor::bench {

// For so long, one after the other; adds what each took, in microseconds. Throws std::runtime_error if the file can not
// be written. The file is removed.
void AppendAndSync(const std::string& folder, std::chrono::duration<double> time, std::vector<float>& took_us);

}  // namespace monitor::bench
