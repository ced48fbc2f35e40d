// A node's log as files for those who analyse it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>
#include <set>

#include "ctl/command.h"
#include "ctl/log_export.h"
#include "domain/values/json.h"
#include "domain/values/whole_number.h"
#include "eventstore/keys/key_ring.h"

namespace monitor::ctl {
namespace {

struct ExportWords {
  ExportOptions options;
  std::string out, data, master_key, from, to;
  std::size_t part_mb = kPartBytes >> 20;
};

// RFC 3339 or ms since the epoch.
std::optional<TimeMs> ParseTime(const std::string& text) {
  const auto ms = ParseWhole<std::int64_t>(text);
  if (!ms) return ParseRfc3339(text);
  const TimeMs time = FromUnixMs(*ms);
  return ParseRfc3339(FormatRfc3339(time)) == time ? std::optional(time) : std::nullopt;  // its year has four digits
}

std::string ComplainOfTime(const std::string& text) {
  return ParseTime(text) ? "" : "neither an RFC 3339 time such as 2026-11-24T09:00:00Z nor ms";
}

int Tell(const CommonOptions& common, const ExportWords& words, const Manifest& manifest) {
  if (common.json) {
    std::string out;
    json::Writer writer(out);
    writer.BeginObject().Key("events").UInt(manifest.events()).Key("parts").UInt(manifest.parts.size());
    writer.Key("begin").String(manifest.begin.ToString()).Key("next").String(manifest.next.ToString());
    writer.Key("complete").Bool(manifest.complete).EndObject();
    std::puts(out.c_str());
  } else {
    std::printf("%s: %llu events in %zu parts, of a log that begins at %s\n", words.out.c_str(),
                static_cast<unsigned long long>(manifest.events()), manifest.parts.size(),
                manifest.begin.ToString().c_str());
    for (const std::string& visitor : manifest.sealed) std::printf("erased, stays sealed: %s\n", visitor.c_str());
  }
  if (manifest.complete) return kDone;
  return Refuse("interrupted; the same command goes on at " + manifest.next.ToString());
}

int ExportFrom(EventSource& source, const CommonOptions& common, const ExportWords& words,
               const std::set<std::string>* sealed) {
  const auto folder = ExportFolder::Open(words.out);
  if (!folder) return Refuse(folder.error());
  const ExportJob job{.options = words.options,
                      .part_bytes = words.part_mb << 20,
                      .sealed = sealed,
                      .progress = [](std::uint64_t events) { Progress("export", events); }};
  const auto exported = ExportLog(source, *folder, job);
  EndProgress();
  return exported ? Tell(common, words, *exported) : Refuse(exported.error());
}

int ExportDecrypted(RocksDbStore& store, const CommonOptions& common, const ExportWords& words) {
  const auto master_key =
      MasterKey::LoadFor(store, words.master_key.empty() ? words.data + "/master.key" : words.master_key);
  if (!master_key) return Refuse(master_key.error());
  KeyRing keys(store, *master_key);
  std::set<std::string> sealed;
  const auto source = StoppedNode(store, words.data, [&](const StoredEvent& event) {
    if (!IsWanted(words.options, AccountOf(event.stream.str()), event.time)) return event.data;
    const WatchedCipher cipher(keys.Of(event.key));
    std::string data = OpenSealedFields(event.data, cipher);
    if (cipher.failed()) sealed.insert(event.key);
    return data;
  });
  return ExportFrom(*source, common, words, &sealed);
}

int Export(const CommonOptions& common, const ExportWords& words) {
  if (words.data.empty()) return ExportFrom(*RunningNode(common), common, words, nullptr);
  const auto store = OpenStoppedNode(words.data);
  if (!store) return Refuse(store.error());
  if (words.options.decrypt) return ExportDecrypted(**store, common, words);
  return ExportFrom(*StoppedNode(**store, words.data), common, words, nullptr);
}

}  // namespace

void AddExportCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.get_subcommand("log")->add_subcommand(
      "export", "Copy events into a folder: JSON lines in parts, a manifest with checksums; again, it goes on");
  auto words = std::make_shared<ExportWords>();
  command->add_option("--out", words->out, "The folder; made if it is missing")->required();
  auto* data = command->add_option("--data", words->data, "A stopped node's data folder (default: the running node)");
  command->add_flag("--zstd", words->options.zstd, "Compress the parts");
  command->add_option("--part-mb", words->part_mb, "Events of a part, before compression; held in memory")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--account", words->options.account, "Only this account's");
  command->add_option("--from", words->from, "Only from this time on (RFC 3339 or ms)")->check(ComplainOfTime);
  command->add_option("--to", words->to, "Only before this time")->check(ComplainOfTime);
  command
      ->add_flag("--decrypt", words->options.decrypt,
                 "Open what is sealed; needs --data, for a running node opens one visitor at a time only")
      ->needs(data);
  command->add_option("--master-key", words->master_key, "Its master key (default: master.key in the data folder)")
      ->needs(data);
  command->callback([&line, words] {
    if (!words->from.empty()) words->options.from = ParseTime(words->from);
    if (!words->to.empty()) words->options.to = ParseTime(words->to);
    if (words->options.to && words->options.from >= words->options.to)
      throw CLI::ValidationError("--to", "is not after --from");
    line.exit_code = Export(line.common, *words);
  });
}

}  // namespace monitor::ctl
