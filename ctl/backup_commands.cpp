// Backups of a running node: made, listed, checked, dropped; and a node out of one.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "ctl/command.h"
#include "domain/values/json.h"
#include "domain/values/timestamp.h"
#include "eventstore/backup/backup_folder.h"
#include "eventstore/backup/restore.h"
#include "server/settings.h"

namespace monitor::ctl {
namespace {

constexpr long kLongestBackupMs = 24l * 3'600 * 1'000;

using Number = unsigned long long;  // printf's

// The server may stand elsewhere than where this is typed.
std::string Absolute(const std::string& path) { return std::filesystem::absolute(path).lexically_normal().string(); }

struct BackupOptions {
  std::string to, keys;
  bool list = false, verify = false;
  std::optional<std::uint32_t> id;
  std::optional<std::size_t> keep;
};

void WriteBackup(json::Writer& writer, const Backup& backup) {
  writer.BeginObject().Key("id").UInt(backup.id).Key("at").String(FormatRfc3339(backup.at));
  writer.Key("position").String(backup.position.ToString()).Key("bytes").UInt(backup.bytes).EndObject();
}

int List(const CommonOptions& common, const std::string& folder) {
  const auto backups = ListBackups(folder);
  if (!backups) return Refuse(backups.error());
  if (common.json) {
    std::string out;
    json::Writer writer(out);
    writer.BeginObject().Key("backups").BeginArray();
    for (const Backup& backup : backups->whole) WriteBackup(writer, backup);
    writer.EndArray().Key("damaged").BeginArray();
    for (const std::uint32_t id : backups->damaged) writer.UInt(id);
    writer.EndArray().EndObject();
    std::puts(out.c_str());
    return kDone;
  }
  for (const Backup& one : backups->whole) {
    std::printf("%-5u %s  up to %s  %llu bytes\n", one.id, FormatRfc3339(one.at).c_str(),
                one.position.ToString().c_str(), static_cast<Number>(one.bytes));
  }
  for (const std::uint32_t id : backups->damaged) std::printf("%-5u damaged\n", id);
  return kDone;
}

// All of them, or the one that is named; every one that is damaged is told.
int Verify(const CommonOptions& common, const BackupOptions& options) {
  std::vector<std::uint32_t> ids, whole;
  int exit_code = kDone;
  if (options.id) {
    ids.push_back(*options.id);
  } else {
    const auto backups = ListBackups(options.to);
    if (!backups) return Refuse(backups.error());
    for (const Backup& backup : backups->whole) ids.push_back(backup.id);
    ids.insert(ids.end(), backups->damaged.begin(), backups->damaged.end());
  }
  for (const std::uint32_t id : ids) {
    if (Interrupted()) return Refuse("stopped");
    if (const auto verified = VerifyBackup(options.to, id); !verified) {
      exit_code = Refuse(verified.error());
    } else {
      whole.push_back(id);
      if (!common.json) std::printf("backup %u: nothing wrong\n", id);
    }
  }
  if (!common.json) return exit_code;
  std::string out;
  json::Writer writer(out);
  writer.BeginObject().Key("whole").BeginArray();
  for (const std::uint32_t id : whole) writer.UInt(id);
  writer.EndArray().EndObject();
  std::puts(out.c_str());
  return exit_code;
}

int Prune(const CommonOptions& common, const BackupOptions& options) {
  const auto dropped = PruneBackups(options.to, *options.keep);
  if (!dropped) return Refuse(dropped.error());
  for (const std::uint32_t id : *dropped) {
    if (!common.json) std::printf("dropped backup %u\n", id);
  }
  return kDone;
}

int Make(const CommonOptions& common, const BackupOptions& options) {
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Key("dir").String(options.to).Key("keys").String(Absolute(options.keys)).EndObject();
  if (isatty(STDERR_FILENO)) std::fprintf(stderr, "backing up …\r");
  const auto answer =
      AdminApi(common).Do({.method = "POST", .path = "/admin/backup", .body = body, .timeout_ms = kLongestBackupMs});
  if (isatty(STDERR_FILENO)) std::fprintf(stderr, "\033[K");
  if (!answer) return Refuse(answer.error());
  const auto made = json::Document::Parse(answer->body);
  const auto text = [&](const char* name) {
    const json::Value* value = made ? made->root().Find(name) : nullptr;
    return value ? std::string(value->text()) : std::string();
  };
  if (text("id").empty()) return Refuse("the server's answer cannot be read");
  if (common.json) {
    std::puts(answer->body.c_str());
  } else {
    std::printf("backup %s, up to %s, %s bytes; keys in %s. The master key is not in it: keep a copy of its file\n",
                text("id").c_str(), text("position").c_str(), text("bytes").c_str(), Absolute(options.keys).c_str());
  }
  return kDone;
}

int RunBackup(const CommonOptions& common, BackupOptions options) {
  options.to = Absolute(options.to);
  if (options.list) return List(common, options.to);
  if (options.verify) return Verify(common, options);
  const int made = options.keys.empty() ? kDone : Make(common, options);
  return made == kDone && options.keep ? Prune(common, options) : made;
}

struct RestoreOptions {
  RestoreWanted wanted;
  std::string kafka, config;
};

// As monitord's file says it; what else stands there is monitord's.
std::expected<void, std::string> ReadBroker(const RestoreOptions& options, RestoreWanted& wanted) {
  using enum SettingSpec::Type;
  const auto settings = LoadSettings({{"kafka", "bootstrap_servers", "", kString, ""},
                                      {"kafka", "topic_prefix", "", kString, ""},
                                      {"kafka.client", "*", "", kString, ""},
                                      {"*", "*", "", kString, ""}},
                                     options.config);
  if (!settings) return std::unexpected(settings.error());
  const std::string servers = options.kafka.empty() ? settings->String("kafka", "bootstrap_servers") : options.kafka;
  if (servers.empty()) return {};
  auto client = kafka::ReadClientSettings(servers, settings->Section("kafka.client"));
  if (!client) return std::unexpected(client.error());
  const std::string prefix = settings->String("kafka", "topic_prefix");
  if (const auto fault = kafka::TopicPrefixFault(prefix)) return std::unexpected("kafka.topic_prefix: " + *fault);
  wanted.client = *std::move(client);
  wanted.topics = kafka::TopicsWith(prefix);
  return {};
}

void PrintRestored(const RestoreWanted& wanted, const Restored& done) {
  const std::string end = done.backup.position.ToString(), reaches = done.reaches.ToString();
  std::printf("restored the backup %u of %s into %s\n", done.backup.id, FormatRfc3339(done.backup.at).c_str(),
              wanted.data.c_str());
  std::printf("  from the backup  up to %s\n", end.c_str());
  if (wanted.client) {
    std::printf("  from the topic   %llu events more, up to %s\n", static_cast<Number>(done.from_topic),
                reaches.c_str());
    if (done.not_relayed > 0) {
      std::printf("  to the topic     %llu events that it does not have are sent when the node runs\n",
                  static_cast<Number>(done.not_relayed));
    }
  }
  std::printf("  visitors' keys   %llu put back, %llu of erased visitors left out\n", static_cast<Number>(done.keys),
              static_cast<Number>(done.erased));
  std::printf("  checked          %llu events, nothing wrong\n", static_cast<Number>(done.events));
  std::printf("the epoch %s begins\n", done.origin.ToString().c_str());
  if (!wanted.client) {
    std::printf(
        "without a broker: the newest event is %s; what was recorded after it is lost, and who was erased "
        "after it has to be erased again\n",
        done.newest ? (reaches + " of " + FormatRfc3339(*done.newest)).c_str() : "none");
  }
  std::printf("before monitord is started put the master key's file where it looks for it (default: %s/master.key)\n",
              wanted.data.c_str());
}

void PrintRestoredJson(const RestoreWanted& wanted, const Restored& done) {
  std::string out;
  json::Writer writer(out);
  writer.BeginObject().Key("backup");
  WriteBackup(writer, done.backup);
  writer.Key("broker").Bool(wanted.client.has_value()).Key("fromTopic").UInt(done.from_topic);
  writer.Key("notRelayed").UInt(done.not_relayed).Key("reaches").String(done.reaches.ToString());
  if (done.newest) writer.Key("newest").String(FormatRfc3339(*done.newest));
  writer.Key("events").UInt(done.events).Key("keys").UInt(done.keys).Key("erasedKeys").UInt(done.erased);
  writer.Key("origin").String(done.origin.ToString()).EndObject();
  std::puts(out.c_str());
}

int RunRestore(const CommonOptions& common, const RestoreOptions& options) {
  RestoreWanted wanted = options.wanted;
  for (std::string* folder : {&wanted.backups, &wanted.keys, &wanted.data}) *folder = Absolute(*folder);
  if (auto read = ReadBroker(options, wanted); !read) return Refuse(read.error());
  wanted.go_on = [] { return !Interrupted(); };
  wanted.progress = [](const char* what, std::uint64_t events) {
    if (isatty(STDERR_FILENO)) std::fprintf(stderr, "\r%s: %llu events", what, static_cast<Number>(events));
  };
  const auto restored = Restore(wanted);
  if (isatty(STDERR_FILENO)) std::fprintf(stderr, "\r\033[K");
  if (!restored) return Refuse(restored.error());
  common.json ? PrintRestoredJson(wanted, *restored) : PrintRestored(wanted, *restored);
  return kDone;
}

}  // namespace

void AddBackupCommands(CLI::App& app, CommandLine& line) {
  CLI::App* backup = app.add_subcommand("backup", "Back a running node up; list, check and drop its backups");
  auto options = std::make_shared<BackupOptions>();
  backup->add_option("--to", options->to, "Folder of the backups, as the node sees it")->required();
  auto* keys =
      backup->add_option("--keys", options->keys, "Folder of the visitors' keys, not in --to: the newest only");
  auto* list = backup->add_flag("--list", options->list, "Print which backups are there");
  auto* verify = backup->add_flag("--verify", options->verify, "Read all of them, and compare their checksums");
  backup->add_option("--id", options->id, "Verify only this one")->needs(verify);
  auto* keep = backup->add_option("--keep", options->keep, "Drop all but the newest N afterwards")
                   ->type_name("N")
                   ->check(CLI::Range(1, 1'000'000));
  list->excludes(verify)->excludes(keys)->excludes(keep);
  verify->excludes(keys)->excludes(keep);
  backup->callback([&line, options] {
    if (options->keys.empty() && !options->list && !options->verify && !options->keep) {
      throw CLI::RequiredError("--keys, or one of --list, --verify and --keep,");
    }
    line.exit_code = RunBackup(line.common, *options);
  });

  CLI::App* restore = app.add_subcommand("restore", "Make a node's data folder of a backup and of what the topic has");
  auto wanted = std::make_shared<RestoreOptions>();
  restore->add_option("--from", wanted->wanted.backups, "Folder of the backups")->required();
  restore->add_option("--keys", wanted->wanted.keys, "Folder of the visitors' keys")->required();
  restore->add_option("--data", wanted->wanted.data, "monitord's data folder: empty, or not there yet")->required();
  restore->add_option("--id", wanted->wanted.id, "Which backup (default: the newest)");
  restore->add_option("--kafka", wanted->kafka, "HOST:PORT,… of the broker that has the node's events");
  restore->add_option("--config", wanted->config, "monitord's settings: its [kafka] and [kafka.client] are used");
  restore->callback([&line, wanted] { line.exit_code = RunRestore(line.common, *wanted); });
}

}  // namespace monitor::ctl
