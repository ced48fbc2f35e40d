// The admin token's file: one line, readable by its owner only. Called once, at start.
#pragma once

#include <expected>
#include <string>

namespace monitor {

// Reads the token; makes the file with 64 random hex digits, mode 600, if it is missing. The error is one clear
// sentence: not readable, empty, or open to others.
std::expected<std::string, std::string> LoadTokenFile(const std::string& path);

}  // namespace monitor
