#include "consumers/readers/relayed_positions.h"

#include <algorithm>
#include <optional>

#include "domain/values/json.h"
#include "domain/values/whole_number.h"

namespace monitor {
namespace {

// Of one origin; beyond it every other one is dropped, which makes positions coarser, never wrong. The newest stays:
// there may be none after it for long.
constexpr std::size_t kMaxRecords = 2'000;

}  // namespace

bool RelayedPositions::Add(std::string_view origin, std::string_view value) {
  const auto document = json::Document::Parse(value);
  if (!document || origin.empty()) return false;
  const json::Value* seq = document->root().Find("seq");
  const json::Value* offsets = document->root().Find("offsets");
  const auto number = seq ? ParseWhole<std::uint64_t>(seq->text()) : std::nullopt;
  if (!number || !offsets || !offsets->is_object()) return false;
  Record record{.seq = *number, .offsets = {}};
  for (const json::Member& member : offsets->members()) {
    const auto partition = ParseWhole<int>(member.name);
    const auto offset = ParseWhole<std::int64_t>(member.value.text());
    if (!partition || !offset) return false;
    record.offsets[*partition] = *offset;
  }
  std::deque<Record>& records = records_.try_emplace(std::string(origin)).first->second;
  if (!records.empty() && records.back().seq >= record.seq) return true;
  records.push_back(std::move(record));
  if (records.size() <= kMaxRecords) return true;
  std::deque<Record> thinned;
  for (std::size_t i = (records.size() - 1) % 2; i < records.size(); i += 2) thinned.push_back(std::move(records[i]));
  records = std::move(thinned);
  return true;
}

Positions RelayedPositions::Reached(const std::map<int, std::int64_t>& counted) {
  const auto is_counted = [&](const Record& record) {
    return std::ranges::all_of(counted, [&](const auto& entry) {
      const auto offset = record.offsets.find(entry.first);
      return offset == record.offsets.end() || offset->second <= entry.second;
    });
  };
  Positions reached;
  for (auto& [origin, records] : records_) {
    while (records.size() > 1 && is_counted(records[1])) records.pop_front();
    if (is_counted(records.front())) reached[origin] = records.front().seq;
  }
  return reached;
}

}  // namespace monitor
