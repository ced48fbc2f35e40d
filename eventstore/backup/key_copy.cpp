#include "eventstore/backup/key_copy.h"

#include <array>
#include <fstream>
#include <optional>
#include <utility>

#include "domain/values/bytes.h"
#include "domain/values/whole_number.h"
#include "eventstore/backup/file.h"
#include "eventstore/log/crc32c.h"
#include "eventstore/log/keys.h"

namespace monitor {
namespace {

constexpr std::string_view kMagic = "MonitorKeys1";
constexpr std::size_t kPage = 10'000;
constexpr std::uint64_t kMaxText = 64 << 10;
constexpr char kKey = '\x01', kEnd = '\x00';

std::string PathIn(const std::string& folder) { return folder + "/visitor.keys"; }

void AppendText(std::string_view text, std::string& out) {
  AppendVarint(text.size(), out);
  out.append(text);
}

// Reads on in the file; after anything that can not be, bad() is true and all that is read is empty.
class KeyFile {
 public:
  explicit KeyFile(const std::string& path) : file_(path, std::ios::binary) {}

  std::string Bytes(std::size_t size) {
    std::string bytes(size, '\0');
    file_.read(bytes.data(), static_cast<std::streamsize>(size));
    if (!file_) return {};
    crc_ = Crc32c(bytes, crc_);
    return bytes;
  }
  std::uint64_t Number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      const std::string byte = Bytes(1);
      if (byte.empty()) return 0;
      const auto bits = static_cast<std::uint8_t>(byte[0]);
      value |= static_cast<std::uint64_t>(bits & 0x7F) << shift;
      if (bits < 0x80) return value;
    }
    file_.setstate(std::ios::failbit);
    return 0;
  }
  std::string Text() {
    const std::uint64_t size = Number();
    if (size > kMaxText) file_.setstate(std::ios::failbit);
    return bad() ? std::string() : Bytes(size);
  }
  bool bad() const { return !file_; }
  bool AtEnd() { return file_.peek() == std::ifstream::traits_type::eof(); }
  std::uint32_t crc() const { return crc_; }

 private:
  std::ifstream file_;
  std::uint32_t crc_ = 0;
};

std::optional<KeyCopyHead> ReadHead(KeyFile& file) {
  if (file.Bytes(kMagic.size()) != kMagic) return std::nullopt;
  const auto position = LogPosition::Parse(file.Text());
  const auto at = ParseWhole<std::int64_t>(file.Text());
  std::string check = file.Text();
  if (!position || !at || file.bad()) return std::nullopt;
  return KeyCopyHead{*position, FromUnixMs(*at), std::move(check)};
}

// nullopt: it is damaged. `use` may be empty.
std::optional<std::expected<KeyCopyHead, std::string>> ReadAll(const std::string& path, const UseKey& use) {
  KeyFile file(path);
  const auto head = ReadHead(file);
  if (!head) return std::nullopt;
  std::uint64_t count = 0;
  for (;; ++count) {
    const std::string next = file.Bytes(1);
    if (next.empty()) return std::nullopt;
    if (next[0] == kEnd) break;
    const std::string visitor = file.Text(), wrapped = file.Text();
    if (next[0] != kKey || file.bad()) return std::nullopt;
    if (!use) continue;
    if (auto used = use(visitor, wrapped); !used) return std::unexpected(used.error());
  }
  if (file.Number() != count || file.bad()) return std::nullopt;
  const std::uint32_t crc = file.crc();
  const std::string told = file.Bytes(4);
  if (told.empty() || LoadBig<std::uint32_t>(told.data()) != crc || !file.AtEnd()) return std::nullopt;
  return *head;
}

}  // namespace

std::expected<std::uint64_t, std::string> CopyKeys(const EventStore& store, const std::string& folder) {
  const OriginRange now = store.Origins().back();
  const auto check = store.ReadState(StateTable::kMeta, kMasterKeyCheckKey);
  if (!check) return std::unexpected("the visitors' keys can not be read now");
  ReplacedFile file(PathIn(folder));
  std::string bytes(kMagic);
  AppendText(LogPosition{now.origin, now.last}.ToString(), bytes);
  AppendText(std::to_string(ToUnixMs(store.Now())), bytes);
  AppendText(check->value_or(""), bytes);
  std::uint64_t count = 0;
  for (std::string after;;) {
    const auto page = store.ReadStates(StateTable::kVisitorKey, "", kPage, after);
    if (!page) return std::unexpected("the visitors' keys can not be read now");
    for (const auto& [visitor, wrapped] : *page) {
      bytes.push_back(kKey);
      AppendText(visitor, bytes);
      AppendText(wrapped, bytes);
    }
    count += page->size();
    file.Write(std::exchange(bytes, {}));
    if (page->size() < kPage) break;
    after = page->back().first;
  }
  bytes.push_back(kEnd);
  AppendVarint(count, bytes);
  file.Write(bytes);
  std::string crc;
  AppendBig(file.crc(), crc);
  file.Write(crc);
  if (auto finished = file.Finish(); !finished) return std::unexpected(finished.error());
  return count;
}

std::expected<KeyCopyHead, std::string> ReadKeyCopy(const std::string& folder, const UseKey& use) {
  const std::string path = PathIn(folder);
  if (!std::ifstream(path)) return std::unexpected("the visitors' keys can not be read: " + path + " is missing");
  auto read = ReadAll(path, {});
  if (read && use) read = ReadAll(path, use);
  if (!read) return std::unexpected("the visitors' keys can not be read: " + path + " is damaged");
  return *std::move(read);
}

}  // namespace monitor
