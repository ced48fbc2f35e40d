// The tokens of the admin API that are in force: that of `admin.token_file`, and those of a file that is read again
// when it changes. A changed file with a mistake, or one that is gone, changes nothing and is told. Thread-safe.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/tokens/token_table.h"

namespace monitor {

class AdminTokens {
 public:
  static constexpr std::size_t kMaxFileBytes = 64 << 10;

  // `admin_token` has every scope. `path`: the file of the others (token_table.h), "": there are none. The error is one
  // clear sentence.
  static std::expected<std::unique_ptr<AdminTokens>, std::string> Open(std::string_view admin_token, std::string path);

  // Whose it is, by the file as it is now; nullopt: nobody's. One that is over is found, too. Takes the same time
  // wherever it stands.
  std::optional<AdminToken> Find(std::string_view token);

  bool has_file() const { return !path_.empty(); }
  // Why the file as it is now is not what is in force, one sentence; "" if it is.
  std::string Fault();

 private:
  AdminTokens(std::string_view admin_token, std::string path);

  // Below, the mutex is held, or nobody else knows it yet.
  bool Look();  // false: the file is as it was
  void Follow();
  std::expected<std::vector<AdminToken>, std::string> Parse() const;

  const std::string path_;
  const AdminToken admin_;
  std::mutex mutex_;
  std::expected<std::string, std::string> file_;  // its text as it was read last, or why it could not be
  std::vector<AdminToken> given_;
  std::string fault_;
};

}  // namespace monitor
