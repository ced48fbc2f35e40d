// The admin API of interfaces.md section 2: requests in, replies out, over the use cases. Knows no sockets; `main`
// gives it a listener of its own, away from the threads that serve visitors.
//
// Thread-safe. What may wait is bounded, long polls and commands (with ack=kafka these wait for the broker): beyond it
// they are answered 503.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "api/accounts/accounts.h"
#include "api/tokens/admin_tokens.h"
#include "api/visits/geo.h"
#include "api/visits/visits.h"
#include "eventstore/backup/node_backup.h"
#include "eventstore/event_store.h"
#include "eventstore/keys/visitor_keys.h"
#include "server/drain.h"
#include "server/http_server.h"
#include "server/metrics.h"
#include "server/readiness.h"
#include "server/router.h"

namespace monitor {

struct AdminOptions {
  int max_waiting_polls = 8;
  int max_waiting_commands = 16;
  std::chrono::milliseconds max_poll{60'000};
};

// What calls share that wait.
struct AdminWaiting {
  std::atomic<int> polls = 0;
  std::atomic<int> commands = 0;
  std::atomic<bool> stopping = false;
  std::mutex what_if;  // held by the one that runs
};

struct AdminRoute;

// All must outlive it.
struct AdminParts {
  Accounts& accounts;
  Visits& visits;
  const EventStore& store;
  const MasterKey& master_key;
  const metrics::Registry& metrics;
  Drain& drain;
  NodeBackup& backup;
  AdminTokens& tokens;
  const Geo* geo = nullptr;                       // none configured
  std::function<std::uint64_t()> relayed;         // the current origin's acknowledged seq; empty without a broker
  std::function<std::string()> broker;            // why it is missing, in words, "" if it is not; empty without one
  std::function<std::string()> store_fault = {};  // why the store takes nothing, in words; "" while it takes
  std::function<std::string()> clock_fault = {};  // what is wrong with the clock, one sentence, or ""; empty: nothing
  std::function<std::string()> refusal = {};      // why the node answers nobody, one sentence, or ""
  std::function<void()> account_removed = {};     // its visitors are to be erased
};

class Admin {
 public:
  Admin(AdminParts parts, AdminOptions options);

  http::Reply Handle(const http::Request& request);
  // Paths of which the answers block on nothing: health and metrics, for ServerOptions.at_once.
  static std::vector<std::string_view> AtOnce();

  // What readyz says.
  std::vector<http::Check> Checks() const;

  // Ends the polls that wait, and lets no more wait.
  void Stop() { waiting_.stopping.store(true); }

 private:
  // `by`: the token's name, "" if none is needed.
  http::Reply Dispatch(const AdminRoute& route, const http::Request& request, http::Arguments arguments,
                       std::string_view by);
  http::Reply Run(const AdminRoute& route, const http::Request& request, http::Arguments arguments,
                  std::string_view by);

  const AdminParts parts_;
  const AdminOptions options_;
  AdminWaiting waiting_;
};

}  // namespace monitor
