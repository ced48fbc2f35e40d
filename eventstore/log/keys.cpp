#include "eventstore/log/keys.h"

#include "domain/values/bytes.h"

namespace monitor {

std::array<char, kLogKeySize> LogKey(LogPosition position) {
  std::array<char, kLogKeySize> key;
  StoreBig(position.origin.node, key.data());
  StoreBig(position.origin.epoch, key.data() + 4);
  StoreBig(position.seq, key.data() + 8);
  return key;
}

std::optional<LogPosition> ParseLogKey(std::string_view key) {
  if (key.size() != kLogKeySize) return std::nullopt;
  return LogPosition{{LoadBig<std::uint32_t>(key.data()), LoadBig<std::uint32_t>(key.data() + 4)},
                     LoadBig<std::uint64_t>(key.data() + 8)};
}

std::array<char, kOriginKeySize> OriginKey(Origin origin) {
  std::array<char, kOriginKeySize> key;
  StoreBig(origin.node, key.data());
  StoreBig(origin.epoch, key.data() + 4);
  return key;
}

std::string TopicKey(std::string_view topic) { return "partitions/" + std::string(topic); }

std::string HeadsKey(Origin origin) {
  auto bytes = OriginKey(origin);
  return "heads" + std::string(bytes.data(), bytes.size());
}

std::string FirstKey(Origin origin) {
  auto bytes = OriginKey(origin);
  return "first" + std::string(bytes.data(), bytes.size());
}

std::string AccountEventKey(LogPosition position) {
  auto bytes = LogKey(position);
  return "@event/" + std::string(bytes.data(), bytes.size());
}

std::string StreamKeyPrefix(std::string_view stream) {
  std::string prefix(stream);
  prefix.push_back('\0');
  return prefix;
}

std::size_t StreamKeyPrefixSize(std::string_view key) {
  auto end = key.find('\0');
  return end == std::string_view::npos ? key.size() : end + 1;
}

void AppendStreamKey(std::string_view stream, Origin origin, std::uint64_t first_version, std::string& out) {
  out.append(stream);
  out.push_back('\0');
  AppendBig(origin.node, out);
  AppendBig(origin.epoch, out);
  AppendBig(first_version, out);
}

void AppendStreamValue(std::uint64_t first_seq, std::uint64_t count, std::string& out) {
  AppendVarint(first_seq, out);
  AppendVarint(count, out);
}

std::optional<StreamEntry> ParseStreamEntry(std::string_view key, std::string_view value) {
  std::size_t prefix = StreamKeyPrefixSize(key);
  if (key.size() != prefix + 16) return std::nullopt;
  StreamEntry entry;
  entry.stream = key.substr(0, prefix - 1);
  const char* numbers = key.data() + prefix;
  entry.origin = {LoadBig<std::uint32_t>(numbers), LoadBig<std::uint32_t>(numbers + 4)};
  entry.first_version = LoadBig<std::uint64_t>(numbers + 8);
  auto first_seq = TakeVarint(value);
  auto count = TakeVarint(value);
  if (!first_seq || !count || *count == 0 || !value.empty()) return std::nullopt;
  entry.first_seq = *first_seq;
  entry.count = *count;
  return entry;
}

}  // namespace monitor
