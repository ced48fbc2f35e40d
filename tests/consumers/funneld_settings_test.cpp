#include "consumers/funneld_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.h"

namespace monitor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ServerSettings Settings(const std::string& peers, const std::string& kafka = "kafka:9092") {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/funneld.toml";
  std::ofstream(path) << "[source]\nadmin_token_file = \"token\"\n[kafka]\nbootstrap_servers = \"" + kafka +
                             "\"\n[peers]\ninstances = [" + peers + "]\n";
  auto settings = LoadSettings(FunneldSettings(), path);
  EXPECT_TRUE(settings) << settings.error();
  return *std::move(settings);
}

TEST(FunneldSettings, PeersAreServersEachNamedOnce) {
  const ServerSettings fits = Settings(R"("http://10.0.0.2:8090", "HTTP://Funneld-3:8090/")");
  EXPECT_EQ(RefuseSettings(fits), std::nullopt);
  EXPECT_THAT(PeersIn(fits), ElementsAre("http://10.0.0.2:8090", "http://funneld-3:8090"));
  EXPECT_EQ(RefuseSettings(Settings("")), std::nullopt);
  EXPECT_EQ(RefuseSettings(Settings("", "")), std::nullopt);

  EXPECT_EQ(RefuseSettings(Settings(R"("10.0.0.2:8090")")), "peers.instances: 10.0.0.2:8090: must be http://HOST:PORT");
  EXPECT_THAT(RefuseSettings(Settings(R"("http://10.0.0.2:8090/api")")).value_or(""),
              HasSubstr("must be http://HOST:PORT"));
  EXPECT_EQ(RefuseSettings(Settings(R"("http://f:1", "http://F:1/")")), "peers.instances: http://F:1/: is named twice");
  EXPECT_THAT(RefuseSettings(Settings(R"("http://10.0.0.2:8090")", "")).value_or(""),
              HasSubstr("peers.instances: without kafka.bootstrap_servers"));
}

TEST(FunneldSettings, FactsAreKeptForDays) {
  const auto refusal = [](const std::string& days) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/funneld.toml";
    std::ofstream(path) << "[source]\nadmin_token_file = \"token\"\n[retention]\nfacts_days = " + days + "\n";
    return RefuseSettings(*LoadSettings(FunneldSettings(), path));
  };
  EXPECT_EQ(refusal("0"), std::nullopt);
  EXPECT_EQ(refusal("1"), std::nullopt);
  EXPECT_EQ(refusal("-1"), "retention.facts_days must be from 0 (never) to 36500");
  EXPECT_EQ(refusal("36501"), refusal("-1"));
}

}  // namespace
}  // namespace monitor
