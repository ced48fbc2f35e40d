// What is shown of a visitor. Nothing is recorded, and nobody waits for who looks. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "api/visits/visitor_owner.h"
#include "domain/account/account.h"
#include "domain/deciding/decide.h"

namespace monitor {

class Geo;

// One session as the sibling resources show it (http-api.md section 7).
struct SessionView {
  SessionState state;
  TimeMs now;
};

struct SessionOutline {
  SessionId id;
  TimeMs started_at, last_activity_at;
  bool live = false;
};

class VisitorViews {
 public:
  explicit VisitorViews(VisitorOwner& owner) : owner_(owner) {}  // must outlive it

  // The account's document when its stream was at that version; nullptr if it is not known any more.
  using DocumentAt = std::function<std::shared_ptr<const Account>(std::uint64_t version)>;

  // Without a session in the request an example (campaigns.md section 5). Its identities are hashed. Without an address
  // it comes from where the live session's newest request came from.
  VisitOutcome<std::vector<Judgement>> Explain(const AccountState& account, VisitRequest request,
                                               std::optional<TimeMs> at, const DocumentAt& document_at,
                                               const Geo* geo = nullptr) const;

  // The live session of this visitor (the newest, if none is named). nullopt: there is none.
  VisitOutcome<std::optional<SessionView>> FindSession(const AccountState& account, const VisitorId& visitor,
                                                       const std::optional<SessionId>& session) const;
  // What the session said, read from its events.
  VisitOutcome<SessionTranscript> Transcript(const AccountId& account, const VisitorId& visitor,
                                             const SessionId& session) const;
  // Its state, or kNotFound if nothing is known of the visitor.
  VisitOutcome<VisitorState> FindVisitor(const AccountState& account, const VisitorId& visitor) const;
  // Its kept sessions, the newest first.
  VisitOutcome<std::vector<SessionOutline>> SessionsOf(const AccountState& account, const VisitorId& visitor) const;
  // All visitors that presented this identity and were not erased since, by id.
  VisitOutcome<std::vector<VisitorId>> FindIdentity(const AccountState& account, const IdentityHash& identity) const;
  // From where on that is told for certain; nullopt: from the beginning.
  VisitOutcome<std::optional<LogPosition>> IdentitiesFrom() const;
  // The visitor's key, for views that may show plaintext; nullopt if there is none (any more).
  VisitOutcome<std::optional<VisitorKey>> KeyOf(const AccountId& account, const VisitorId& visitor) const;

 private:
  VisitOutcome<SessionState> ReadSession(const AccountId& account, const VisitorId& visitor, const SessionId& session,
                                         const Account* judge) const;
  VisitOutcome<SessionState> LookAtSession(const AccountId& account, const VisitorId& visitor,
                                           const std::optional<SessionId>& session) const;

  VisitorOwner& owner_;
};

}  // namespace monitor
