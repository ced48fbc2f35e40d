#include "kafka/client_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/temporary_folder.h"

namespace monitor::kafka {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ClientSettingsTest : public ::testing::Test {
 protected:
  std::string File(const std::string& text) {
    const std::string path = folder_.path() + "/secret";
    std::ofstream(path) << text;
    return path;
  }
  static std::string ErrorOf(const std::map<std::string, std::string>& properties) {
    auto settings = ReadClientSettings("localhost:9092", properties);
    return settings ? "" : settings.error();
  }

  TemporaryFolder folder_;
};

TEST_F(ClientSettingsTest, TakesPropertiesAndSecretsFromFiles) {
  auto settings = ReadClientSettings("localhost:9092", {{"security.protocol", "SASL_SSL"},
                                                        {"sasl.mechanism", "SCRAM-SHA-256"},
                                                        {"sasl.password_file", File("pass word\r\n")}});
  ASSERT_TRUE(settings) << settings.error();
  EXPECT_EQ(settings->bootstrap_servers, "localhost:9092");
  const auto properties = ReadProperties(*settings);
  ASSERT_TRUE(properties) << properties.error();
  EXPECT_EQ(properties->at("sasl.password"), "pass word");
  EXPECT_EQ(properties->at("security.protocol"), "SASL_SSL");
}

TEST_F(ClientSettingsTest, FilesAreReadEachTime) {
  const std::string path = File("old");
  const auto settings = ReadClientSettings("localhost:9092", {{"sasl.password_file", path}, {"ssl.ca.location", path}});
  ASSERT_TRUE(settings) << settings.error();
  EXPECT_EQ(ReadFiles(*settings), (Properties{{"sasl.password_file", "old"}, {"ssl.ca.location", "old"}}));
  File("new\n");
  EXPECT_EQ(ReadProperties(*settings)->at("sasl.password"), "new");
  EXPECT_EQ(ReadFiles(*settings).at("ssl.ca.location"), "new\n");
  std::filesystem::remove(path);
  EXPECT_THAT(ReadProperties(*settings).error(), HasSubstr("sasl.password_file"));
  EXPECT_EQ(ReadFiles(*settings).at("ssl.ca.location"), "");
}

TEST_F(ClientSettingsTest, RefusesWhatPromisesRestOn) {
  for (const char* name :
       {"acks", "request.required.acks", "enable.idempotence", "transactional.id", "group.id", "enable.auto.commit",
        "auto.offset.reset", "partition.assignment.strategy", "bootstrap.servers", "message.timeout.ms",
        "internal.termination.signal", "topic.blacklist", "delivery.timeout.ms", "partitioner"}) {
    EXPECT_THAT(ErrorOf({{name, "1"}}), StartsWith("kafka.client." + std::string(name) + " can not be set")) << name;
    EXPECT_NE(ErrorOf({{std::string(name) + "_file", File("1")}}), "") << name;
  }
}

TEST_F(ClientSettingsTest, NamesWhatIsWrongButNoValue) {
  EXPECT_THAT(ErrorOf({{"secrity.protocol", "SSL"}}), HasSubstr("secrity.protocol is no property"));
  const std::string wrong = ErrorOf({{"security.protocol", "hunter2"}});
  EXPECT_THAT(wrong, HasSubstr("security.protocol has a value"));
  EXPECT_THAT(wrong, Not(HasSubstr("hunter2")));
  EXPECT_THAT(ErrorOf({{"sasl.password_file", "hunter2"}}), Not(HasSubstr("hunter2"))) << "the secret in its place";
  EXPECT_THAT(ErrorOf({{"sasl.password_file", "/nowhere/file"}}), HasSubstr("/nowhere/file"));
  EXPECT_THAT(ErrorOf({{"sasl.password_file", File("\n")}}), HasSubstr("is empty"));
  EXPECT_THAT(ErrorOf({{"sasl.password_file", File("x")}, {"sasl.password", "y"}}), HasSubstr("is given, and"));
}

TEST_F(ClientSettingsTest, WhatThisMachinesLibraryCanNotDoIsSaidSo) {
  const std::string error = ErrorOf({{"sasl.oauthbearer.method", "oidc"}});
  if (error.empty()) GTEST_SKIP() << "this one can";
  EXPECT_EQ(error, "kafka.client.sasl.oauthbearer.method is not supported by the librdkafka of this machine");
}

TEST_F(ClientSettingsTest, APrefixStandsBeforeEveryTopic) {
  const Topics topics = TopicsWith("shop.");
  EXPECT_EQ(topics.events, "shop.monitor.events");
  EXPECT_EQ(topics.positions, "shop.monitor.positions");
  EXPECT_EQ(topics.accounts, "shop.monitor.accounts");
  EXPECT_EQ(topics.dead_letters, "shop.monitor.events.dead-letter");
}

TEST_F(ClientSettingsTest, TopicNamesAreThoseThatKafkaTakes) {
  const std::string longest(249 - TopicsWith("").dead_letters.size(), 'x');
  for (const std::string& prefix : {std::string(), std::string("Shop-7_eu."), std::string("."), longest}) {
    EXPECT_FALSE(TopicPrefixFault(prefix)) << prefix;
  }
  for (const char* prefix : {"shop/", "shop ", "shop:", "stra\303\237e.", "a\n", "*"}) {
    EXPECT_THAT(TopicPrefixFault(prefix).value_or(""), HasSubstr("letters, digits")) << prefix;
  }
  EXPECT_THAT(TopicPrefixFault(longest + "x").value_or(""), HasSubstr("would have 250"));
  for (const char* name : {"", ".", ".."}) EXPECT_TRUE(TopicNameFault(name)) << name;
}

}  // namespace
}  // namespace monitor::kafka
