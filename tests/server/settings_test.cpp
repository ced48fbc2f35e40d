#include "server/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/temporary_folder.h"

namespace monitor {
namespace {

using Type = SettingSpec::Type;
using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<SettingSpec> kSpecs = {
    {"server", "address", "127.0.0.1", Type::kString, "where to listen"},
    {"server", "port", "8080", Type::kInteger, "port"},
    {"server", "fast", "false", Type::kBoolean, "speed"},
    {"kafka", "peers", "a,b", Type::kList, "brokers"},
    {"kafka.client", "*", "", Type::kString, "any"},
    {"log", "level", "info", Type::kString, "what is told", {"debug", "info"}},
};

class SettingsTest : public testing::Test {
 protected:
  std::string File(const std::string& text) {
    const std::string path = folder_.path() + "/settings.toml";
    std::ofstream(path) << text;
    return path;
  }
  void TearDown() override {
    for (const char* name :
         {"MONITOR_SERVER_PORT", "MONITOR_SERVER_FAST", "MONITOR_KAFKA_PEERS", "MONITOR_LOG_LEVEL",
          "MONITOR_KAFKA_CLIENT_SASL_USERNAME", "MONITOR_KAFKA_CLIENT_SASL_PASSWORD_FILE", "MONITOR_SERVER_PROT",
          "MONITOR_KAFKA_SERVICE_HOST", "MONITOR_LOG_PORT_80_TCP", "MONITOR_OTHER_KEY"})
      ::unsetenv(name);
  }
  std::string ErrorOf(const std::string& text) {
    auto settings = LoadSettings(kSpecs, File(text));
    return settings ? "" : settings.error();
  }

  TemporaryFolder folder_;
};

TEST_F(SettingsTest, MisspeltVariablesAreNamed) {
  for (const char* name : {"MONITOR_SERVER_PROT", "MONITOR_SERVER_PORT", "MONITOR_KAFKA_CLIENT_SASL_USERNAME",
                           "MONITOR_KAFKA_SERVICE_HOST", "MONITOR_LOG_PORT_80_TCP", "MONITOR_OTHER_KEY"}) {
    ::setenv(name, "1", 1);
  }
  EXPECT_THAT(UnknownInEnvironment(kSpecs), ElementsAre("MONITOR_SERVER_PROT"));
}

TEST_F(SettingsTest, AnOpenSectionTakesAnyName) {
  using testing::Pair;
  using testing::UnorderedElementsAre;
  const std::string file = File(
      "[kafka]\npeers = []\n[kafka.client]\n\"security.protocol\" = \"SSL\"\nsasl.username = \"file\"\nsasl.password = "
      "\"x\"\nretries = 3\n");
  ::setenv("MONITOR_KAFKA_CLIENT_SASL_USERNAME", "environment", 1);
  ::setenv("MONITOR_KAFKA_CLIENT_SASL_PASSWORD_FILE", "/a=b", 1);
  auto settings = LoadSettings(kSpecs, file);
  ASSERT_TRUE(settings) << settings.error();
  EXPECT_THAT(settings->Section("kafka.client"),
              UnorderedElementsAre(Pair("security.protocol", "SSL"), Pair("sasl.username", "environment"),
                                   Pair("retries", "3"), Pair("sasl.password_file", "/a=b")));
  EXPECT_THAT(ErrorOf("[kafka.client]\nlist = [1]\n"), HasSubstr("kafka.client.list must be"));
  EXPECT_THAT(ErrorOf("[kafka.other]\na = 1\n"), HasSubstr("unknown key kafka.other"));
}

TEST_F(SettingsTest, WhoNeedsAPartOfAnothersFilePassesOverTheRest) {
  auto specs = kSpecs;
  specs.push_back({"*", "*", "", SettingSpec::Type::kString, ""});
  const auto settings = LoadSettings(specs, File("[server]\nport = 1\nunheard = true\n[else]\nwhere = [[1]]\n"
                                                 "[else.deeper]\na = 1\n[kafka.client]\nretries = 3\n"));
  ASSERT_TRUE(settings) << settings.error();
  EXPECT_EQ(settings->Integer("server", "port"), 1);
  EXPECT_EQ(settings->Section("kafka.client").size(), 1u);
  EXPECT_TRUE(settings->Section("else").empty());
}

TEST_F(SettingsTest, DefaultsHoldWithoutAFile) {
  auto settings = LoadSettings(kSpecs, "");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->String("server", "address"), "127.0.0.1");
  EXPECT_EQ(settings->Integer("server", "port"), 8080);
  EXPECT_FALSE(settings->Boolean("server", "fast"));
  EXPECT_THAT(settings->List("kafka", "peers"), ElementsAre("a", "b"));
}

TEST_F(SettingsTest, AStringMayBeOneOfItsWordsOnly) {
  EXPECT_THAT(ErrorOf("[log]\nlevel = \"loud\"\n"), HasSubstr("toml: log.level must be one of debug, info"));
  EXPECT_EQ(ErrorOf("[log]\nlevel = \"debug\"\n"), "");
  ::setenv("MONITOR_LOG_LEVEL", "", 1);
  EXPECT_EQ(ErrorOf(""), "MONITOR_LOG_LEVEL must be one of debug, info");
}

TEST_F(SettingsTest, TheEnvironmentBeatsTheFileAndTheFileTheDefaults) {
  ::setenv("MONITOR_SERVER_PORT", "9", 1);
  ::setenv("MONITOR_KAFKA_PEERS", "", 1);
  auto settings =
      LoadSettings(kSpecs, File("[server]\nport = 7\naddress = \"::1\"\n[kafka]\npeers = [\"x\", \"y\"]\n"));
  ASSERT_TRUE(settings) << settings.error();
  EXPECT_EQ(settings->Integer("server", "port"), 9);
  EXPECT_EQ(settings->String("server", "address"), "::1");
  EXPECT_THAT(settings->List("kafka", "peers"), ElementsAre());
}

TEST_F(SettingsTest, AListInTheEnvironmentMayHaveSpaces) {
  ::setenv("MONITOR_KAFKA_PEERS", " x, y ,, z", 1);
  EXPECT_THAT(LoadSettings(kSpecs, "")->List("kafka", "peers"), ElementsAre("x", "y", "z"));
}

TEST_F(SettingsTest, ErrorsNameTheKeyAndThePlace) {
  EXPECT_THAT(ErrorOf("[server]\nprot = 7\n"), HasSubstr("unknown key server.prot"));
  EXPECT_THAT(ErrorOf("[sever]\nport = 7\n"), HasSubstr("unknown key sever.port"));
  EXPECT_THAT(ErrorOf("port = 7\n"), HasSubstr("unknown key port"));
  EXPECT_THAT(ErrorOf("[server]\nport = \"7\"\n"), HasSubstr("server.port must be an integer"));
  EXPECT_THAT(ErrorOf("[server]\nfast = 1\n"), HasSubstr("server.fast must be true or false"));
  EXPECT_THAT(ErrorOf("[kafka]\npeers = \"a\"\n"), HasSubstr("kafka.peers must be a list of strings"));
  EXPECT_THAT(ErrorOf("[server]\n\nport = = 7\n"), HasSubstr("line 3"));
  ::setenv("MONITOR_SERVER_FAST", "yes", 1);
  EXPECT_THAT(ErrorOf(""), HasSubstr("MONITOR_SERVER_FAST must be true or false"));
}

TEST_F(SettingsTest, AMissingFileIsAnError) {
  auto settings = LoadSettings(kSpecs, "/nowhere/at/all.toml");
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error(), HasSubstr("/nowhere/at/all.toml"));
}

TEST_F(SettingsTest, AFolderIsNoFile) {
  auto settings = LoadSettings(kSpecs, std::filesystem::temp_directory_path().string());
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error(), HasSubstr("is a folder"));
}

}  // namespace
}  // namespace monitor
