#include "server/static_files.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "domain/values/hash.h"

namespace monitor::http {
namespace {

constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
    {".css", "text/css; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".svg", "image/svg+xml"},
};

std::string_view TypeOf(std::string_view name) {
  const auto* found = std::ranges::find_if(kTypes, [&](const auto& type) { return name.ends_with(type.first); });
  if (found == std::end(kTypes)) throw std::invalid_argument(std::string(name) + ": no content type is known for it");
  return found->second;
}

std::string TagOf(std::string_view text) {
  const auto hash = Sha256(text);
  return '"' + Hex({reinterpret_cast<const char*>(hash.data()), 16}) + '"';
}

}  // namespace

StaticFiles::StaticFiles(std::span<const StaticFile> files, std::string_view fixed_headers)
    : fixed_headers_(fixed_headers) {
  for (const StaticFile& file : files) {
    entries_.emplace(file.name, Entry{file.text, TypeOf(file.name), TagOf(file.text)});
  }
}

std::optional<Reply> StaticFiles::Find(std::string_view name, const Request& request) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return std::nullopt;
  const Entry& file = found->second;
  Reply reply{.content_type = file.content_type, .fixed_headers = fixed_headers_};
  reply.headers.Add("ETag", file.tag);
  const auto known = request.Header("If-None-Match");
  // A tag is quoted, so that none is a part of another.
  if (known && (*known == "*" || known->contains(file.tag))) {
    reply.status = 304;
  } else {
    reply.body = file.text;
  }
  return reply;
}

}  // namespace monitor::http
