// A server's settings: a TOML file, every key of which can be overridden by MONITOR_<SECTION>_<KEY> in the environment.
//
// A program declares its keys once, with default and one line of help; the same table reads the file and the
// environment, and is what `--help` and the reference print (command_line.h). Unknown keys in the file are an error
// that names them. A section may be open: the key `*` stands for any name; there MONITOR_<SECTION>_A_B is the name a.b,
// and MONITOR_<SECTION>_A_B_FILE is a.b_file. The section
// `*` with the key `*` lets a file have any other section, unread: of a program that needs a part of another one's
// file. Loaded before there are threads, then only read.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace monitor {

struct SettingSpec {
  std::string section;
  std::string key;
  std::string default_value;  // as text; for lists comma-separated
  enum class Type : std::uint8_t { kString, kInteger, kBoolean, kList } type;
  std::string help;
  std::vector<std::string> words = {};  // all that a string may be; empty: anything

  bool is_open() const { return key == "*"; }  // its section takes any name
  std::string WordsInText() const;
};

class ServerSettings {
 public:
  std::string String(std::string_view section, std::string_view key) const;
  std::int64_t Integer(std::string_view section, std::string_view key) const;
  bool Boolean(std::string_view section, std::string_view key) const;
  // Of the environment's text, too: `a, b`.
  std::vector<std::string> List(std::string_view section, std::string_view key) const;
  // What was given of an open section, by name; numbers and booleans as their text.
  std::map<std::string, std::string> Section(std::string_view section) const;

 private:
  friend std::expected<ServerSettings, std::string> LoadSettings(const std::vector<SettingSpec>&, const std::string&);
  std::map<std::string, std::string, std::less<>> values_;  // "section.key" → text
};

// `path` may be empty: defaults and environment only. The error is one clear sentence.
std::expected<ServerSettings, std::string> LoadSettings(const std::vector<SettingSpec>& specs, const std::string& path);

// Variables of the environment that name one of these sections, and no key of it: misspelt, or another program's.
std::vector<std::string> UnknownInEnvironment(const std::vector<SettingSpec>& specs);

}  // namespace monitor
