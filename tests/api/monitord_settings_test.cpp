#include "api/monitord_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

namespace monitor {
namespace {

using testing::HasSubstr;

// What is wrong with the settings once this variable is set; "" if nothing is.
std::string ComplaintWith(const char* name, const char* value) {
  ::setenv(name, value, 1);
  const auto settings = LoadSettings(MonitordSettings(), "");
  ::unsetenv(name);
  if (!settings) return settings.error();
  return RefuseMonitordSettings(*settings).value_or("");
}

TEST(MonitordSettings, DefaultsAreValid) {
  const auto settings = LoadSettings(MonitordSettings(), "");
  ASSERT_TRUE(settings);
  EXPECT_EQ(RefuseMonitordSettings(*settings), std::nullopt);
}

TEST(MonitordSettings, EveryKeyIsThereOnceAndExplained) {
  std::set<std::string> names;
  for (const SettingSpec& spec : MonitordSettings()) {
    EXPECT_TRUE(names.insert(spec.section + "." + spec.key).second) << spec.key;
    EXPECT_FALSE(spec.help.empty()) << spec.key;
  }
}

TEST(MonitordSettings, WhatIsOutOfRangeIsNamed) {
  EXPECT_THAT(ComplaintWith("MONITOR_SERVER_PORT", "65536"), HasSubstr("server.port must be from 0 to 65535"));
  EXPECT_THAT(ComplaintWith("MONITOR_SERVER_THREADS", "1025"), HasSubstr("server.threads"));
  EXPECT_THAT(ComplaintWith("MONITOR_SERVER_MAX_BODY_BYTES", "4000001"), HasSubstr("server.max_body_bytes"));
  EXPECT_THAT(ComplaintWith("MONITOR_KAFKA_PARTITIONS", "24"), HasSubstr("kafka.partitions must be a power of two"));
  EXPECT_EQ(ComplaintWith("MONITOR_KAFKA_PARTITIONS", "256"), "");
  EXPECT_THAT(ComplaintWith("MONITOR_KAFKA_ACK", "maybe"), HasSubstr("MONITOR_KAFKA_ACK must be one of disk, kafka"));
  EXPECT_THAT(ComplaintWith("MONITOR_KAFKA_ACK", "kafka"), HasSubstr("needs kafka.bootstrap_servers"));
  EXPECT_THAT(ComplaintWith("MONITOR_KAFKA_TOPIC_PREFIX", "sh op."), HasSubstr("kafka.topic_prefix: the name of a"));
  EXPECT_THAT(ComplaintWith("MONITOR_KAFKA_INBOUND_TOPIC", "in/bound"),
              HasSubstr("kafka.inbound_topic: the name of a"));
  EXPECT_EQ(ComplaintWith("MONITOR_KAFKA_INBOUND_TOPIC", ""), "");
  EXPECT_THAT(ComplaintWith("MONITOR_LOG_LEVEL", "loud"),
              HasSubstr("MONITOR_LOG_LEVEL must be one of debug, info, warning, error"));
  EXPECT_THAT(ComplaintWith("MONITOR_ADMIN_HOSTS", "monitord, x:1"), HasSubstr("admin.hosts: x:1: must be a name"));
  EXPECT_EQ(ComplaintWith("MONITOR_ADMIN_HOSTS", "monitord, monitor.example.net"), "");
  EXPECT_EQ(ComplaintWith("MONITOR_SERVER_PORT", "0"), "");
}

}  // namespace
}  // namespace monitor
