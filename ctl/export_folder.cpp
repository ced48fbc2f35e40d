#include "ctl/export_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "domain/values/hash.h"

namespace monitor::ctl {
namespace {

constexpr const char* kManifestName = "manifest.json";
constexpr const char* kUnfinished = ".tmp";

std::string PartName(std::size_t number, bool zstd) {
  char name[40];
  std::snprintf(name, sizeof name, "events-%06zu.jsonl%s", number, zstd ? ".zst" : "");
  return name;
}

std::string HexSha256(std::string_view bytes) {
  const auto digest = Sha256(bytes);
  return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

bool WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::optional<std::string> ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  return file.bad() ? std::nullopt : std::optional(std::move(bytes));
}

// One frame that says how long it is.
std::optional<std::string> Compress(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), ZSTD_CLEVEL_DEFAULT);
  if (ZSTD_isError(size)) return std::nullopt;
  out.resize(size);
  return out;
}

}  // namespace

std::expected<ExportFolder, std::string> ExportFolder::Open(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  ::mkdir(path.c_str(), 0700);
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return std::unexpected(path + ": " + std::generic_category().message(errno));
  if (::flock(folder, LOCK_EX | LOCK_NB) != 0) {
    ::close(folder);
    return std::unexpected(path + ": another export is writing it");
  }
  return ExportFolder(path, folder);
}

ExportFolder::ExportFolder(ExportFolder&& other) noexcept
    : path_(std::move(other.path_)), folder_(std::exchange(other.folder_, -1)) {}

ExportFolder::~ExportFolder() {
  if (folder_ >= 0) ::close(folder_);
}

std::unexpected<std::string> ExportFolder::Failed(const std::string& what) const {
  return std::unexpected(path_ + ": " + what);
}

std::expected<std::optional<Manifest>, std::string> ExportFolder::ReadManifest() const {
  const std::string path = path_ + "/" + kManifestName;
  if (!std::filesystem::exists(path)) {
    for (const auto& file : std::filesystem::directory_iterator(path_)) {
      if (file.path().extension() != kUnfinished) return Failed("has files, but no " + std::string(kManifestName));
    }
    return std::nullopt;
  }
  const auto text = ReadWhole(path);
  if (!text) return Failed(std::string(kManifestName) + " cannot be read");
  auto manifest = ParseManifest(*text);
  if (!manifest) return Failed(std::string(kManifestName) + " " + manifest.error());
  return *std::move(manifest);
}

std::expected<void, std::string> ExportFolder::Save(const Manifest& manifest) const {
  return WriteWhole(kManifestName, ManifestAsJson(manifest));
}

std::expected<void, std::string> ExportFolder::Check(const Manifest& manifest) const {
  const std::string cure = "; put it back, or export into another folder";
  for (const ExportPart& part : manifest.parts) {
    const auto bytes = ReadWhole(path_ + "/" + part.name);
    if (!bytes) return Failed(part.name + " is missing" + cure);
    if (HexSha256(*bytes) != part.sha256) return Failed(part.name + " is damaged" + cure);
  }
  return {};
}

std::expected<ExportPart, std::string> ExportFolder::WritePart(const Manifest& manifest, std::string_view lines) const {
  const bool zstd = manifest.options.zstd;
  const auto compressed = zstd ? Compress(lines) : std::string();
  if (!compressed) return Failed("the events cannot be compressed");
  const std::string_view bytes = zstd ? *compressed : lines;
  ExportPart part{.name = PartName(manifest.parts.size() + 1, zstd), .bytes = bytes.size(), .sha256 = HexSha256(bytes)};
  if (auto written = WriteWhole(part.name, bytes); !written) return std::unexpected(written.error());
  return part;
}

std::expected<void, std::string> ExportFolder::WriteWhole(const std::string& name, std::string_view bytes) const {
  const std::string unfinished = name + kUnfinished;
  const int file = ::openat(folder_, unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool done = file >= 0 && WriteAll(file, bytes) && ::fsync(file) == 0;
  done = done && ::renameat(folder_, unfinished.c_str(), folder_, name.c_str()) == 0 && ::fsync(folder_) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  if (done) return {};
  ::unlinkat(folder_, unfinished.c_str(), 0);
  return Failed(name + " cannot be written: " + std::generic_category().message(error));
}

}  // namespace monitor::ctl
