// The trail of what is done through the admin API (`admin-action-recorded`, events.md section 2). What changes or shows
// something of an account or a visitor is recorded; what is refused, or was so already, is not. Thread-safe.
#pragma once

#include <string>

#include "api/admin/admin_handlers.h"

namespace monitor::admin {

// What is recorded: the token's name, the action, and its target beneath the account ("" for the account itself).
// Nothing personal.
struct Act {
  std::string by;
  AccountId account;  // empty: the node itself
  std::string action;
  std::string target = {};
};

// It is done and can not be taken back: gives the reply, and says so in the log where the record is not taken.
http::Reply RecordDone(const AdminParts& parts, const Act& act, http::Reply reply);
// Nothing is shown that is not recorded: gives the reply once that is on disk, else 503.
http::Reply RecordShown(const AdminParts& parts, const Act& act, http::Reply reply);

}  // namespace monitor::admin
