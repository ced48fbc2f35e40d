#include "domain/funnel/duration_histogram.h"

#include <algorithm>
#include <bit>

namespace monitor {
namespace {

constexpr int kPartBits = 6;                              // 64 parts of each power of two
constexpr std::uint64_t kExactBelow = 2ULL << kPartBits;  // 128

std::uint32_t BucketOfDuration(std::uint64_t value) {
  if (value < kExactBelow) return static_cast<std::uint32_t>(value);
  const int shift = std::bit_width(value) - (kPartBits + 1);
  return static_cast<std::uint32_t>(kExactBelow + ((shift - 1) << kPartBits) + (value >> shift) - (kExactBelow / 2));
}

std::int64_t MiddleOf(std::uint32_t bucket) {
  if (bucket < kExactBelow) return bucket;
  const std::uint32_t above = bucket - kExactBelow;
  const int shift = static_cast<int>(above >> kPartBits) + 1;
  const std::uint64_t part = (above & ((1U << kPartBits) - 1)) + (kExactBelow / 2);
  return static_cast<std::int64_t>((part << shift) + (1ULL << (shift - 1)));
}

}  // namespace

void DurationHistogram::Add(std::int64_t duration_ms) {
  const std::uint32_t bucket = BucketOfDuration(duration_ms < 0 ? 0 : static_cast<std::uint64_t>(duration_ms));
  auto place = std::ranges::lower_bound(buckets_, bucket, {}, &std::pair<std::uint32_t, std::uint64_t>::first);
  if (place == buckets_.end() || place->first != bucket) place = buckets_.insert(place, {bucket, 0});
  ++place->second;
  ++count_;
}

void DurationHistogram::Add(const DurationHistogram& other) {
  if (other.buckets_.empty()) return;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> sum;
  sum.reserve(buckets_.size() + other.buckets_.size());
  auto mine = buckets_.begin();
  for (const auto& bucket : other.buckets_) {
    for (; mine != buckets_.end() && mine->first < bucket.first; ++mine) sum.push_back(*mine);
    sum.push_back(bucket);
    if (mine != buckets_.end() && mine->first == bucket.first) sum.back().second += mine++->second;
  }
  sum.insert(sum.end(), mine, buckets_.end());
  buckets_ = std::move(sum);
  count_ += other.count_;
}

void DurationHistogram::Subtract(const DurationHistogram& other) {
  auto mine = buckets_.begin();
  for (const auto& [bucket, count] : other.buckets_) {
    while (mine != buckets_.end() && mine->first < bucket) ++mine;
    if (mine != buckets_.end() && mine->first == bucket) mine->second -= count;
  }
  std::erase_if(buckets_, [](const auto& bucket) { return bucket.second == 0; });
  count_ -= other.count_;
}

bool DurationHistogram::CountAgain() {
  count_ = 0;
  for (const auto& bucket : buckets_) count_ += bucket.second;
  return std::ranges::adjacent_find(
             buckets_, [](const auto& one, const auto& next) { return one.first >= next.first; }) == buckets_.end();
}

std::optional<std::int64_t> DurationHistogram::Percentile(int percent) const {
  if (count_ == 0) return std::nullopt;
  const std::uint64_t rank = (static_cast<std::uint64_t>(percent) * count_ + 99) / 100;
  std::uint64_t seen = 0;
  for (const auto& [bucket, count] : buckets_) {
    seen += count;
    if (seen >= rank) return MiddleOf(bucket);
  }
  return std::nullopt;
}

}  // namespace monitor
