#include "api/visits/geo.h"

#include <maxminddb.h>

#include "domain/values/address.h"

namespace monitor {
namespace {

template <class... Keys>
std::string TextAt(MMDB_entry_s& entry, Keys... path) {
  MMDB_entry_data_s data;
  const int status = MMDB_get_value(&entry, &data, path..., nullptr);
  if (status != MMDB_SUCCESS || !data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING) return {};
  return std::string(data.utf8_string, data.data_size);
}

}  // namespace

struct Geo::Database {
  MMDB_s file;
  ~Database() { MMDB_close(&file); }
};

Geo::Geo(std::unique_ptr<Database> database) : database_(std::move(database)) {}
Geo::~Geo() = default;
Geo::Geo(Geo&&) noexcept = default;
Geo& Geo::operator=(Geo&&) noexcept = default;

std::expected<Geo, std::string> Geo::Open(const std::string& path) {
  MMDB_s file;
  const int status = MMDB_open(path.c_str(), MMDB_MODE_MMAP, &file);
  if (status != MMDB_SUCCESS) {
    return std::unexpected("The geo database " + path + " can not be opened: " + MMDB_strerror(status) + ".");
  }
  return Geo(std::make_unique<Database>(file));
}

GeoFacts Geo::Lookup(std::string_view address) const {
  if (!ParseAddress(address)) return {};
  int name_status = 0, status = MMDB_SUCCESS;
  MMDB_lookup_result_s found =
      MMDB_lookup_string(&database_->file, std::string(address).c_str(), &name_status, &status);
  if (name_status != 0 || status != MMDB_SUCCESS || !found.found_entry) return {};
  return {.country = TextAt(found.entry, "country", "iso_code"),
          .region = TextAt(found.entry, "subdivisions", "0", "iso_code"),
          .city = TextAt(found.entry, "city", "names", "en")};
}

}  // namespace monitor
