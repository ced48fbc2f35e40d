// The use case of the server: one owner per visitor, decide, append, answer
// (docs/decisions/visitor-lease.md). Also the other commands that change or show a visitor. Knows no HTTP and
// no JSON of requests.
//
// Thread-safe. A visitor's requests wait for one another (bounded); different visitors' do not.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/account/account.h"
#include "domain/deciding/conversations.h"
#include "domain/deciding/decide.h"
#include "domain/deciding/session.h"
#include "eventstore/event_store.h"
#include "eventstore/keys/visitor_keys.h"

namespace monitor {

class Geo;

struct VisitsOptions {
  std::size_t max_cached_visitors = 200'000;    // beyond it the least recently used are folded anew when they return
  std::size_t max_cached_bytes = 512ull << 20;  // the same, by the size of the events they were folded from
  int max_waiting_per_visitor = 16;             // beyond it: overloaded
  int max_waiting = std::numeric_limits<int>::max();  // for visitors, all together: each holds a thread; the same
};

// Why a request was not done; the caller makes the HTTP answer of http-api.md section 1. Nothing was recorded, but for
// kUnacknowledged.
struct VisitFailure {
  enum class Code : std::uint8_t {
    kInvalid,         // 400/5, `message`
    kCapped,          // 503/18, retry_after_s
    kOverloaded,      // 503/18: too many waiting, disk full, shutting down
    kDeadline,        // 500/20: the deadline passed before the request was handed to the writer
    kUnauthorized,    // 401/10
    kNotFound,        // 404/12
    kCorrupt,         // 500/18
    kUnacknowledged,  // recorded here, but not acknowledged in time: no answer, the connection is closed
  } code;
  std::string message;
  int retry_after_s = 1;
};

struct VisitCall {
  std::shared_ptr<const AccountState> account;  // in force when the request came
  VisitRequest request;                         // identities already hashed; fresh_session is made if it is needed
  std::string traceparent;                      // "" if none was sent
  bool on_behalf = false;                       // obh: addresses are not capped
  bool fresh_visitor = false;                   // request.visitor was generated for it: nothing can be known of it
  bool live_session_only = false;               // kNotFound instead of beginning a session
  std::chrono::steady_clock::time_point deadline;
};

// One session as the sibling resources show it (http-api.md section 7).
struct SessionView {
  SessionState state;
  TimeMs now;
};

class Visits {
 public:
  // All must outlive it.
  Visits(EventStore& store, const MasterKey& master_key, VisitsOptions options = {});
  ~Visits();

  // POST …/engagement, PUT …/report and PUT …/visits/current/events.
  std::expected<Decision, VisitFailure> Handle(VisitCall call);

  // The account's document when its stream was at that version; nullptr if it is not known any more.
  using DocumentAt = std::function<std::shared_ptr<const Account>(std::uint64_t version)>;

  // Without a session in the request an example (campaigns.md section 5); records nothing and holds nobody up.
  // Its identities are hashed. Without an address it comes from where the live session's newest request came from.
  std::expected<std::vector<Judgement>, VisitFailure> Explain(const AccountState& account, VisitRequest request,
                                                              std::optional<TimeMs> at, const DocumentAt& document_at,
                                                              const Geo* geo = nullptr);

  // The live session of this visitor (the newest, if none is named). nullopt: there is none.
  std::expected<std::optional<SessionView>, VisitFailure> FindSession(const AccountState& account,
                                                                      const VisitorId& visitor,
                                                                      const std::optional<SessionId>& session);

  std::expected<void, VisitFailure> StartConversation(const AccountState& account, const ConversationStart& start);
  std::expected<void, VisitFailure> EndConversation(const AccountState& account, const ConversationId& id);
  std::expected<void, VisitFailure> SetAbandonScore(const AccountState& account, const VisitorId& visitor,
                                                    Decimal score);
  // Closes its sessions, appends visitor-erased, destroys the key. kNotFound if nothing is known of it.
  std::expected<void, VisitFailure> Erase(const AccountState& account, const VisitorId& visitor);

  // Its state, or kNotFound if nothing is known of the visitor.
  std::expected<VisitorState, VisitFailure> FindVisitor(const AccountState& account, const VisitorId& visitor);
  // Streams of its sessions, by name.
  std::expected<std::vector<StreamName>, VisitFailure> SessionsOf(const AccountState& account,
                                                                  const VisitorId& visitor);
  // The visitor's key, for views that may show plaintext; nullopt if there is none (any more).
  std::expected<std::optional<VisitorKey>, VisitFailure> KeyOf(const AccountId& account, const VisitorId& visitor);

  struct Statistics {
    std::uint64_t cached_visitors = 0, folds_total = 0, capped_total = 0, overloaded_total = 0;
  };
  Statistics statistics() const;

  class State;  // visits_state.h

 private:
  std::unique_ptr<State> state_;
};

}  // namespace monitor
