// What Visits is made of; shared by visits.cpp (requests) and visitor_commands.cpp (the other commands). Each part
// says its own thread rule.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "api/visits/caps.h"
#include "api/visits/visitor_owner.h"
#include "api/visits/visitor_records.h"
#include "api/visits/visitor_rooms.h"
#include "api/visits/visits.h"

namespace monitor {

class Visits::State {
 public:
  State(EventStore& event_store, const MasterKey& key, const VisitsOptions& options)
      : store(event_store),
        master_key(key),
        records(event_store),
        rooms({options.max_cached_visitors, options.max_cached_bytes, options.max_waiting_per_visitor,
               options.max_waiting}),
        owner(event_store, key, records, rooms) {}

  EventStore& store;
  const MasterKey& master_key;
  VisitorRecords records;
  VisitorRooms rooms;
  VisitorOwner owner;
  NewSessionCaps caps;
  std::atomic<std::uint64_t> capped = 0, overloaded = 0;

  // The session as it is on disk, whoever owns the visitor: nobody waits for it.
  VisitorOwner::Outcome<LoadedSession> ReadSession(const AccountId& account, const VisitorId& visitor,
                                                   const SessionId& session) const;
  // The visitor's newest session, if none is named.
  VisitorOwner::Outcome<SessionState> LookAtSession(const AccountId& account, const VisitorId& visitor,
                                                    const std::optional<SessionId>& session);
  // The open conversations of the authenticated among these identities.
  VisitorOwner::Outcome<std::vector<OpenConversation>> ConversationsOf(const AccountId& account,
                                                                       const std::vector<Identity>& identities) const;
};

}  // namespace monitor
