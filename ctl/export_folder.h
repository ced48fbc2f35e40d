// The files of an export: each is whole or not there. zstd is named in export_folder.cpp only. For the main thread.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "ctl/export_manifest.h"

namespace monitor::ctl {

// One process at a time has it. Files are their owner's alone: they may hold what is sealed elsewhere.
class ExportFolder {
 public:
  // Makes the folder if it is missing. Errors, here and below, are one sentence.
  static std::expected<ExportFolder, std::string> Open(const std::string& path);
  ExportFolder(ExportFolder&& other) noexcept;
  ~ExportFolder();

  // nullopt: nothing was begun here. Refuses a manifest that can not be read, and a folder with other files.
  std::expected<std::optional<Manifest>, std::string> ReadManifest() const;
  std::expected<void, std::string> Save(const Manifest& manifest) const;

  // Every part is there, and as it was written.
  std::expected<void, std::string> Check(const Manifest& manifest) const;
  // Writes the lines as the manifest's next part, and tells of it: name, bytes, SHA-256.
  std::expected<ExportPart, std::string> WritePart(const Manifest& manifest, std::string_view lines) const;

 private:
  ExportFolder(std::string path, int folder) : path_(std::move(path)), folder_(folder) {}
  // Under another name, synced, renamed, and the folder synced.
  std::expected<void, std::string> WriteWhole(const std::string& name, std::string_view bytes) const;
  std::unexpected<std::string> Failed(const std::string& what) const;

  std::string path_;
  int folder_;  // open and locked; -1: moved away
};

}  // namespace monitor::ctl
