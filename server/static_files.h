// Files of a page that are built into the program (CMake's monitor_built_in), served as a browser wants them: content
// type by the name's end, an ETag of the bytes. Thread-safe.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/http_server.h"

namespace monitor::http {

struct StaticFile {
  std::string_view name;  // "index.html", "codemirror/show-hint.js"
  std::string_view text;
};

class StaticFiles {
 public:
  // `files` and `fixed_headers` must be of static lifetime; the headers go with every answer. Throws
  // std::invalid_argument for a name whose end says no content type.
  StaticFiles(std::span<const StaticFile> files, std::string_view fixed_headers);

  // 200, or 304 if the request has the file's tag; nullopt: there is no such file.
  std::optional<Reply> Find(std::string_view name, const Request& request) const;

 private:
  struct Entry {
    std::string_view text;
    std::string_view content_type;
    std::string tag;
  };

  std::map<std::string_view, Entry> entries_;
  std::string_view fixed_headers_;
};

}  // namespace monitor::http
