#include "server/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>

#include "domain/values/json.h"
#include "domain/values/timestamp.h"

namespace monitor::log {
namespace {

// The one process-wide object: operational logs go to stderr from wherever something goes wrong.
spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> kLogger = [] {
    auto made = std::make_shared<spdlog::logger>("monitor", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *kLogger;
}

spdlog::level::level_enum Spdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      break;
  }
  return spdlog::level::err;
}

std::string_view Word(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      break;
  }
  return "error";
}

struct FieldWriter {
  json::Writer& writer;
  void operator()(std::string_view text) const { writer.String(text); }
  void operator()(std::int64_t number) const { writer.Int(number); }
  void operator()(double number) const { writer.Double(number); }
  void operator()(bool truth) const { writer.Bool(truth); }
};

}  // namespace

void SetLevel(std::string_view level) {
  for (Level known : {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError}) {
    if (level == Word(known)) Logger().set_level(Spdlog(known));
  }
}

void Write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (!Logger().should_log(Spdlog(level))) return;
  std::string line;
  json::Writer writer(line);
  writer.BeginObject();
  writer.Key("time").String(
      FormatRfc3339(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())));
  writer.Key("level").String(Word(level)).Key("event").String(event);
  for (const Field& field : fields) {
    writer.Key(field.name);
    std::visit(FieldWriter{writer}, field.value);
  }
  writer.EndObject();
  Logger().log(Spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace monitor::log
