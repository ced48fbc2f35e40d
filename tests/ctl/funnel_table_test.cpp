#include "ctl/funnel_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace monitor::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(FunnelTable, HasAColumnForEachThatItIsBrokenDownBy) {
  const auto table = FunnelTable(
      R"({"window":"day","rows":[{"campaignId":41,"deviceFamily":null,"windowStart":1795900000000,"prospects":7,)"
      R"("exposed":5,"engagementViews":4,"acceptedOffers":2,"acceptRate":0.5,"interactions":1,"conversions":1,)"
      R"("value":{"EUR":"8","USD":"129.5"}}]})");
  EXPECT_EQ(table.value(),
            "                    from  campaign  device  prospects  exposed  views  clicks  accepted  interactions  "
            "conversions             value\n"
            "2026-11-28T21:06:40.000Z        41       -          7        5      4       2    50.0 %             1  "
            "          1  8 EUR, 129.5 USD\n");
}

TEST(FunnelTable, WithoutABreakdownItIsDrawn) {
  const auto bars =
      FunnelTable(R"({"window":"all","rows":[{"windowStart":null,"prospects":100,"exposed":50,"acceptedSessions":1,)"
                  R"("interactions":0,"convertedSessions":0}]})");
  EXPECT_THAT(bars.value(), HasSubstr("prospects           100  " + std::string(50, '#') + "\n"));
  EXPECT_THAT(bars.value(), HasSubstr("exposed              50  " + std::string(25, '#') + "\n"));
  EXPECT_THAT(bars.value(), HasSubstr("accepted              1  #\n"));
  EXPECT_THAT(bars.value(), HasSubstr("interactions          0  \n"));
}

TEST(FunnelTable, WhatClientsSentDoesNotSteerTheTerminal) {
  const auto table =
      FunnelTable("{\"window\":\"all\",\"rows\":[{\"language\":\"\\u001b[2J\\u009b1m\",\"windowStart\":null}]}");
  EXPECT_THAT(table.value(), HasSubstr("?[2J??1m"));
}

TEST(FunnelTable, NoRowsAreAHeadAndNoAnswerIsAnError) {
  EXPECT_THAT(FunnelTable(R"({"window":"all","rows":[]})").value(), HasSubstr("prospects"));
  EXPECT_FALSE(FunnelTable("no JSON"));
  EXPECT_FALSE(FunnelTable(R"({"message":"no"})"));
}

}  // namespace
}  // namespace monitor::ctl
