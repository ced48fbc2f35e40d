#include "server/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.h"

namespace monitor {
namespace {

using Type = SettingSpec::Type;
using testing::HasSubstr;
using testing::StartsWith;

const ServerProgram kProgram{.name = "monitord",
                             .description = "The server.",
                             .settings = {{"server", "address", "127.0.0.1", Type::kString, "where to listen"},
                                          {"server", "port", "8080", Type::kInteger, "port"},
                                          {"kafka", "peers", "a,b", Type::kList, "HOST:PORT | empty"},
                                          {"kafka.client", "*", "", Type::kString, "any"},
                                          {"log", "level", "info", Type::kString, "what is told", {"debug", "info"}}},
                             .refusal = [](const ServerSettings& settings) -> std::optional<std::string> {
                               if (settings.Integer("server", "port") == 1) return "server.port must not be 1";
                               return std::nullopt;
                             }};

class CommandLine : public testing::Test {
 protected:
  // -1: it would serve.
  int ExitCodeOf(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "monitord");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const auto settings = SettingsFromCommandLine(static_cast<int>(argv.size()), argv.data(), kProgram);
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return settings ? -1 : settings.error();
  }
  std::string File(const std::string& text) {
    const std::string path = folder_.path() + "/settings.toml";
    std::ofstream(path) << text;
    return path;
  }

  TemporaryFolder folder_;
  std::string out_, err_;
};

TEST_F(CommandLine, HelpListsEveryKeyAndLeavesWithZero) {
  EXPECT_EQ(ExitCodeOf({"--help"}), 0);
  for (const SettingSpec& spec : kProgram.settings) {
    if (!spec.is_open()) {
      EXPECT_THAT(out_, HasSubstr(spec.key + " = "));
    }
    EXPECT_THAT(out_, HasSubstr(spec.help));
  }
  EXPECT_THAT(out_, HasSubstr("[kafka]"));
}

TEST_F(CommandLine, ExitCodesTellUsageFromABadFile) {
  EXPECT_EQ(ExitCodeOf({"--version"}), 0);
  EXPECT_EQ(ExitCodeOf({"--wrong"}), 2);
  EXPECT_EQ(ExitCodeOf({"extra"}), 2);
  EXPECT_EQ(ExitCodeOf({"config"}), 2);
  EXPECT_EQ(ExitCodeOf({"--config", File("[server]\nprot = 1\n")}), 1);
  EXPECT_THAT(err_, HasSubstr("server.prot"));
  EXPECT_EQ(ExitCodeOf({"--config", File("[server]\nport = 1\n")}), 1);
  EXPECT_EQ(err_, "monitord: server.port must not be 1\n");
  EXPECT_EQ(ExitCodeOf({"--config", File("")}), -1);
}

TEST_F(CommandLine, CheckSaysWhatAStartWould) {
  EXPECT_EQ(ExitCodeOf({"config", "check", "--config", File("")}), 0);
  EXPECT_EQ(out_, "the settings are right\n");
  EXPECT_EQ(ExitCodeOf({"--config", File("[server]\nport = \"x\"\n"), "config", "check"}), 1);
  EXPECT_THAT(err_, HasSubstr("server.port"));
  EXPECT_EQ(ExitCodeOf({"config", "check", "--config", File("[server]\nport = 1\n")}), 1);
  EXPECT_EQ(err_, "monitord: server.port must not be 1\n");
}

TEST_F(CommandLine, TheReferenceHasEveryKeyOfThisProgram) {
  EXPECT_EQ(ExitCodeOf({"config", "reference"}), 0);
  EXPECT_THAT(out_, StartsWith("## monitord\n\n### [server]\n"));
  EXPECT_THAT(out_, HasSubstr("| `port` | `8080` | port |\n"));
  EXPECT_THAT(out_, HasSubstr("| `peers` | `[a,b]` | HOST:PORT \\| empty |\n"));
  EXPECT_THAT(out_, HasSubstr("| `level` | `\"info\"` | what is told (debug, info) |\n"));
  EXPECT_THAT(out_, HasSubstr("### [kafka.client]\n\n| key | default | |\n|---|---|---|\n| any |  | any |\n"));
}

}  // namespace
}  // namespace monitor
