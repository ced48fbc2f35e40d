#include "consumers/funnel_format.h"

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
