#include "consumers/format/funnel_format.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

// The line of a row of this app installation, without the header.
std::string LineOf(std::string_view app) {
  funnel::Query query;
  query.by = {funnel::Breakdown::kApp};
  FunnelReport report;
  report.rows.resize(1);
  report.rows[0].key.app_installation = app;
  const std::string csv = *FunnelCsv(query, report);
  return csv.substr(csv.find("\r\n") + 2);
}

TEST(FunnelCsv, NoSpreadsheetTakesATextForAFormula) {
  for (const std::string app : {"=1+1", "+a", "-a", "@SUM(A1)", "\tx", "-inf", "-"}) {
    EXPECT_TRUE(LineOf(app).starts_with("'" + app + ",")) << app;
  }
  EXPECT_TRUE(LineOf("=\"a\"").starts_with("\"'=\"\"a\"\"\","));
  EXPECT_TRUE(LineOf("\rx").starts_with("\"'\rx\","));
}

TEST(FunnelCsv, NumbersAndOtherTextsStayAsTheyAre) {
  for (const std::string app : {"-5", "+5", "-1.5e3", "web", "a=b", "'a", ""}) {
    EXPECT_TRUE(LineOf(app).starts_with(app + ",")) << app;
  }
}

TEST(FunnelCsv, EveryRowHasACellForEveryCurrency) {
  funnel::Query query;
  query.by = {funnel::Breakdown::kApp};
  FunnelReport report;
  report.rows.resize(2);
  for (funnel::Row& row : report.rows) row.late = 7;
  report.rows[0].value["USD"] = *Decimal::Parse("12.5");
  report.rows[1].value["EUR"] = *Decimal::Parse("3");
  const std::string csv = *FunnelCsv(query, report);
  EXPECT_TRUE(csv.contains(",late,value.EUR,value.USD,acceptRate,")) << csv;
  EXPECT_TRUE(csv.contains(",7,,12.5,,")) << csv;
  EXPECT_TRUE(csv.contains(",7,3,,,")) << csv;
}

std::string JsonOf(const std::vector<funnel::Breakdown>& by, const funnel::Row& row) {
  funnel::Query query;
  query.by = by;
  FunnelReport report;
  report.rows = {row};
  return *FunnelJson(AccountId("demo"), query, report, {});
}

TEST(FunnelJson, RatesAreThoseOfTheDefinition) {
  funnel::Row row;
  row.prospects = 16;
  row.exposed = 8;
  row.exposures = 32;
  row.accepted_pairs = 4;
  row.interactions = 2;
  row.converted_sessions = 1;
  EXPECT_TRUE(JsonOf({}, row).contains(R"("acceptRate":0.125,"exposureRate":0.5,"averageExposures":4,)"
                                       R"("interactionRate":0.25,"conversionRate":0.125,)"))
      << JsonOf({}, row);
  EXPECT_TRUE(JsonOf({}, funnel::Row{}).contains(R"("acceptRate":null,"exposureRate":null,"averageExposures":null,)"));
}

TEST(FunnelJson, OnlyARowOfOneCampaignHasALift) {
  funnel::Row row;
  row.prospects = 10;
  row.control_group = 5;
  EXPECT_TRUE(JsonOf({funnel::Breakdown::kEngagement}, row).contains(R"("lift":null)"));
  EXPECT_TRUE(JsonOf({funnel::Breakdown::kCampaign}, row).contains(R"("lift":{"value":0)"));
}

TEST(FunnelCsv, PartitionsAreAListInJson) {
  EXPECT_EQ(PartitionsJson({}), "[]");
  EXPECT_EQ(PartitionsJson({0, 11}), "[0,11]");
}

TEST(FunnelFormat, NoAnswerIsLongerThanItsBound) {
  FunnelReport report;
  report.rows.resize(1'000);
  const AnswerBounds tight{.max_bytes = 10'000};
  EXPECT_FALSE(FunnelJson(AccountId("demo"), {}, report, {}, tight));
  EXPECT_FALSE(FunnelCsv({}, report, tight));
  report.rows.resize(10);
  EXPECT_TRUE(FunnelJson(AccountId("demo"), {}, report, {}, tight));
  EXPECT_TRUE(FunnelCsv({}, report, tight));
}

TEST(FunnelFormat, AnAbandonedAnswerIsNotWrittenToItsEnd) {
  FunnelReport report;
  report.rows.resize(1'000);
  int looks = 0;
  const AnswerBounds abandoned{.abandoned = [&] { return ++looks == 3; }};
  EXPECT_FALSE(FunnelJson(AccountId("demo"), {}, report, {}, abandoned));
  EXPECT_EQ(looks, 3);
}

}  // namespace
}  // namespace monitor
