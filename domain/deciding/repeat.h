// `repeat` of events.md section 2: was the very same said before in this session, a moment ago? That is what a client's
// retry after a lost acknowledgement looks like. Compared as sent after validation: an absent page id equals an absent
// one, an impression that names no context equals one that names none.
//
// Fingerprints are computed from events, so that a fold remembers what a request said; they stand in snapshots, so that
// they are the same in every program.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "domain/deciding/session.h"
#include "domain/events/event.h"

namespace monitor {

// Page id as sent, entry points, attributes. nullopt: without attributes it is never a repeat.
std::optional<std::uint64_t> FingerprintOf(const ActivityReported& activity);
// `page_sent`: the impression's request named its page itself.
std::uint64_t FingerprintOf(const ImpressionReported& impression, bool page_sent);

// Of a request's entry points as sent; 0: it has none.
std::uint32_t FingerprintOf(const std::vector<std::string>& entry_points);

// Said at most kRepeatWindow before `now`; exactly that long ago still counts.
bool WasSaid(const std::vector<Utterance>& utterances, std::uint64_t fingerprint, TimeMs now);
// Remembers it as said now; forgets what no later request can repeat.
void Say(std::vector<Utterance>& utterances, std::uint64_t fingerprint, TimeMs now);

}  // namespace monitor
