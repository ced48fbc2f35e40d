#include "eventstore/log/retention_filters.h"

#include <string>

#include "eventstore/log/keys.h"
#include "eventstore/session_row.h"

namespace monitor {
namespace {

class DropsOld : public rocksdb::CompactionFilter {
 public:
  using Drops = bool (*)(const LogStart& start, std::string_view key, std::string_view value);

  DropsOld(const LogStart& start, Drops drops) : start_(start), drops_(drops) {}
  const char* Name() const override { return "monitor.retention"; }
  // Iterators see tables as they were when they began, and nobody reads what is dropped through newer ones.
  bool IgnoreSnapshots() const override { return true; }

  bool Filter(int, const rocksdb::Slice& key, const rocksdb::Slice& value, std::string*, bool*) const override {
    return drops_(start_, ToView(key), ToView(value));
  }

 private:
  const LogStart& start_;
  const Drops drops_;
};

bool DropsEvent(const LogStart& start, std::string_view key, std::string_view) {
  const auto position = ParseLogKey(key);
  return position && !start.Keeps(*position);
}

bool DropsEntry(const LogStart& start, std::string_view key, std::string_view value) {
  if (!key.starts_with(kSessionStreams)) return false;
  const auto entry = ParseStreamEntry(key, value);
  return entry && !start.Keeps(entry->last());
}

bool DropsSnapshot(const LogStart& start, std::string_view, std::string_view value) {
  const auto row = ParseSessionRow(value);
  return row && row->written && *row->written < start.sessions_from();
}

}  // namespace

std::unique_ptr<rocksdb::CompactionFilter> RetentionFilter(Family family, const LogStart& start) {
  switch (family) {
    case Family::kLog:
      return std::make_unique<DropsOld>(start, DropsEvent);
    case Family::kStream:
      return std::make_unique<DropsOld>(start, DropsEntry);
    case Family::kSession:
      return std::make_unique<DropsOld>(start, DropsSnapshot);
    default:
      return nullptr;
  }
}

}  // namespace monitor
