// One strong type per meaning. Two ids can not be mixed up, and nothing converts by itself. Values; pure functions.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace monitor {

template <class Tag>
class NamedString {
 public:
  NamedString() = default;
  explicit NamedString(std::string value) : value_(std::move(value)) {}
  explicit NamedString(std::string_view value) : value_(value) {}
  explicit NamedString(const char* value) : value_(value) {}

  const std::string& str() const { return value_; }
  bool empty() const { return value_.empty(); }
  auto operator<=>(const NamedString&) const = default;

 private:
  std::string value_;
};

using AccountId = NamedString<struct AccountIdTag>;
using AppInstallationId = NamedString<struct AppInstallationIdTag>;
using VisitorId = NamedString<struct VisitorIdTag>;  // names a device (http-api.md section 2)
using SessionId = NamedString<struct SessionIdTag>;  // one monitor session of it
using PageId = NamedString<struct PageIdTag>;
using ConversationId = NamedString<struct ConversationIdTag>;
using IdentityHash = NamedString<struct IdentityHashTag>;  // hex HMAC of (iss, sub) under the master key
using Revision = NamedString<struct RevisionTag>;          // of an account document: 16 hex digits
using StreamName = NamedString<struct StreamNameTag>;      // events.md section 1

// http-api.md section 3: accountId is [A-Za-z0-9_]{1,20}.
bool IsWellFormedAccountId(std::string_view text);
// http-api.md section 2: [A-Za-z0-9_.-]; a vid has at most 64 characters, a sid at most 128.
bool IsWellFormedVisitorId(std::string_view text);
bool IsWellFormedSessionId(std::string_view text);

StreamName SessionStream(const AccountId& account, const VisitorId& visitor, const SessionId& session);
StreamName VisitorStream(const AccountId& account, const VisitorId& visitor);
StreamName AccountStream(const AccountId& account);
StreamName NodeStream();  // what was done to the node itself

// The topic's key: `accountId/visitorId`, for account events `accountId/`, for the node's own `/`
// (events.md section 3).
std::string PartitionKey(const AccountId& account, const VisitorId& visitor);

}  // namespace monitor

template <class Tag>
struct std::hash<monitor::NamedString<Tag>> {
  std::size_t operator()(const monitor::NamedString<Tag>& name) const noexcept {
    return std::hash<std::string>{}(name.str());
  }
};
