// A log copied as JSON lines into an export folder, part by part, going on where it ended before. For the main thread.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <set>
#include <string>

#include "ctl/event_source.h"
#include "ctl/export_folder.h"

namespace monitor::ctl {

// The part that reaches so many bytes, before they are compressed, is the last event's. It is held in memory.
constexpr std::size_t kPartBytes = 64 << 20;

struct ExportJob {
  ExportOptions options;
  std::size_t part_bytes = kPartBytes;
  // With `decrypt`, of whom something stayed sealed so far; grows while the source is read.
  const std::set<std::string>* sealed = nullptr;
  std::function<void(std::uint64_t events)> progress = {};  // looked at so far; now and then
};

// Copies what there is now. What the folder's manifest says at any time is in its parts, whole and synced; with an
// error and after Ctrl-C, too (then it is not `complete`). The error is one sentence.
std::expected<Manifest, std::string> ExportLog(EventSource& source, const ExportFolder& folder, const ExportJob& job);

}  // namespace monitor::ctl
