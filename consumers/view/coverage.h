// Whose events the view has: positions are about these buckets only (funnel.md section 5). Pure.
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>

namespace monitor {

using BucketSet = std::bitset<256>;

struct Coverage {
  int partitions = 0;  // of the topic; 0: read from a log, which has all
  BucketSet buckets = BucketSet().set();
  bool operator==(const Coverage&) const = default;
};

// Those of one partition; none if it is not answered for.
BucketSet BucketsOf(const Coverage& coverage, int partition);

// The value of "coverage" in the view (view_keys.h).
std::string EncodeCoverage(const Coverage& coverage);
std::optional<Coverage> DecodeCoverage(std::string_view bytes);

}  // namespace monitor
