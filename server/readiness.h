// What readyz says of a server, the same in both (interfaces.md section 1). Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/http_server.h"

namespace monitor::http {

struct Check {
  std::string_view name;
  std::string fault;           // what is wrong, in words for an operator; empty: nothing
  bool serves_nobody = false;  // while it is wrong
};

// Nothing is wrong with which it serves nobody.
bool Serves(const std::vector<Check>& checks);

// {"status","checks":{name: "ok" or the fault}}: `unready` (503) if something is wrong with which it serves nobody,
// `degraded` (200) if anything else is, `ready` (200).
Reply ReadyReply(const std::vector<Check>& checks);

}  // namespace monitor::http
