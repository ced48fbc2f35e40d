// Why nothing came of a command or a look at a visitor, the one way to say it in this folder.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "eventstore/event_store.h"

namespace monitor {

// The caller makes the HTTP answer of http-api.md section 1. Nothing was recorded, but for kUnacknowledged.
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

template <class T>
using VisitOutcome = std::expected<T, VisitFailure>;

inline VisitFailure NothingKnown() { return {VisitFailure::Code::kNotFound, "nothing is known of this visitor"}; }
VisitFailure FailureOf(StoreError error);  // visitor_owner.cpp

}  // namespace monitor
