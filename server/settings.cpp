#include "server/settings.h"

#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>

#include "domain/values/whole_number.h"

namespace monitor {
namespace {

using Type = SettingSpec::Type;

std::string Name(const SettingSpec& spec) { return spec.section + "." + spec.key; }

char LowerCase(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string EnvironmentName(const SettingSpec& spec) {
  std::string name = "MONITOR_" + spec.section + "_" + spec.key;
  std::ranges::transform(name, name.begin(), [](char c) {
    if (c == '.') return '_';
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  return name;
}

// Is this text a value of the key? The error begins with where it was given.
std::optional<std::string> Complaint(const SettingSpec& spec, const std::string& text, const std::string& where) {
  if (spec.type == Type::kInteger && !ParseWhole<std::int64_t>(text)) return where + " must be an integer";
  if (spec.type == Type::kBoolean && text != "true" && text != "false") return where + " must be true or false";
  if (!spec.words.empty() && std::ranges::find(spec.words, text) == spec.words.end()) {
    return where + " must be one of " + spec.WordsInText();
  }
  return std::nullopt;
}

// A TOML value as text; nullopt if it is of another type than the key's.
std::optional<std::string> TextOf(const toml::node& node, Type type) {
  switch (type) {
    case Type::kString:
      if (auto value = node.as_string()) return value->get();
      return std::nullopt;
    case Type::kInteger:
      if (auto value = node.as_integer()) return std::to_string(value->get());
      return std::nullopt;
    case Type::kBoolean:
      if (auto value = node.as_boolean()) return value->get() ? "true" : "false";
      return std::nullopt;
    case Type::kList:
      break;
  }
  const toml::array* array = node.as_array();
  if (array == nullptr) return std::nullopt;
  std::string list;
  for (const toml::node& item : *array) {
    if (!item.is_string()) return std::nullopt;
    if (!list.empty()) list += ',';
    list += item.as_string()->get();
  }
  return list;
}

std::string_view TypeText(Type type) {
  switch (type) {
    case Type::kString:
      return "a string";
    case Type::kInteger:
      return "an integer";
    case Type::kBoolean:
      return "true or false";
    case Type::kList:
      break;
  }
  return "a list of strings";
}

const SettingSpec* FindSpec(const std::vector<SettingSpec>& specs, std::string_view section, std::string_view key) {
  auto found = std::find_if(specs.begin(), specs.end(),
                            [&](const SettingSpec& spec) { return spec.section == section && spec.key == key; });
  return found == specs.end() ? nullptr : &*found;
}

using Values = std::map<std::string, std::string, std::less<>>;

// Everything below: a name with dots that is not quoted is tables within tables.
std::optional<std::string> ReadOpenSection(const toml::table& table, const std::string& section,
                                           const std::string& path, Values& values) {
  for (const auto& [key, node] : table) {
    const std::string name = section + "." + std::string(key.str());
    if (const toml::table* inner = node.as_table()) {
      if (auto complaint = ReadOpenSection(*inner, name, path, values)) return complaint;
      continue;
    }
    std::optional<std::string> text;
    for (const Type type : {Type::kString, Type::kInteger, Type::kBoolean}) {
      if (!text) text = TextOf(node, type);
    }
    if (!text) return path + ": " + name + " must be a string, an integer, true or false";
    values[name] = *text;
  }
  return std::nullopt;
}

std::optional<std::string> ReadFile(const std::vector<SettingSpec>& specs, const std::string& path, Values& values) {
  if (std::filesystem::is_directory(path)) return path + ": is a folder, not a file";  // would read as an empty file
  toml::table file;
  try {
    file = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    std::ostringstream text;
    text << path;
    if (error.source().begin) text << " line " << error.source().begin.line;
    text << ": " << error.description();
    return text.str();
  }
  for (const auto& [section, content] : file) {
    const toml::table* table = content.as_table();
    if (table == nullptr) return path + ": unknown key " + std::string(section.str());
    for (const auto& [key, node] : *table) {
      const std::string name = std::string(section.str()) + "." + std::string(key.str());
      if (node.is_table() && FindSpec(specs, name, "*") != nullptr) {
        if (auto complaint = ReadOpenSection(*node.as_table(), name, path, values)) return complaint;
        continue;
      }
      const SettingSpec* spec = FindSpec(specs, section.str(), key.str());
      if (spec == nullptr && FindSpec(specs, "*", "*") != nullptr) continue;
      if (spec == nullptr) return path + ": unknown key " + name;
      auto text = TextOf(node, spec->type);
      if (!text) return path + ": " + name + " must be " + std::string(TypeText(spec->type));
      if (auto complaint = Complaint(*spec, *text, path + ": " + name)) return complaint;
      values[name] = *text;
    }
  }
  return std::nullopt;
}

void ReadOpenEnvironment(const SettingSpec& spec, Values& values) {
  std::string beginning = EnvironmentName(spec);
  beginning.pop_back();  // the star
  constexpr std::string_view kFile = "_file";
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::size_t equals = text.find('=');
    if (!text.starts_with(beginning) || equals == std::string_view::npos) continue;
    std::string name(text.substr(beginning.size(), equals - beginning.size()));
    std::ranges::transform(name, name.begin(), [](char c) { return c == '_' ? '.' : LowerCase(c); });
    if (name.ends_with(".file")) name.replace(name.size() - kFile.size(), kFile.size(), kFile);
    const std::string key = spec.section + "." + name;
    values.erase(name.ends_with(kFile) ? key.substr(0, key.size() - kFile.size()) : key + std::string(kFile));
    values[key] = text.substr(equals + 1);
  }
}

std::optional<std::string> ReadEnvironment(const std::vector<SettingSpec>& specs, Values& values) {
  for (const SettingSpec& spec : specs) {
    if (spec.section == "*") continue;
    if (spec.is_open()) ReadOpenEnvironment(spec, values);
    const std::string name = EnvironmentName(spec);
    const char* text = std::getenv(name.c_str());
    if (text == nullptr) continue;
    if (auto complaint = Complaint(spec, text, name)) return complaint;
    values[Name(spec)] = text;
  }
  return std::nullopt;
}

// What an orchestrator tells of a service whose name is our prefix and a section's.
bool IsOfAService(std::string_view key) {
  return key == "PORT" || key.starts_with("PORT_") || key.starts_with("SERVICE_");
}

}  // namespace

std::string SettingSpec::WordsInText() const {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string ServerSettings::String(std::string_view section, std::string_view key) const {
  auto found = values_.find(std::string(section) + "." + std::string(key));
  return found == values_.end() ? std::string() : found->second;
}

std::int64_t ServerSettings::Integer(std::string_view section, std::string_view key) const {
  return ParseWhole<std::int64_t>(String(section, key)).value_or(0);
}

bool ServerSettings::Boolean(std::string_view section, std::string_view key) const {
  return String(section, key) == "true";
}

std::vector<std::string> ServerSettings::List(std::string_view section, std::string_view key) const {
  std::vector<std::string> items;
  std::istringstream text(String(section, key));
  for (std::string item; std::getline(text, item, ',');) {
    const std::size_t begin = item.find_first_not_of(' ');
    if (begin != item.npos) items.push_back(item.substr(begin, item.find_last_not_of(' ') - begin + 1));
  }
  return items;
}

std::map<std::string, std::string> ServerSettings::Section(std::string_view section) const {
  const std::string beginning = std::string(section) + ".";
  std::map<std::string, std::string> given;
  for (const auto& [name, text] : values_) {
    if (name.starts_with(beginning)) given.emplace(name.substr(beginning.size()), text);
  }
  return given;
}

std::expected<ServerSettings, std::string> LoadSettings(const std::vector<SettingSpec>& specs,
                                                        const std::string& path) {
  ServerSettings settings;
  for (const SettingSpec& spec : specs) {
    if (!spec.is_open()) settings.values_[Name(spec)] = spec.default_value;
  }
  if (!path.empty()) {
    if (auto error = ReadFile(specs, path, settings.values_)) return std::unexpected(*error);
  }
  if (auto error = ReadEnvironment(specs, settings.values_)) return std::unexpected(*error);
  return settings;
}

std::vector<std::string> UnknownInEnvironment(const std::vector<SettingSpec>& specs) {
  std::vector<std::string> unknown;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::string_view name = text.substr(0, text.find('='));
    bool in_section = false, known = false;
    for (const SettingSpec& spec : specs) {
      const std::string whole = EnvironmentName(spec);
      const std::size_t section_end = whole.size() - spec.key.size();  // behind its underscore
      const bool same_section = name.starts_with(std::string_view(whole).substr(0, section_end));
      in_section |= same_section && !IsOfAService(name.substr(section_end));
      known |= name == whole || (same_section && spec.is_open());
    }
    if (in_section && !known) unknown.emplace_back(name);
  }
  return unknown;
}

}  // namespace monitor
