// What each of several instances has of the topic, and which of them counts which partition (funnel.md section 5;
// docs/decisions/peers.md). Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "consumers/view/view_store.h"

namespace monitor {

struct HeldPartition {
  int partition = 0;
  std::int64_t offset = 0;  // up to where (exclusive) it is counted
  bool behind = false;      // it came, and is not counted yet up to the end that it had then
  bool operator==(const HeldPartition&) const = default;
};

// Of one instance, at one moment.
struct Share {
  std::string instance;             // a process's own
  std::string topic;                // that it reads
  bool keeps_up = false;            // it counts what comes, and has once reached the end
  int partitions = 0;               // that this has; 0: it is not known yet, and nothing is held
  std::vector<HeldPartition> held;  // ascending
  Positions as_of;                  // about all that is held
  std::string version;              // of the view
  bool operator==(const Share&) const = default;
};

// What one instance counts of an answer.
struct Counted {
  std::vector<int> partitions;  // ascending
  std::vector<int> behind;      // of these
  Positions as_of;
  std::string version;
  bool operator==(const Counted&) const = default;
};

// In the order of `shares`. Each partition is counted by who is furthest; of equals by one who is not behind, then by
// the one whose name is least: whoever divides the same shares comes to the same.
std::vector<Counted> Divide(std::span<const Share> shares);

// What all that is counted tells together.
struct Whole {
  Positions as_of;           // of each origin the least; of those that all know
  std::string version;       // another one if one of theirs is, or if another one counts a partition
  std::vector<int> missing;  // partitions that nobody counts, or only up to before the end that they had
  bool operator==(const Whole&) const = default;
};
Whole Together(std::span<const Counted> counted, int partitions);

}  // namespace monitor
