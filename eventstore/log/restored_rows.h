// What a restore leaves for the node's first start: which events came back from the topic, and which visitors were
// erased elsewhere since the backup. Their states are folded before anybody is served (api/visits/restored_visitors.h).
// A row of the family `meta`, key "restored": lines of text, the first a log position, the others accountId/visitorId.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/values/log_position.h"

namespace monitor {

constexpr const char* kRestoredKey = "restored";

struct RestoredRows {
  LogPosition from;                 // from there on, over all later origins, events are to be folded
  std::vector<std::string> erased;  // before these
};

inline std::string EncodeRestoredRows(const RestoredRows& rows) {
  std::string text = rows.from.ToString();
  for (const std::string& visitor : rows.erased) text += "\n" + visitor;
  return text;
}

inline std::optional<RestoredRows> ParseRestoredRows(std::string_view text) {
  RestoredRows rows;
  const auto from = LogPosition::Parse(text.substr(0, text.find('\n')));
  if (!from) return std::nullopt;
  rows.from = *from;
  for (auto end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    text.remove_prefix(end + 1);
    rows.erased.emplace_back(text.substr(0, text.find('\n')));
  }
  return rows;
}

}  // namespace monitor
