#include "consumers/view/coverage.h"

#include "consumers/view/view_keys.h"

namespace monitor {

BucketSet BucketsOf(const Coverage& coverage, int partition) {
  BucketSet buckets;
  for (std::size_t bucket = 0; bucket < buckets.size(); ++bucket) {
    const bool is_of = coverage.partitions > 0 && static_cast<int>(bucket) % coverage.partitions == partition;
    buckets[bucket] = is_of && coverage.buckets[bucket];
  }
  return buckets;
}

std::string EncodeCoverage(const Coverage& coverage) {
  std::string bytes = view::Number(static_cast<std::uint64_t>(coverage.partitions));
  for (std::size_t bucket = 0; bucket < coverage.buckets.size(); ++bucket) {
    bytes.push_back(coverage.buckets[bucket] ? '\1' : '\0');
  }
  return bytes;
}

std::optional<Coverage> DecodeCoverage(std::string_view bytes) {
  const auto partitions = view::ParseNumber(bytes.substr(0, 8));
  Coverage coverage;
  if (!partitions || bytes.size() != 8 + coverage.buckets.size()) return std::nullopt;
  coverage.partitions = static_cast<int>(*partitions);
  for (std::size_t bucket = 0; bucket < coverage.buckets.size(); ++bucket) {
    coverage.buckets[bucket] = bytes[8 + bucket] != '\0';
  }
  return coverage;
}

}  // namespace monitor
