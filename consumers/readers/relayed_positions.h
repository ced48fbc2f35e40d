// What monitor.positions says: "everything of this origin up to seq lies below these offsets" (events.md section 3).
// Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "consumers/view/view_store.h"

namespace monitor {

class RelayedPositions {
 public:
  // A record of the topic: key origin, value {"seq", "offsets": {partition: offset}}, numbers as such or as strings.
  // False if it can not be read; it is then left out.
  bool Add(std::string_view origin, std::string_view value);

  // Per origin the highest seq whose offsets all are counted, of these partitions; `counted`: the offset up to which
  // (exclusive) each is. With more partitions, or a lower offset, it may be lower than before, or none: records below
  // what it returns are forgotten.
  Positions Reached(const std::map<int, std::int64_t>& counted);

 private:
  struct Record {
    std::uint64_t seq;
    std::map<int, std::int64_t> offsets;
  };
  std::map<std::string, std::deque<Record>, std::less<>> records_;
};

}  // namespace monitor
