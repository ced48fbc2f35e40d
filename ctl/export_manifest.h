// What an export folder holds: manifest.json, and its options. Pure.
//
//   format    1
//   options   zstd, decrypt; account, from, to (RFC 3339) if they were given
//   complete  false: it ended before the end of the log, as it was when it began
//   begin     where the log began: what was before is not in it
//   next      the position to go on at
//   events    of all parts
//   parts     name, first and last position, events, bytes and SHA-256 of the file
//   sealed    with decrypt: accountId/visitorId of those of whom something stayed sealed, as they were erased
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "domain/values/log_position.h"
#include "domain/values/timestamp.h"

namespace monitor::ctl {

// What decides on an export's bytes.
struct ExportOptions {
  bool zstd = false;
  bool decrypt = false;
  std::string account;             // empty: all
  std::optional<TimeMs> from, to;  // of the event; `to` is not in it

  bool operator==(const ExportOptions&) const = default;
};

// Whether an event of this account and time is exported.
bool IsWanted(const ExportOptions& options, std::string_view account, TimeMs time);

struct ExportPart {
  std::string name;
  LogPosition first, last;
  std::uint64_t events = 0, bytes = 0;
  std::string sha256;  // hex

  bool operator==(const ExportPart&) const = default;
};

struct Manifest {
  ExportOptions options;
  bool complete = false;
  LogPosition begin, next;
  std::vector<ExportPart> parts;
  std::set<std::string> sealed;

  bool operator==(const Manifest&) const = default;
  std::uint64_t events() const;
};

std::string ManifestAsJson(const Manifest& manifest);
// The error says what is wrong in a few words.
std::expected<Manifest, std::string> ParseManifest(std::string_view text);

}  // namespace monitor::ctl
