// The commands that change a visitor: its own requests (visit_command.cpp), and what others say of it. One owner,
// decide, append, answer. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "api/visits/caps.h"
#include "api/visits/visitor_owner.h"
#include "domain/account/account.h"
#include "domain/deciding/conversations.h"
#include "domain/deciding/decide.h"

namespace monitor {

struct VisitCall {
  std::shared_ptr<const AccountState> account;  // in force when the request came
  VisitRequest request;                         // identities already hashed; fresh_session is made if it is needed
  std::string traceparent;                      // "" if none was sent
  bool on_behalf = false;                       // obh: addresses are not capped
  bool fresh_visitor = false;                   // request.visitor was generated for it: nothing can be known of it
  bool live_session_only = false;               // kNotFound instead of beginning a session
  std::chrono::steady_clock::time_point deadline;
};

class VisitorCommands {
 public:
  // How long a visitor's request took to be decided, its state at hand; on any thread.
  using OnDecided = std::function<void(std::chrono::nanoseconds taken)>;
  // The owner must outlive it.
  explicit VisitorCommands(VisitorOwner& owner, OnDecided on_decided = {})
      : owner_(owner), on_decided_(std::move(on_decided)) {}

  // POST …/engagement, PUT …/report and PUT …/visits/current/events. `decided` is called once, on whatever thread; it
  // must not throw. No thread waits.
  using Decided = std::move_only_function<void(VisitOutcome<Decision>)>;
  void HandleThen(VisitCall call, Decided decided);

  // These block. Of all of them: true if something was appended; false: it was so already.
  VisitOutcome<bool> StartConversation(const AccountState& account, const ConversationStart& start);
  VisitOutcome<bool> EndConversation(const AccountState& account, const ConversationId& id);
  VisitOutcome<bool> SetAbandonScore(const AccountState& account, const VisitorId& visitor, Decimal score);
  // Closes its sessions, appends visitor-erased, destroys the key. kNotFound if nothing is known of it.
  VisitOutcome<bool> Erase(const AccountState& account, const VisitorId& visitor);
  // Erases all visitors that presented this identity, and tells which they were. After an error some may have been;
  // asked again it goes on.
  VisitOutcome<std::vector<VisitorId>> EraseIdentity(const AccountState& account, const IdentityHash& identity);
  // Erases the account's visitors, few at a time: gives how many of those behind `after`, and moves it; nullopt: there
  // are no more behind it.
  VisitOutcome<std::optional<std::size_t>> EraseSome(const AccountState& account, VisitorId& after);

  std::uint64_t capped() const { return capped_.load(std::memory_order_relaxed); }  // requests refused by a cap
  std::uint64_t overloaded() const { return overloaded_.load(std::memory_order_relaxed); }

 private:
  void Tell(VisitOutcome<Decision> decision, Decided& decided);

  VisitorOwner& owner_;
  const OnDecided on_decided_;
  NewSessionCaps caps_;
  std::atomic<std::uint64_t> capped_ = 0, overloaded_ = 0;
};

}  // namespace monitor
