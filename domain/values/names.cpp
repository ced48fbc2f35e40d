#include "domain/values/names.h"

namespace monitor {
namespace {

bool IsAlphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

bool IsWellFormedId(std::string_view text, std::size_t max_size) {
  if (text.empty() || text.size() > max_size) return false;
  for (char c : text) {
    if (!IsAlphanumeric(c) && c != '_' && c != '.' && c != '-') return false;
  }
  return true;
}

}  // namespace

bool IsWellFormedAccountId(std::string_view text) {
  if (text.empty() || text.size() > 20) return false;
  for (char c : text) {
    if (!IsAlphanumeric(c) && c != '_') return false;
  }
  return true;
}

bool IsWellFormedVisitorId(std::string_view text) { return IsWellFormedId(text, 64); }
bool IsWellFormedSessionId(std::string_view text) { return IsWellFormedId(text, 128); }

StreamName SessionStream(const AccountId& account, const VisitorId& visitor, const SessionId& session) {
  return StreamName("session/" + account.str() + "/" + visitor.str() + "/" + session.str());
}

StreamName VisitorStream(const AccountId& account, const VisitorId& visitor) {
  return StreamName("visitor/" + account.str() + "/" + visitor.str());
}

StreamName AccountStream(const AccountId& account) { return StreamName("account/" + account.str()); }

StreamName NodeStream() { return StreamName("admin"); }

std::string PartitionKey(const AccountId& account, const VisitorId& visitor) {
  return account.str() + "/" + visitor.str();
}

}  // namespace monitor
