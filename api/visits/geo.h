// Where an address is, by a MaxMind database file. libmaxminddb is named in geo.cpp only.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "domain/deciding/conditions.h"

namespace monitor {

// Thread-safe once opened.
class Geo {
 public:
  // Opens the .mmdb file (city or country edition). The error is one clear sentence.
  static std::expected<Geo, std::string> Open(const std::string& path);
  ~Geo();
  Geo(Geo&&) noexcept;
  Geo& operator=(Geo&&) noexcept;

  // Country and region as ISO codes, the city's English name; empty where unknown, or if it is no numeric address.
  GeoFacts Lookup(std::string_view address) const;

 private:
  struct Database;
  explicit Geo(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

}  // namespace monitor
