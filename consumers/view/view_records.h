// The records of a view as its writer sees them. RocksDB is behind them, in view_database.h; the keys are documented in
// view_keys.h. Of the writer's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace monitor {

// The column families.
enum Family : std::size_t {
  kDefault,
  kFacts,
  kDays,
  kVisitors,
  kMarks,
  kStamps,
  kChanges,
  kRows,
  kRetired,
  kAccounts,
  kProgress,
  kFamilies
};

// A failing disk or a damaged view, on the way up to ViewStore's own functions, which all catch it.
struct StoreFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class T>
T Decoded(std::optional<T> value) {
  if (!value) throw StoreFailure("the view holds a record that can not be read");
  return std::move(*value);
}

// The open batch included. All throw StoreFailure.
class ViewRecords {
 public:
  virtual ~ViewRecords() = default;
  virtual std::optional<std::string> Get(Family family, const std::string& key) = 0;
  virtual void Put(Family family, const std::string& key, std::string_view value) = 0;
  virtual void Delete(Family family, const std::string& key) = 0;
  // The first record whose key begins with `prefix` and is not less than `key`.
  virtual std::optional<std::string> GetFirst(Family family, const std::string& prefix, const std::string& key) = 0;
};

}  // namespace monitor
