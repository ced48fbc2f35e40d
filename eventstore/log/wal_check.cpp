#include "eventstore/log/wal_check.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <vector>

#include "domain/values/bytes.h"
#include "eventstore/log/crc32c.h"

namespace monitor {
namespace {

constexpr std::size_t kBlockSize = 32'768;
constexpr std::size_t kHeaderSize = 7;
constexpr std::size_t kSectorSize = 512;  // the least that a disk writes whole or not at all
// A run of zeros that a sound record does not have: sequence numbers and lengths have 7 of them at most.
constexpr std::size_t kLeastLost = 16;
constexpr std::uint8_t kFullType = 1;
constexpr std::uint8_t kFirstType = 2;

struct Fragment {
  std::uint8_t type;
  std::size_t end;
};

std::size_t BlockEnd(std::size_t at) { return (at / kBlockSize + 1) * kBlockSize; }

// RocksDB stores checksums rotated and shifted, so that a checksum of checksums is none.
std::uint32_t Mask(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

bool HasChecksum(std::string_view bytes, std::size_t at, std::size_t length) {
  return LoadLittle<std::uint32_t>(bytes.data() + at) == Mask(Crc32c(bytes.substr(at + 6, length + 1)));
}

// The fragment that begins at `at`, if it is whole and its checksum holds.
std::optional<Fragment> ReadFragment(std::string_view bytes, std::size_t at) {
  if (at + kHeaderSize > bytes.size()) return std::nullopt;
  std::size_t length = LoadLittle<std::uint16_t>(bytes.data() + at + 4);
  auto type = static_cast<std::uint8_t>(bytes[at + 6]);
  std::size_t end = at + kHeaderSize + length;
  if (type == 0 || end > std::min(BlockEnd(at), bytes.size()) || !HasChecksum(bytes, at, length)) return std::nullopt;
  return Fragment{type, end};
}

// Whether a record begins anywhere behind `at`.
bool LaterRecordExists(std::string_view bytes, std::size_t at) {
  while (at + kHeaderSize <= bytes.size()) {
    auto fragment = ReadFragment(bytes, at);
    if (fragment && (fragment->type == kFullType || fragment->type == kFirstType)) return true;
    at = fragment ? fragment->end : at + 1;
  }
  return false;
}

// Whether the fragment is all there and merely its length is wrong: it would reach to the end of block or file.
bool LengthIsWrong(std::string_view bytes, std::size_t at) {
  std::size_t end = std::min(BlockEnd(at), bytes.size());
  return end >= at + kHeaderSize && HasChecksum(bytes, at, end - at - kHeaderSize);
}

bool IsCutShort(std::string_view bytes, std::size_t at) {
  if (at + kHeaderSize > bytes.size()) return true;
  std::size_t length = LoadLittle<std::uint16_t>(bytes.data() + at + 4);
  return at + kHeaderSize + length > bytes.size();
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

std::unexpected<std::string> DamagedAt(std::size_t at, const char* what) {
  return std::unexpected("byte " + std::to_string(at) + ": " + what);
}

std::expected<void, std::string> JudgeFault(std::string_view bytes, std::size_t at) {
  if (LaterRecordExists(bytes, at + 1)) return DamagedAt(at, "a bad record with good ones behind it");
  if (LengthIsWrong(bytes, at)) return DamagedAt(at, "the last record's length is wrong");
  if (IsCutShort(bytes, at) || HasLostSector(bytes, at)) return {};
  return DamagedAt(at, "the last record is complete, but its checksum does not match");
}

}  // namespace

std::expected<void, std::string> CheckWriteAheadLog(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (BlockEnd(at) - at < kHeaderSize) {  // filler at the end of a block
      at = BlockEnd(at);
      continue;
    }
    auto fragment = ReadFragment(bytes, at);
    if (!fragment) return JudgeFault(bytes, at);
    at = fragment->end;
  }
  return {};
}

std::expected<void, std::string> CheckWriteAheadLogs(const std::string& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> logs;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".log") logs.push_back(entry.path());
  }
  if (error) return {};  // no folder yet
  std::ranges::sort(logs);
  for (const auto& path : logs) {
    std::ifstream file(path, std::ios::binary);
    std::string bytes(std::filesystem::file_size(path, error), '\0');
    if (error || !file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
      return std::unexpected("cannot read the write-ahead log " + path.string());
    }
    if (auto checked = CheckWriteAheadLog(bytes); !checked) {
      return std::unexpected("the write-ahead log " + path.string() + " is damaged at " + checked.error());
    }
  }
  return {};
}

}  // namespace monitor
