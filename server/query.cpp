#include <algorithm>
#include <cstddef>

#include "server/http_server.h"

namespace monitor::http {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

Query::Query(std::string_view raw) {
  if (!raw.empty()) pairs_.reserve(8);
  while (!raw.empty()) {
    const std::size_t end = std::min(raw.find('&'), raw.size());
    const std::string_view pair = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    pairs_.emplace_back(Decoded(pair.substr(0, equals)), Decoded(pair.substr(std::min(equals + 1, pair.size()))));
  }
}

std::string_view Query::Decoded(std::string_view text) {
  if (text.find('%') == std::string_view::npos) return text;
  auto decoded = PercentDecode(text);
  if (!decoded) return text;
  return decoded_.emplace_front(std::move(*decoded));
}

std::optional<std::string_view> Query::Get(std::string_view key) const {
  for (const auto& [name, value] : pairs_) {
    if (name != key) continue;
    if (value.empty()) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

std::optional<std::string> Query::Fault(std::span<const std::string_view> known) const {
  for (auto pair = pairs_.begin(); pair != pairs_.end(); ++pair) {
    const std::string_view name = pair->first;
    if (std::ranges::find(known, name) == known.end()) return std::string(name) + ": is no parameter here";
    const bool before = std::any_of(pairs_.begin(), pair, [&](const auto& other) { return other.first == name; });
    if (before) return std::string(name) + ": is given twice";
  }
  return std::nullopt;
}

}  // namespace monitor::http
