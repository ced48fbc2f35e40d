// Looking into a stopped node's data: is it whole, and do its decisions follow from its events?
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "ctl/command.h"
#include "ctl/event_source.h"
#include "ctl/log_stats.h"
#include "domain/deciding/replay.h"
#include "domain/values/json.h"
#include "eventstore/cloud_event_writer.h"
#include "eventstore/log/rocksdb_store.h"
#include "eventstore/replay/replay_log.h"

namespace monitor::ctl {
namespace {

constexpr std::size_t kMaxShownDifferences = 100;

int Verify(const CommonOptions& common, const std::string& data) {
  auto store = OpenStoppedNode(data);
  if (!store) return Refuse(store.error());
  auto checked = (*store)->Verify([](std::uint64_t events) { Progress("verify", events); });
  EndProgress();
  if (!checked) return Refuse(checked.error());
  if (common.json) {
    std::printf("{\"events\":%llu}\n", static_cast<unsigned long long>(*checked));
  } else {
    std::printf("verified: %llu events, nothing wrong\n", static_cast<unsigned long long>(*checked));
  }
  return kDone;
}

// The newest events are in the write-ahead log before they are in tables.
NamedNumbers BytesOnDisk(const RocksDbStore& store, const std::string& folder) {
  NamedNumbers disk = store.DiskBytes();
  std::uint64_t ahead = 0;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(folder, error)) {
    if (file.path().extension() == ".log") ahead += file.file_size(error);
  }
  disk.emplace_back("write-ahead log", ahead);
  return disk;
}

int ShowLogStats(const CommonOptions& common, const std::string& data) {
  const auto store = OpenStoppedNode(data);
  if (!store) return Refuse(store.error());
  const auto stats = CountLog(*StoppedNode(**store, data), [](std::uint64_t events) { Progress("stats", events); });
  EndProgress();
  if (!stats) return Refuse(stats.error().message);
  if (Interrupted()) return Refuse("interrupted");
  const NamedNumbers disk = BytesOnDisk(**store, LogFolder(data));
  std::puts((common.json ? StatsAsJson(*stats, disk) : StatsAsTable(*stats, disk)).c_str());
  return kDone;
}

// What cannot go on under its origin goes on under the next: a log ahead of the clock, an older copy of a data folder.
int BeginEpoch(const CommonOptions& common, const std::string& data) {
  const auto begun = RocksDbStore::BeginEpoch(LogFolder(data));
  if (!begun) return Refuse(begun.error());
  if (common.json) {
    std::printf("{\"origin\":\"%s\"}\n", begun->ToString().c_str());
  } else {
    std::printf("the epoch %s begins, at the clock's time\n", begun->ToString().c_str());
  }
  return kDone;
}

// An erasure that is dropped is undone: what it destroyed is there again.
bool MustBeDoneAgain(const StoredEvent& event) {
  return event.type == "visitor-erased" || event.type == "account-removed";
}

int DropDamaged(const std::string& data) {
  std::uint64_t dropped = 0;
  std::vector<std::string> again;
  std::optional<LogPosition> newest;
  const auto begun = RocksDbStore::DropDamaged(LogFolder(data), [&](StoredEvent&& event) {
    std::string line;
    AppendCloudEvent(event, event.data, line);
    newest = event.position;
    if (MustBeDoneAgain(event)) again.push_back(event.type + " " + event.stream.str());
    ++dropped;
    return std::puts(line.c_str()) >= 0 && std::fflush(stdout) == 0;
  });
  if (!begun) return Refuse(begun.error());
  if (!*begun) return Refuse("the write-ahead log is not damaged: nothing is dropped; see `monitorctl log verify`");
  const auto store = OpenStoppedNode(data);
  if (!store) return Refuse(store.error());
  const Origin closed{(*begun)->node, (*begun)->epoch - 1};
  const auto origins = (*store)->Origins();
  const auto kept = std::ranges::find(origins, closed, &OriginRange::origin);
  const LogPosition last{closed, kept == origins.end() ? 0 : kept->last};
  const std::string unread =
      newest ? std::to_string(newest->seq - last.seq - dropped) + " more" : "those of the newest requests";
  std::fprintf(
      stderr,
      "monitorctl: the log ends at %s; dropped: %llu events (printed), and %s that can not be read; the epoch %s "
      "begins\n",
      last.ToString().c_str(), static_cast<unsigned long long>(dropped), unread.c_str(), (*begun)->ToString().c_str());
  for (const std::string& one : again) std::fprintf(stderr, "monitorctl: dropped, do it again: %s\n", one.c_str());
  return kDone;
}

struct ReplayOptions {
  std::string data, master_key;
  bool verify = false;
};

void PrintResult(const CommonOptions& common, const Replayer::Counts& counts, std::uint64_t different,
                 const LogPosition& from) {
  if (!common.json) {
    std::printf(
        "replayed from %s: %llu events, %llu requests decided again, %llu different; left out: %llu of erased "
        "visitors, %llu whose past is no longer kept, %llu decided by rules of another version\n",
        from.ToString().c_str(), static_cast<unsigned long long>(counts.events),
        static_cast<unsigned long long>(counts.requests), static_cast<unsigned long long>(different),
        static_cast<unsigned long long>(counts.sealed), static_cast<unsigned long long>(counts.incomplete),
        static_cast<unsigned long long>(counts.other_rules));
    return;
  }
  std::string out;
  json::Writer writer(out);
  writer.BeginObject().Key("from").String(from.ToString()).Key("events").UInt(counts.events);
  writer.Key("requests").UInt(counts.requests).Key("different").UInt(different);
  writer.Key("sealed").UInt(counts.sealed).Key("incomplete").UInt(counts.incomplete);
  writer.Key("otherRules").UInt(counts.other_rules).EndObject();
  std::puts(out.c_str());
}

int ReplayAndVerify(const CommonOptions& common, const ReplayOptions& options) {
  const std::string key_file = options.master_key.empty() ? options.data + "/master.key" : options.master_key;
  auto store = OpenStoppedNode(options.data);
  if (!store) return Refuse(store.error());
  auto master_key = MasterKey::LoadFor(**store, key_file);
  if (!master_key) return Refuse(master_key.error());
  std::uint64_t different = 0;
  Replayer replayer([&](const RecordedRequest& recorded) {
    auto difference = VerifyRequest(recorded);
    if (!difference) return;
    if (++different > kMaxShownDifferences) return;
    EndProgress();
    std::fprintf(stderr, "%s: %s\n", recorded.position.c_str(), difference->c_str());
  });
  const auto go_on = [](std::uint64_t events) {
    Progress("replay", events);
    return !Interrupted();
  };
  auto from = ReplayLog(**store, *master_key, {.account = std::nullopt, .go_on = go_on}, replayer);
  EndProgress();
  if (!from) return Refuse(from.error().message);
  PrintResult(common, replayer.counts(), different, *from);
  return different == 0 ? kDone : kNo;
}

}  // namespace

void AddStoreCommands(CLI::App& app, CommandLine& line) {
  auto data = std::make_shared<std::string>();
  for (CLI::App* parent : {&app, app.get_subcommand("log")}) {
    CLI::App* verify = parent->add_subcommand(
        "verify", "Check a stopped node's log: checksums, sequence, streams, versions; the first fault is named");
    verify->add_option("--data", *data, "monitord's data folder")->required();
    verify->callback([&line, data] { line.exit_code = Verify(line.common, *data); });
  }

  CLI::App* stats = app.get_subcommand("log")->add_subcommand(
      "stats", "Count a stopped node's events by origin and by type, and the bytes of each column family");
  stats->add_option("--data", *data, "monitord's data folder")->required();
  stats->callback([&line, data] { line.exit_code = ShowLogStats(line.common, *data); });

  CLI::App* repair = app.get_subcommand("log")->add_subcommand("repair", "Let a stopped node's log go on anew");
  repair->add_option("--data", *data, "monitord's data folder")->required();
  CLI::App* what = repair->add_option_group("What")->require_option(1);
  auto new_epoch = std::make_shared<bool>(false), drop_damaged = std::make_shared<bool>(false);
  what->add_flag("--new-epoch", *new_epoch, "Begin a new epoch: another origin, seq 1, the clock's time");
  what->add_flag("--drop-damaged", *drop_damaged,
                 "Cut a damaged write-ahead log at the damage, print each event that is lost, and begin a new epoch");
  repair->callback([&line, data, new_epoch, drop_damaged] {
    line.exit_code = *drop_damaged ? DropDamaged(*data) : BeginEpoch(line.common, *data);
  });

  CLI::App* replay = app.add_subcommand("replay", "Decide a stopped node's recorded requests once more");
  auto options = std::make_shared<ReplayOptions>();
  replay->add_flag("--verify", options->verify, "Compare what is decided now with what was recorded")->required();
  replay->add_option("--data", options->data, "monitord's data folder")->required();
  replay->add_option("--master-key", options->master_key, "Its master key (default: master.key in that folder)");
  replay->callback([&line, options] { line.exit_code = ReplayAndVerify(line.common, *options); });
}

}  // namespace monitor::ctl
