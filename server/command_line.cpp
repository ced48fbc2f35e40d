#include "server/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <sstream>

#include "server/log.h"

namespace monitor {
namespace {

using Type = SettingSpec::Type;

// As it would stand in the file.
std::string DefaultOf(const SettingSpec& spec) {
  if (spec.type == Type::kString) return '"' + spec.default_value + '"';
  if (spec.type == Type::kList) return '[' + spec.default_value + ']';
  return spec.default_value;
}

std::string HelpOf(const SettingSpec& spec) {
  return spec.help + (spec.words.empty() ? "" : " (" + spec.WordsInText() + ")");
}

std::string HelpOfKeys(const std::vector<SettingSpec>& specs) {
  std::ostringstream text;
  text << "Keys of the file; each can be overridden by MONITOR_<SECTION>_<KEY> in the environment:\n";
  std::string section;
  for (const SettingSpec& spec : specs) {
    if (spec.section != section) text << "\n[" << (section = spec.section) << "]\n";
    if (spec.is_open()) {
      text << "  " << spec.help << "\n";
      continue;
    }
    std::string left = "  " + spec.key + " = " + DefaultOf(spec);
    left.resize(std::max<std::size_t>(left.size() + 2, 38), ' ');
    text << left << HelpOf(spec) << "\n";
  }
  return text.str();
}

// In a cell of a table.
std::string Escaped(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != text.npos; at += 2) text.insert(at, 1, '\\');
  return text;
}

}  // namespace

std::string SettingsReference(const ServerProgram& program) {
  std::ostringstream text;
  text << "## " << program.name << "\n";
  std::string section;
  for (const SettingSpec& spec : program.settings) {
    if (spec.section != section) {
      text << "\n### [" << (section = spec.section) << "]\n\n| key | default | |\n|---|---|---|\n";
    }
    text << "| " << (spec.is_open() ? "any" : "`" + spec.key + "`") << " | "
         << (spec.is_open() ? "" : "`" + DefaultOf(spec) + "`") << " | " << Escaped(HelpOf(spec)) << " |\n";
  }
  return text.str();
}

std::expected<ServerSettings, int> SettingsFromCommandLine(int argc, char** argv, const ServerProgram& program) {
  CLI::App app{std::string(program.description), std::string(program.name)};
  std::string path;
  app.add_option("--config", path, "TOML file with the settings")->type_name("FILE");
  app.set_version_flag("--version", std::string(program.name) + " " MONITOR_VERSION);
  app.footer(HelpOfKeys(program.settings));
  app.fallthrough();
  CLI::App* const config = app.add_subcommand("config", "Looks at the settings, and does not serve")->fallthrough();
  config->require_subcommand(1);
  const CLI::App* const check = config->add_subcommand("check", "Says whether a start would take them: exit 0, or 1");
  const CLI::App* const reference = config->add_subcommand("reference", "Prints every key as a table in Markdown");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return std::unexpected(app.exit(error) == 0 ? 0 : 2);
  }
  if (reference->parsed()) {
    std::cout << SettingsReference(program);
    return std::unexpected(0);
  }
  auto settings = LoadSettings(program.settings, path);
  const std::optional<std::string> fault = settings ? program.refusal(*settings) : settings.error();
  if (fault) {
    std::cerr << program.name << ": " << *fault << "\n";
    return std::unexpected(1);
  }
  for (const std::string& name : UnknownInEnvironment(program.settings)) {
    log::Warning("setting_unknown", {{"variable", name}});
  }
  if (!check->parsed()) return *std::move(settings);
  std::cout << "the settings are right\n";
  return std::unexpected(0);
}

}  // namespace monitor
