// The load itself, on one thread: a closed loop, in which each connection asks again as soon as it was answered; or an
// open one, in which requests are due at fixed times whatever the server does.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "connection.h"
#include "visits.h"

namespace monitor::bench {

struct LoadOptions {
  Target target;
  int connections = 64;
  double seconds = 0;  // 0: until the visitors are at an end
  double rate = 0;     // requests a second of the open loop; 0: the closed loop
  // Of the open loop: every other second belongs to appends with an fdatasync each to a file here, as the disk alone
  // does them, and no request is due; empty: no such file.
  std::string raw_folder;
};

struct LoadResult {
  Tally tally;
  std::uint64_t requests = 0;   // answered
  double seconds = 0;           // in which they were due
  int opened = 0;               // connections, reopened ones too
  double cpu_seconds = 0;       // the generator's own
  std::vector<float> waits_us;  // of each request: closed loop, from its sending; open loop, from when it was due
  std::vector<float> raw_us;    // of each append
};

// The next visitor to ask, not busy; nullptr: none just now.
using NextVisitor = std::function<Visitor*()>;
// True: nobody will come any more.
using AtEnd = std::function<bool()>;

// Throws std::runtime_error if nobody answers.
LoadResult RunLoad(const LoadOptions& options, Visits& visits, const NextVisitor& next, const AtEnd& at_end);

}  // namespace monitor::bench
