#include "api/tokens/admin_tokens.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "server/log.h"

namespace monitor {
namespace {

// A few KB, so it is read whenever somebody asks: no clock of a file system tells so surely whether it changed.
std::expected<std::string, std::string> ReadWhole(const std::string& path) {
  std::error_code error;
  const bool regular = std::filesystem::is_regular_file(path, error);  // a pipe would be waited for
  if (error) return std::unexpected("cannot be read: " + error.message());
  if (!regular) return std::unexpected("is no file");
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::unexpected(std::string("cannot be read: ") + std::strerror(errno));
  std::string text(AdminTokens::kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return std::unexpected("cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > AdminTokens::kMaxFileBytes) return std::unexpected("has more than 64 KiB");
  return text;
}

}  // namespace

AdminTokens::AdminTokens(std::string_view admin_token, std::string path)
    : path_(std::move(path)), admin_{std::string(kAdminTokenName), TokenHash(admin_token), AllScopes(), std::nullopt} {}

std::expected<std::unique_ptr<AdminTokens>, std::string> AdminTokens::Open(std::string_view admin_token,
                                                                           std::string path) {
  std::unique_ptr<AdminTokens> tokens(new AdminTokens(admin_token, std::move(path)));
  tokens->Look();
  if (!tokens->fault_.empty()) return std::unexpected(tokens->fault_);
  return tokens;
}

std::optional<AdminToken> AdminTokens::Find(std::string_view token) {
  const TokenHash presented(token);
  std::lock_guard lock(mutex_);
  Follow();
  const AdminToken* found = nullptr;
  if (admin_.hash == presented) found = &admin_;
  for (const AdminToken& one : given_) {
    if (one.hash == presented) found = &one;
  }
  return found ? std::optional(*found) : std::nullopt;
}

std::string AdminTokens::Fault() {
  std::lock_guard lock(mutex_);
  Follow();
  return fault_.empty() ? fault_ : fault_ + "; the tokens are those that were read before";
}

bool AdminTokens::Look() {
  if (path_.empty()) return false;
  auto file = ReadWhole(path_);
  if (file == file_) return false;
  file_ = std::move(file);
  auto tokens = Parse();
  if (tokens) {
    given_ = *std::move(tokens);
    fault_.clear();
  } else {
    fault_ = "admin tokens file " + path_ + ": " + tokens.error();
  }
  return true;
}

void AdminTokens::Follow() {
  if (!Look()) return;
  if (fault_.empty()) {
    log::Info("admin_tokens_read", {{"tokens", static_cast<std::int64_t>(given_.size())}});
  } else {
    log::Error("admin_tokens_refused", {{"reason", fault_}});
  }
}

std::expected<std::vector<AdminToken>, std::string> AdminTokens::Parse() const {
  if (!file_) return std::unexpected(file_.error());
  auto tokens = ParseTokenTable(*file_);
  if (!tokens) return tokens;
  for (const AdminToken& one : *tokens) {
    if (one.hash == admin_.hash) return std::unexpected(one.name + ": the same token as " + admin_.name);
  }
  return tokens;
}

}  // namespace monitor
