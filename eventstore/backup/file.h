// A file that counts only once it is whole, and a folder that one process changes at a time. Not thread-safe.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace monitor {

// Writes beside the file and puts it in the place of what was there, synced, when it is whole. Mode 600.
class ReplacedFile {
 public:
  explicit ReplacedFile(std::string path);
  ReplacedFile(const ReplacedFile&) = delete;
  ~ReplacedFile();  // drops what was not put in its place

  // After an error nothing more is written; Finish tells of it.
  void Write(std::string_view bytes);
  std::expected<void, std::string> Finish();
  std::uint32_t crc() const { return crc_; }  // CRC-32C of all that was written

 private:
  void Flush();
  void Fail();

  const std::string path_, draft_;
  int file_;
  std::uint32_t crc_ = 0;
  std::string buffer_, error_;
};

// Syncs a folder's own entries; false: it failed.
bool SyncFolder(const std::string& folder);

class FolderLock {
 public:
  explicit FolderLock(const std::string& folder);  // does not wait
  FolderLock(const FolderLock&) = delete;
  ~FolderLock();

  bool held() const { return why_.empty(); }
  const std::string& why() const { return why_; }

 private:
  int file_;
  std::string why_;
};

}  // namespace monitor
