// What the table of sessions holds: a session's snapshot, sealed or not, and when it was written, by which retention
// goes. The kind is the first byte: 0 plain and 1 sealed, without a time (written before 2026-11-28); 2 and 3 the same
// with the time behind it (ms, varint). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/values/bytes.h"
#include "domain/values/timestamp.h"

namespace monitor {

struct SessionRow {
  bool sealed = false;
  std::optional<TimeMs> written;  // not known
  std::string_view snapshot;
};

inline std::string MakeSessionRow(const SessionRow& row) {
  std::string bytes(1, static_cast<char>((row.sealed ? 1 : 0) + (row.written ? 2 : 0)));
  if (row.written) AppendVarint(static_cast<std::uint64_t>(ToUnixMs(*row.written)), bytes);
  bytes.append(row.snapshot);
  return bytes;
}

// nullopt: it is none.
inline std::optional<SessionRow> ParseSessionRow(std::string_view bytes) {
  if (bytes.empty() || static_cast<std::uint8_t>(bytes.front()) > 3) return std::nullopt;
  const auto kind = static_cast<std::uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  SessionRow row{.sealed = (kind & 1) != 0};
  if (kind >= 2) {
    const auto time = TakeVarint(bytes);
    if (!time) return std::nullopt;
    row.written = FromUnixMs(static_cast<std::int64_t>(*time));
  }
  row.snapshot = bytes;
  return row;
}

}  // namespace monitor
