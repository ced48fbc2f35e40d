#include "eventstore/log/wal_check.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "domain/values/bytes.h"
#include "eventstore/log/wal_records.h"

namespace monitor {
namespace {

constexpr std::size_t kSectorSize = 512;  // the least that a disk writes whole or not at all
// A run of zeros that a sound record does not have: sequence numbers and lengths have 7 of them at most.
constexpr std::size_t kLeastLost = 16;

// Whether a record begins anywhere behind `at`.
bool LaterRecordExists(std::string_view bytes, std::size_t at) {
  while (at + kWalHeaderSize <= bytes.size()) {
    auto fragment = ReadWalFragment(bytes, at);
    if (fragment && (fragment->type == WalFragmentType::kFull || fragment->type == WalFragmentType::kFirst))
      return true;
    at = fragment ? fragment->end : at + 1;
  }
  return false;
}

// Whether the fragment is all there and merely its length is wrong: it would reach to the end of block or file.
bool LengthIsWrong(std::string_view bytes, std::size_t at) {
  std::size_t end = std::min(WalBlockEnd(at), bytes.size());
  return end >= at + kWalHeaderSize && HasWalChecksum(bytes, at, end - at - kWalHeaderSize);
}

bool IsCutShort(std::string_view bytes, std::size_t at) {
  if (at + kWalHeaderSize > bytes.size()) return true;
  std::size_t length = LoadLittle<std::uint16_t>(bytes.data() + at + 4);
  return at + kWalHeaderSize + length > bytes.size();
}

// Whether a sector of the record from `from` on is as it was before it was last written: zeros from where the file then
// ended. Mostly that is where the record begins, or the sector. A batch of more than RocksDB's buffer (1 MiB) is
// written in several pieces, though, and the kernel may write back a page between two of them: then it is anywhere.
bool HasLostSector(std::string_view bytes, std::size_t from) {
  for (std::size_t at = from / kSectorSize * kSectorSize; at < bytes.size(); at += kSectorSize) {
    std::size_t begin = std::max(at, from);
    auto sector = bytes.substr(begin, std::min(at + kSectorSize, bytes.size()) - begin);
    const std::size_t zeros = sector.size() - (sector.find_last_not_of('\0') + 1);  // npos + 1 is 0
    if (zeros >= std::min(sector.size(), kLeastLost)) return true;
  }
  return false;
}

std::unexpected<WalDamage> DamagedAt(std::size_t at, const char* what) {
  return std::unexpected(WalDamage{.at = at, .what = what});
}

std::expected<void, WalDamage> JudgeFault(std::string_view bytes, std::size_t at) {
  if (LaterRecordExists(bytes, at + 1)) return DamagedAt(at, "a bad record with good ones behind it");
  if (LengthIsWrong(bytes, at)) return DamagedAt(at, "the last record's length is wrong");
  if (IsCutShort(bytes, at) || HasLostSector(bytes, at)) return {};
  return DamagedAt(at, "the last record is complete, but its checksum does not match");
}

}  // namespace

std::string WalDamage::InWords() const {
  std::string text = "the write-ahead log " + file + " is damaged at byte " + std::to_string(at);
  if (last) text += ", behind the event " + last->ToString();
  return text + ": " + what;
}

std::expected<void, WalDamage> CheckWriteAheadLog(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (WalBlockEnd(at) - at < kWalHeaderSize) {  // filler at the end of a block
      at = WalBlockEnd(at);
      continue;
    }
    auto fragment = ReadWalFragment(bytes, at);
    if (!fragment) return JudgeFault(bytes, at);
    at = fragment->end;
  }
  return {};
}

std::expected<std::optional<WalDamage>, std::string> CheckWriteAheadLogs(const std::string& folder) {
  for (const std::string& path : WriteAheadLogs(folder)) {
    const auto bytes = ReadWriteAheadLog(path);
    if (!bytes) return std::unexpected(bytes.error());
    auto checked = CheckWriteAheadLog(*bytes);
    if (checked) continue;
    checked.error().file = path;
    ForEachWalEvent(std::string_view(*bytes).substr(0, checked.error().at), 0,
                    [&](StoredEvent&& event) { checked.error().last = event.position; });
    return std::move(checked.error());
  }
  return std::nullopt;
}

std::vector<std::string> WriteAheadLogs(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> logs;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {  // an error: no folder yet
    if (entry.path().extension() == ".log") logs.push_back(entry.path().string());
  }
  std::ranges::sort(logs);
  return logs;
}

std::expected<std::string, std::string> ReadWriteAheadLog(const std::string& path) {
  std::error_code error;
  std::ifstream file(path, std::ios::binary);
  std::string bytes(std::filesystem::file_size(path, error), '\0');
  if (error || !file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    return std::unexpected("cannot read the write-ahead log " + path);
  }
  return bytes;
}

}  // namespace monitor
