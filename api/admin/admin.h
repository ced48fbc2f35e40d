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
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/accounts/accounts.h"
#include "api/visits/geo.h"
#include "api/visits/visits.h"
#include "eventstore/event_store.h"
#include "eventstore/keys/visitor_keys.h"
#include "server/bearer_token.h"
#include "server/drain.h"
#include "server/http_server.h"
#include "server/metrics.h"

namespace monitor {

struct AdminOptions {
  std::string token;
  int max_waiting_polls = 8;
  int max_waiting_commands = 16;
  std::chrono::milliseconds max_poll{60'000};
};

class Admin {
 public:
  // All must outlive it.
  struct Parts {
    Accounts& accounts;
    Visits& visits;
    const EventStore& store;
    const MasterKey& master_key;
    const metrics::Registry& metrics;
    Drain& drain;
    const Geo* geo = nullptr;                       // none configured
    std::function<std::uint64_t()> relayed;         // the current origin's acknowledged seq; empty without a broker
    std::function<std::string()> broker;            // why it is missing, in words, "" if it is not; empty without one
    std::function<std::string()> store_fault = {};  // why the store takes nothing, in words; "" while it takes
    std::function<std::string()> clock_fault = {};  // what is wrong with the clock, one sentence, or ""; empty: nothing
    std::function<std::string()> refusal = {};      // why the node answers nobody, one sentence, or ""
  };

  Admin(Parts parts, AdminOptions options);

  http::Reply Handle(const http::Request& request);

  // Ends the polls that wait, and lets no more wait.
  void Stop() { stopping_.store(true); }

 private:
  struct Call {
    const http::Request& request;
    std::vector<std::string> arguments;  // what stands for the path's stars, decoded
    http::Query query;

    AccountId account() const { return AccountId(arguments[0]); }
  };
  struct Route;
  static const std::vector<Route>& Routes();
  http::Reply Dispatch(const Route& route, const http::Request& request, std::vector<std::string> arguments);
  http::Reply Run(const Route& route, const http::Request& request, std::vector<std::string> arguments);
  bool Authorized(const http::Request& request) const;

  // admin.cpp
  http::Reply Live(const Call& call);
  http::Reply Ready(const Call& call);
  http::Reply Metrics(const Call& call);
  http::Reply BeginDrain(const Call& call);
  // admin_accounts.cpp
  http::Reply ListAccounts(const Call& call);
  http::Reply GetAccount(const Call& call);
  http::Reply PutAccount(const Call& call);
  http::Reply Explain(const Call& call);
  http::Reply PutSkill(const Call& call);
  // admin_what_if.cpp
  http::Reply AskWhatIf(const Call& call);
  // admin_visitors.cpp
  http::Reply StartConversation(const Call& call);
  http::Reply EndConversation(const Call& call);
  http::Reply PutAbandonScore(const Call& call);
  http::Reply GetVisitor(const Call& call);
  http::Reply EraseVisitor(const Call& call);
  http::Reply GetSessionEvents(const Call& call);
  // admin_log.cpp
  http::Reply GetLog(const Call& call);
  http::Reply GetPosition(const Call& call);
  std::expected<std::vector<StoredEvent>, StoreError> ReadOn(LogPosition from, std::size_t limit) const;
  bool WaitFor(const http::Request& request, std::uint64_t seq, std::chrono::milliseconds patience);

  Parts parts_;
  AdminOptions options_;
  TokenHash token_;
  std::atomic<int> waiting_polls_ = 0;
  std::atomic<int> waiting_commands_ = 0;
  std::atomic<bool> stopping_ = false;
  std::mutex what_if_;  // held by the one that runs
};

}  // namespace monitor
