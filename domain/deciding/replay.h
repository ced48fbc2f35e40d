// Recorded requests, decided once more: for proving that a log's decisions follow from its events (verify), and for
// asking what another document would have offered (what_if.h).
//
// Pure. Takes a log's events in order, folds them, and hands every request to a callback with the state it met. What
// was sealed must have been opened before; requests that could not be opened, and later ones of their sessions, which
// rest on what stayed sealed, are counted and left out; so are those of other rules than kDecisionRules.
// Holds the states of the log's visitors, and of the sessions that still can take requests.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "domain/account/account_snapshot.h"
#include "domain/deciding/decide.h"

namespace monitor {

struct RecordedEvent {
  std::string position;  // ORIGIN:SEQ, for reports
  TimeMs time;
  Event event;
  bool opened = true;  // false: some sealed field could not be opened (the visitor was erased)
  // Of an account's event: its stream's version with it, over all origins (ActivityReported::account_version).
  std::uint64_t account_version = 0;
};

// A request as it can be decided again, and everything it met. References live as long as the callback runs.
struct RecordedRequest {
  std::string position;  // of its first event
  TimeMs now;
  VisitRequest request;
  std::vector<Event> events;                    // what was recorded
  std::shared_ptr<const AccountState> account;  // shared with other requests of the replay
  const VisitorState& visitor;                  // before the request
  const SessionState& session;                  // before the request; not existing if it began one
  std::vector<OpenConversation> identity_conversations;
};

class Replayer {
 public:
  using OnRequest = std::function<void(const RecordedRequest&)>;

  explicit Replayer(OnRequest on_request);

  void Take(RecordedEvent recorded);
  void Finish();  // hands over the last request

  struct Counts {
    std::uint64_t events = 0;
    std::uint64_t requests = 0;
    std::uint64_t sealed = 0;       // requests left out: they or an earlier one of their session can not be opened
    std::uint64_t incomplete = 0;   // requests left out: the log no longer has what came before
    std::uint64_t other_rules = 0;  // requests left out: they or an earlier one of their session had other rules
  };
  const Counts& counts() const { return counts_; }

 private:
  struct Session {
    SessionState state;
    bool opened = true;      // all of its requests so far could be opened
    bool same_rules = true;  // all of them were decided by kDecisionRules
  };
  struct Visitor {
    VisitorState state;
    std::map<SessionId, Session> sessions;
  };
  // The events of one request, in the order they were appended.
  struct Group {
    std::string position;
    TimeMs time;
    std::vector<Event> events;
    bool opened = true;
  };

  bool Continues(const Event& event) const;
  void Flush();
  void DropEndedSessions(TimeMs now);
  void HandOver(const Group& group, Visitor& visitor);
  void FoldAccount(const RecordedEvent& recorded);
  Visitor& VisitorOf(const EventScope& scope);
  std::shared_ptr<const AccountState> AccountAt(const AccountId& id, std::uint64_t version) const;

  struct AccountHistory {
    AccountSnapshot kept;                                                   // the newest
    std::map<std::uint64_t, std::shared_ptr<const AccountState>> versions;  // all that the log still tells of
  };

  OnRequest on_request_;
  std::optional<Group> group_;
  std::unordered_map<std::string, Visitor> visitors_;  // by partition key
  std::map<AccountId, AccountHistory> accounts_;
  std::uint64_t flushed_ = 0;
  Counts counts_;
};

// Decides the request again and compares every event. nullopt: reproduced exactly; else what differs, one sentence.
std::optional<std::string> VerifyRequest(const RecordedRequest& recorded);

}  // namespace monitor
