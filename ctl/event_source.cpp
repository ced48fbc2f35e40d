#include "ctl/event_source.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "domain/values/json.h"
#include "domain/values/whole_number.h"
#include "eventstore/cloud_event_writer.h"
#include "eventstore/read_on.h"

namespace monitor::ctl {
namespace {

constexpr std::uint64_t kPageOfEvents = 1'000;
constexpr std::string_view kTypePrefix = "monitor.";
constexpr json::Limits kEventLimits{.max_depth = 96, .max_nodes = 4 << 20};

std::string Text(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value ? std::string(value->text()) : std::string();
}

std::unexpected<SourceError> Unreadable() { return std::unexpected(SourceError{"the server's answer cannot be read"}); }

std::optional<OriginRange> RangeOf(const json::Value& range) {
  const auto origin = Origin::Parse(Text(range, "origin"));
  const auto first = ParseWhole<std::uint64_t>(Text(range, "first"));
  const auto last = ParseWhole<std::uint64_t>(Text(range, "last"));
  if (!origin || !first || !last) return std::nullopt;
  return OriginRange{*origin, *first, *last};
}

std::optional<EventLine> ParseLine(std::string_view text) {
  const auto event = json::Document::Parse(text, kEventLimits);
  if (!event) return std::nullopt;
  const auto position = LogPosition::Parse(Text(event->root(), "origin") + ":" + Text(event->root(), "seq"));
  const auto time = ParseRfc3339(Text(event->root(), "time"));
  if (!position || !time) return std::nullopt;
  std::string type = Text(event->root(), "type");
  if (type.starts_with(kTypePrefix)) type.erase(0, kTypePrefix.size());
  return EventLine{*position, *time, std::move(type), Text(event->root(), "subject"), std::string(text)};
}

class RunningNodeSource : public EventSource {
 public:
  explicit RunningNodeSource(const CommonOptions& options) : admin_(options) {}

  std::expected<std::vector<OriginRange>, SourceError> Origins() override {
    const auto body = Get("/admin/position", 30'000);
    if (!body) return std::unexpected(body.error());
    const auto position = json::Document::Parse(*body, kEventLimits);
    const json::Value* listed = position ? position->root().Find("origins") : nullptr;
    std::vector<OriginRange> origins;
    if (listed) {
      for (const json::Value& one : listed->items()) {
        const auto range = RangeOf(one);
        if (!range) return Unreadable();
        origins.push_back(*range);
      }
    }
    if (origins.empty()) return Unreadable();
    return origins;
  }

  std::expected<std::vector<EventLine>, SourceError> Read(LogPosition from, std::uint64_t max_events,
                                                          int wait_ms) override {
    const auto body = Get("/admin/log?limit=" + std::to_string(max_events) + "&from=" + PercentEncode(from.ToString()) +
                              "&waitMs=" + std::to_string(wait_ms),
                          wait_ms + 30'000);
    if (!body) return std::unexpected(body.error());
    std::vector<EventLine> events;
    for (std::string_view rest = *body; !rest.empty();) {
      const auto end = std::min(rest.find('\n'), rest.size());
      auto event = ParseLine(rest.substr(0, end));
      if (!event) return std::unexpected(SourceError{"the server's log has a line that is no event"});
      events.push_back(*std::move(event));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return events;
  }

 private:
  std::expected<std::string, SourceError> Get(const std::string& path, long timeout_ms) {
    auto answer = admin_.Ask({.path = path, .timeout_ms = timeout_ms});
    if (!answer) return std::unexpected(SourceError{answer.error(), true});
    if (answer->status / 100 != 2) return std::unexpected(SourceError{ErrorText(*answer), answer->status == 503});
    return std::move(answer->body);
  }

  AdminApi admin_;
};

class StoppedNodeSource : public EventSource {
 public:
  StoppedNodeSource(const RocksDbStore& store, std::string data, DataReader read_data)
      : store_(store), data_(std::move(data)), read_data_(std::move(read_data)) {}

  std::expected<std::vector<OriginRange>, SourceError> Origins() override { return store_.Origins(); }

  // What it can not give is what the admin API refuses, too.
  std::expected<std::vector<EventLine>, SourceError> Read(LogPosition from, std::uint64_t max_events, int) override {
    const auto origins = store_.Origins();
    const auto range = std::ranges::find(origins, from.origin, &OriginRange::origin);
    if (range == origins.end()) return std::unexpected(SourceError{"the origin is not known here"});
    if (from.seq < range->first) {
      return std::unexpected(SourceError{"the log begins at " + LogPosition{range->origin, range->first}.ToString()});
    }
    const auto read = ReadOn(store_, from, {.max_events = max_events});
    if (!read) {
      return std::unexpected(SourceError{"the log is damaged at " + from.ToString() +
                                         "; `monitorctl log verify --data " + data_ + "` says how"});
    }
    std::vector<EventLine> events;
    for (const StoredEvent& stored : *read) {
      EventLine& event = events.emplace_back(stored.position, stored.time, stored.type, stored.stream.str());
      AppendCloudEvent(stored, read_data_ ? read_data_(stored) : stored.data, event.text);
    }
    return events;
  }

 private:
  const RocksDbStore& store_;
  const std::string data_;
  const DataReader read_data_;
};

}  // namespace

std::string_view AccountOf(std::string_view stream) {
  const auto kind = stream.find('/');
  if (kind == std::string_view::npos) return {};
  stream.remove_prefix(kind + 1);
  return stream.substr(0, stream.find('/'));
}

std::string LogFolder(const std::string& data) {
  const auto inside = std::filesystem::path(data) / "store";
  return std::filesystem::is_directory(inside) ? inside.string() : data;
}

std::expected<std::unique_ptr<RocksDbStore>, std::string> OpenStoppedNode(const std::string& data) {
  return RocksDbStore::OpenReadOnly(LogFolder(data));
}

std::unique_ptr<EventSource> RunningNode(const CommonOptions& options) {
  return std::make_unique<RunningNodeSource>(options);
}

std::unique_ptr<EventSource> StoppedNode(const RocksDbStore& store, std::string data, DataReader read_data) {
  return std::make_unique<StoppedNodeSource>(store, std::move(data), std::move(read_data));
}

LogPosition EndOf(const std::vector<OriginRange>& origins) { return {origins.back().origin, origins.back().last}; }

std::expected<void, SourceError> ForEachEvent(EventSource& source, LogPosition from, LogPosition end,
                                              const std::function<bool(EventLine&&)>& take) {
  while (from <= end && !Interrupted()) {
    auto events = source.Read(from, kPageOfEvents, 0);
    if (!events) {
      if (Interrupted()) return {};
      return std::unexpected(events.error());
    }
    if (events->empty()) return {};
    for (EventLine& event : *events) {
      const LogPosition position = event.position;
      if (position > end || !take(std::move(event))) return {};
      from = {position.origin, position.seq + 1};
    }
  }
  return {};
}

}  // namespace monitor::ctl
