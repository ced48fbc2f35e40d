#include "server/router.h"

#include <algorithm>
#include <span>

namespace monitor::http {
namespace {

struct Segments {
  std::array<std::string_view, kMaxSegments> at;
  std::size_t count = 0;  // 0: too many, or the path does not begin with `/`
};

Segments Split(std::string_view path) {
  Segments segments;
  while (path.starts_with('/')) {
    if (segments.count == kMaxSegments) return {};
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    segments.at[segments.count++] = segment;
    path.remove_prefix(segment.size());
  }
  return segments;
}

bool Fits(std::span<const std::string_view> pattern, const Segments& segments) {
  return std::equal(pattern.begin(), pattern.end(), segments.at.begin(), segments.at.begin() + segments.count,
                    [](auto wanted, auto segment) { return wanted == "*" ? !segment.empty() : wanted == segment; });
}

}  // namespace

std::size_t Patterns::Add(std::string_view pattern) {
  const Segments segments = Split(pattern);
  std::vector<std::string_view> split(segments.at.begin(), segments.at.begin() + segments.count);
  const auto found = std::ranges::find(patterns_, split);
  const auto number = static_cast<std::size_t>(found - patterns_.begin());
  if (found == patterns_.end()) patterns_.push_back(std::move(split));
  return number;
}

std::optional<std::size_t> Patterns::Find(std::string_view path, Arguments& arguments) const {
  Segments segments = Split(path);
  for (std::string_view& segment : std::span(segments.at).first(segments.count)) {
    if (!segment.contains('%')) continue;
    if (auto decoded = PercentDecode(segment)) segment = arguments.decoded_.emplace_front(std::move(*decoded));
  }
  for (std::size_t number = 0; number < patterns_.size(); ++number) {
    const std::vector<std::string_view>& pattern = patterns_[number];
    if (!Fits(pattern, segments)) continue;
    std::size_t stars = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (pattern[i] == "*") arguments.values_[stars++] = segments.at[i];
    }
    return number;
  }
  return std::nullopt;
}

void AllowMethod(Method method, bool post_for_put, std::string& allowed) {
  if (!allowed.empty()) allowed += ", ";
  allowed += ToText(method);
  if (method == Method::kGet) allowed += ", HEAD";
  if (method == Method::kPut && post_for_put) allowed += ", POST";
}

}  // namespace monitor::http
