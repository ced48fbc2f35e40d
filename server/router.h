// Which line of a server's table a request means. A table is method, pattern, handler, and what else the server wants
// to know of a route; this knows none of it. Thread-safe once made.
#pragma once

#include <array>
#include <cstddef>
#include <forward_list>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http_server.h"

namespace monitor::http {

// Of a pattern. A path that is longer is nobody's.
constexpr std::size_t kMaxSegments = 14;
constexpr std::size_t kMaxArguments = 5;

// What stands for a pattern's stars, in order: views of the request's path, or of what was decoded. Must not outlive
// the request.
class Arguments {
 public:
  Arguments() = default;
  Arguments(Arguments&&) = default;
  Arguments& operator=(Arguments&&) = default;
  std::string_view operator[](std::size_t index) const { return values_[index]; }

 private:
  friend class Patterns;
  std::array<std::string_view, kMaxArguments> values_;
  std::forward_list<std::string> decoded_;
};

// Paths as "/a/*/b", where `*` stands for one segment that is not empty, split once.
class Patterns {
 public:
  // Its number; the same for the same pattern. `pattern` must be of static lifetime.
  std::size_t Add(std::string_view pattern);
  // The path is split at `/`, then each segment is percent-decoded once; one that can not be decoded is kept as sent.
  std::optional<std::size_t> Find(std::string_view path, Arguments& arguments) const;

 private:
  std::vector<std::vector<std::string_view>> patterns_;
};

// For the header Allow, of one path: appends a method that is served there.
void AllowMethod(Method method, bool post_for_put, std::string& allowed);

struct RouterOptions {
  bool post_for_put = false;  // Allow names POST beside PUT: X-HTTP-Method-Override
  bool options = false;       // and OPTIONS, which the server answers itself
};

// A Route has a `method` and a `pattern`.
template <class Route>
class Router {
 public:
  struct Match {
    const Route* path = nullptr;   // the first route of this path; nullptr: there is no such path
    const Route* route = nullptr;  // nullptr: it has no such method. HEAD is GET's.
    std::string_view allowed;
    Arguments arguments;
  };

  explicit Router(std::vector<Route> routes, RouterOptions options = {}) : routes_(std::move(routes)) {
    for (const Route& route : routes_) {
      const std::size_t number = patterns_.Add(route.pattern);
      if (number == paths_.size()) paths_.emplace_back();
      paths_[number].routes.push_back(&route);
      AllowMethod(route.method, options.post_for_put, paths_[number].allowed);
    }
    for (Path& path : paths_) {
      if (options.options) AllowMethod(Method::kOptions, false, path.allowed);
    }
  }
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  Match Find(Method method, std::string_view path) const {
    Match match;
    const auto number = patterns_.Find(path, match.arguments);
    if (!number) return match;
    const Path& found = paths_[*number];
    match.path = found.routes.front();
    match.allowed = found.allowed;
    for (const Route* route : found.routes) {
      if (route->method == (method == Method::kHead ? Method::kGet : method)) match.route = route;
    }
    return match;
  }
  const std::vector<Route>& routes() const { return routes_; }
  // Of the routes of which this member is true, or gives true.
  template <class Member>
  std::vector<std::string_view> PatternsOf(Member Route::* is) const {
    std::vector<std::string_view> patterns;
    for (const Route& route : routes_) {
      if (std::invoke(is, route)) patterns.push_back(route.pattern);
    }
    return patterns;
  }

 private:
  struct Path {
    std::vector<const Route*> routes;
    std::string allowed;
  };

  const std::vector<Route> routes_;
  Patterns patterns_;
  std::vector<Path> paths_;
};

}  // namespace monitor::http
