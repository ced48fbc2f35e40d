// All that may be done with visitors, for the doors: the commands that change them, and the views that show them, over
// the one owner of each. Knows no HTTP and no JSON of requests. Thread-safe.
#pragma once

#include <utility>

#include "api/visits/visitor_commands.h"
#include "api/visits/visitor_owner.h"
#include "api/visits/visitor_views.h"

namespace monitor {

struct Visits {
  // Both must outlive it.
  Visits(EventStore& store, const MasterKey& master_key, VisitorRooms::Options rooms = {},
         VisitorCommands::OnDecided on_decided = {})
      : owner(store, master_key, rooms), commands(owner, std::move(on_decided)), views(owner) {}

  VisitorOwner owner;
  VisitorCommands commands;
  VisitorViews views;
};

}  // namespace monitor
