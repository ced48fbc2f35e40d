#include "ctl/log_export.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace monitor::ctl {
namespace {

using Origins = std::vector<OriginRange>;

LogPosition StartOf(const OriginRange& range) { return {range.origin, range.first}; }

// The first event of the origin that is not before `time`, which its last one is not; times never go back within it.
std::expected<LogPosition, SourceError> FirstAt(EventSource& source, const OriginRange& range, TimeMs time) {
  std::uint64_t first = range.first, last = range.last;
  while (first < last) {
    const std::uint64_t middle = first + (last - first) / 2;
    const auto event = source.Read({range.origin, middle}, 1, 0);
    if (!event) return std::unexpected(event.error());
    if (event->empty() || event->front().time >= time) {
      last = middle;
    } else {
      first = middle + 1;
    }
  }
  return LogPosition{range.origin, first};
}

// Where to begin: at the beginning, or with the first origin that has something of `from` or later.
std::expected<LogPosition, SourceError> Begin(EventSource& source, const Origins& origins,
                                              const std::optional<TimeMs>& from) {
  if (!from) return StartOf(origins.front());
  for (const OriginRange& range : origins) {
    if (range.last < range.first) continue;
    const auto last = source.Read({range.origin, range.last}, 1, 0);
    if (!last) return std::unexpected(last.error());
    if (!last->empty() && last->front().time >= *from) return FirstAt(source, range, *from);
  }
  return LogPosition{origins.back().origin, origins.back().last + 1};
}

// Whether the log can go on there.
std::expected<void, std::string> CheckNext(const Origins& origins, LogPosition next) {
  const auto range = std::ranges::find(origins, next.origin, &OriginRange::origin);
  if (range == origins.end()) return std::unexpected("the export is of another node's log; export into another folder");
  if (next.seq >= range->first) return {};
  return std::unexpected("the export goes on at " + next.ToString() + ", but the log begins at " +
                         StartOf(*range).ToString() + " by now; export into another folder");
}

class Exporter {
 public:
  Exporter(EventSource& source, const ExportFolder& folder, const ExportJob& job, Manifest manifest)
      : source_(source), folder_(folder), job_(job), manifest_(std::move(manifest)), next_(manifest_.next) {}

  std::expected<Manifest, std::string> Run(LogPosition end) {
    std::expected<void, std::string> written;
    const auto read = ForEachEvent(source_, next_, end, [&](EventLine&& event) {
      // In the current origin nothing comes that is earlier.
      if (job_.options.to && event.time >= *job_.options.to && event.position.origin == end.origin) return false;
      written = Take(event);
      return written.has_value();
    });
    if (!written) return std::unexpected(written.error());
    manifest_.complete = read && !Interrupted();
    if (auto saved = Save(); !saved) return std::unexpected(saved.error());
    if (!read) return std::unexpected(read.error().message);
    return manifest_;
  }

 private:
  std::expected<void, std::string> Take(const EventLine& event) {
    next_ = {event.position.origin, event.position.seq + 1};
    if (++seen_ % kProgressEvents == 0 && job_.progress) job_.progress(seen_);
    if (!IsWanted(job_.options, AccountOf(event.stream), event.time)) return {};
    if (lines_.empty()) first_ = event.position;
    last_ = event.position;
    ++events_;
    lines_.append(event.text).push_back('\n');
    if (lines_.size() < job_.part_bytes) return {};
    return Save();
  }

  // The part comes first: what the manifest tells of is there.
  std::expected<void, std::string> Save() {
    if (!lines_.empty()) {
      auto part = folder_.WritePart(manifest_, lines_);
      if (!part) return std::unexpected(part.error());
      part->first = first_;
      part->last = last_;
      part->events = std::exchange(events_, 0);
      manifest_.parts.push_back(*std::move(part));
      lines_.clear();
    }
    manifest_.next = next_;
    if (job_.sealed) manifest_.sealed.insert(job_.sealed->begin(), job_.sealed->end());
    return folder_.Save(manifest_);
  }

  EventSource& source_;
  const ExportFolder& folder_;
  const ExportJob& job_;
  Manifest manifest_;  // as it was saved
  LogPosition next_;   // behind what was looked at
  std::string lines_;  // of the part that is begun
  LogPosition first_, last_;
  std::uint64_t events_ = 0, seen_ = 0;
};

}  // namespace

std::expected<Manifest, std::string> ExportLog(EventSource& source, const ExportFolder& folder, const ExportJob& job) {
  auto found = folder.ReadManifest();
  if (!found) return std::unexpected(found.error());
  if (*found && (*found)->options != job.options) {
    return std::unexpected("the folder holds an export with other options, which its manifest.json names");
  }
  const auto origins = source.Origins();
  if (!origins) return std::unexpected(origins.error().message);
  Manifest manifest;
  if (*found) {
    manifest = **std::move(found);
    if (auto whole = folder.Check(manifest); !whole) return std::unexpected(whole.error());
    if (auto can = CheckNext(*origins, manifest.next); !can) return std::unexpected(can.error());
  } else {
    const auto begin = Begin(source, *origins, job.options.from);
    if (!begin) return std::unexpected(begin.error().message);
    manifest = {.options = job.options, .begin = StartOf(origins->front()), .next = *begin};
  }
  manifest.complete = false;
  if (auto saved = folder.Save(manifest); !saved) return std::unexpected(saved.error());
  return Exporter(source, folder, job, std::move(manifest)).Run(EndOf(*origins));
}

}  // namespace monitor::ctl
