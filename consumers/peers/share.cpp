#include "consumers/peers/share.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <tuple>
#include <utility>

namespace monitor {
namespace {

// Of the origins that both know.
void TakeLeast(Positions& positions, const Positions& others) {
  for (auto position = positions.begin(); position != positions.end();) {
    const auto other = others.find(position->first);
    if (other == others.end()) {
      position = positions.erase(position);
      continue;
    }
    position->second = std::min(position->second, other->second);
    ++position;
  }
}

}  // namespace

std::vector<Counted> Divide(std::span<const Share> shares) {
  struct Holder {
    std::size_t place;
    HeldPartition held;
  };
  std::map<int, Holder> furthest;
  const auto goes_before = [&](const Holder& one, const Holder& other) {
    const auto rank = [&](const Holder& holder) {
      return std::tuple(-holder.held.offset, holder.held.behind, std::string_view(shares[holder.place].instance));
    };
    return rank(one) < rank(other);
  };
  for (std::size_t place = 0; place < shares.size(); ++place) {
    for (const HeldPartition& held : shares[place].held) {
      const Holder holder{place, held};
      const auto [known, is_first] = furthest.try_emplace(held.partition, holder);
      if (!is_first && goes_before(holder, known->second)) known->second = holder;
    }
  }
  std::vector<Counted> counted(shares.size());
  for (std::size_t place = 0; place < shares.size(); ++place) {
    counted[place].as_of = shares[place].as_of;
    counted[place].version = shares[place].version;
  }
  for (const auto& [partition, holder] : furthest) {
    counted[holder.place].partitions.push_back(partition);
    if (holder.held.behind) counted[holder.place].behind.push_back(partition);
  }
  return counted;
}

Whole Together(std::span<const Counted> counted, int partitions) {
  Whole whole;
  std::map<int, const Counted*> by_partition;
  bool is_first = true;
  for (const Counted& one : counted) {
    for (const int partition : one.partitions) by_partition[partition] = &one;
    if (one.partitions.empty()) continue;
    if (std::exchange(is_first, false)) {
      whole.as_of = one.as_of;
    } else {
      TakeLeast(whole.as_of, one.as_of);
    }
  }
  for (int partition = 0; partition < partitions; ++partition) {
    const auto found = by_partition.find(partition);
    if (found == by_partition.end() || std::ranges::binary_search(found->second->behind, partition)) {
      whole.missing.push_back(partition);
    }
  }
  // In the order of the partitions, so that it is the same whoever adds.
  for (const auto& [partition, one] : by_partition) {
    whole.version += std::to_string(partition) + '=' + (one->partitions.front() == partition ? one->version : "") +
                     '@' + std::to_string(one->partitions.front()) + ' ';
  }
  return whole;
}

}  // namespace monitor
