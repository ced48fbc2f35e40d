// Durations in ms, counted in buckets that are the same everywhere, so that histograms of windows, partitions and
// instances add (funnel.md section 4). After HdrHistogram: values below 128 are exact, every power of two above is cut
// into 64 equal parts, and a part is represented by its middle; the relative error is at most 1/128. A value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace monitor {

class DurationHistogram {
 public:
  // A negative duration (two nodes' clocks disagree) counts as 0.
  void Add(std::int64_t duration_ms);
  void Add(const DurationHistogram& other);
  // What was added before.
  void Subtract(const DurationHistogram& other);

  std::uint64_t count() const { return count_; }
  std::size_t buckets() const { return buckets_.size(); }  // in use
  // What each of them takes of memory, at most.
  static constexpr std::size_t kBytesEach = 2 * sizeof(std::pair<std::uint32_t, std::uint64_t>);
  // By nearest rank: the ⌈percent/100 · n⌉-th smallest. nullopt without samples. `percent` in 1–100.
  std::optional<std::int64_t> Percentile(int percent) const;

  bool operator==(const DurationHistogram&) const = default;

  // Its layout (domain/values/packing.h); `histogram` may be const for a Packer.
  template <class Io, class Histogram>
  static void Fields(Io& io, Histogram& histogram) {
    io.Each(histogram.buckets_, [&](auto& bucket) {
      io.Int(bucket.first);
      io.Int(bucket.second);
    });
    if constexpr (Io::kReads) {
      if (!histogram.CountAgain()) io.Fail();
    }
  }

 private:
  // False: these are not in order.
  bool CountAgain();

  std::vector<std::pair<std::uint32_t, std::uint64_t>> buckets_;  // ascending, no count is 0
  std::uint64_t count_ = 0;
};

}  // namespace monitor
