#include "domain/funnel/duration_histogram.h"

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
  ++buckets_[BucketOfDuration(duration_ms < 0 ? 0 : static_cast<std::uint64_t>(duration_ms))];
  ++count_;
}

void DurationHistogram::Add(const DurationHistogram& other) {
  for (const auto& [bucket, count] : other.buckets_) buckets_[bucket] += count;
  count_ += other.count_;
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
