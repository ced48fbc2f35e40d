// What came back from the topic with a restore (eventstore/log/restored_rows.h), folded into what is kept of visitors:
// their snapshots, and what is indexed of their identities and conversations. Sessions need nothing: they are folded
// from their snapshot and the events since whenever they are read. Erased visitors are forgotten; their keys were not
// restored. For one thread, before anybody is served.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "eventstore/event_store.h"
#include "eventstore/keys/visitor_keys.h"

namespace monitor {

// Goes on where it was interrupted. How many events were folded; 0: there was nothing to do. The error is one sentence.
std::expected<std::uint64_t, std::string> FoldRestored(EventStore& store, const MasterKey& master_key);

}  // namespace monitor
