// Durations in ms, counted in buckets that are the same everywhere, so that histograms of windows, partitions and
// instances add (funnel.md section 4). After HdrHistogram: values below 128 are exact, every power of two above is cut
// into 64 equal parts, and a part is represented by its middle; the relative error is at most 1/128. A value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace monitor {

class DurationHistogram {
 public:
  // A negative duration (two nodes' clocks disagree) counts as 0.
  void Add(std::int64_t duration_ms);
  void Add(const DurationHistogram& other);

  std::uint64_t count() const { return count_; }
  std::size_t buckets() const { return buckets_.size(); }  // in use: what it takes of memory
  // By nearest rank: the ⌈percent/100 · n⌉-th smallest. nullopt without samples. `percent` in 1–100.
  std::optional<std::int64_t> Percentile(int percent) const;

 private:
  std::map<std::uint32_t, std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
};

}  // namespace monitor
