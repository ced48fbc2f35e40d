// What funneld's readyz says of its source.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "consumers/query/query_api.h"
#include "domain/values/json.h"
#include "tests/consumers/still_generations.h"
#include "tests/temporary_folder.h"

namespace monitor {
namespace {

using testing::HasSubstr;

class GetReady : public http::Request {
 public:
  http::Method method() const override { return http::Method::kGet; }
  std::string_view path() const override { return "/readyz"; }
  std::string_view query() const override { return {}; }
  std::string_view body() const override { return {}; }
  std::optional<std::string_view> Header(std::string_view name) const override {
    return name == "Host" ? std::optional<std::string_view>("127.0.0.1") : std::nullopt;
  }
  std::string_view peer_address() const override { return "127.0.0.1"; }
};

class Readiness : public testing::Test {
 protected:
  // "200 ready"; the checks' words go to `checks_`.
  std::string Ask() {
    const http::Reply reply = api_.Handle(GetReady());
    const auto document = json::Document::Parse(reply.body);
    const json::Value& checks = *document->root().Find("checks");
    checks_.clear();
    for (const json::Member& check : checks.members()) checks_[std::string(check.name)] = check.value.text();
    return std::to_string(reply.status) + " " + std::string(document->root().Find("status")->text());
  }

  TemporaryFolder folder_;
  StillGenerations source_{folder_.path()};
  metrics::Registry registry_;
  AlarmBook alarms_;
  AlertBook alert_book_;
  Alerts alerts_{alert_book_, registry_, false};
  Instances instances_{*source_.generations, {}};
  QueryApi api_{*source_.generations, instances_, alarms_, alerts_, registry_, 1, {}};
  std::map<std::string, std::string> checks_;
};

TEST_F(Readiness, ItIsReadyOnceAllThatWasThereIsCounted) {
  EXPECT_EQ(Ask(), "503 unready");
  EXPECT_EQ(checks_["source"], "not connected");
  source_.status.connected = true;
  source_.status.lag_events = 7;
  EXPECT_EQ(Ask(), "503 unready");
  EXPECT_EQ(checks_["caughtUp"], "7 events behind");
  source_.status.caught_up = true;
  EXPECT_EQ(Ask(), "200 ready");
  for (const auto& [check, words] : checks_) EXPECT_EQ(words, "ok") << check;
  api_.Drain();
  EXPECT_EQ(Ask(), "503 unready");
  EXPECT_EQ(checks_["drain"], "draining");
}

TEST_F(Readiness, AnAlarmOrAPartitionThatCameDegradesIt) {
  source_.status.connected = source_.status.caught_up = true;
  source_.status.alarm = "events are lost";
  EXPECT_EQ(Ask(), "200 degraded");
  EXPECT_EQ(checks_["alarm"], "events are lost");
  source_.status.alarm.clear();
  source_.status.behind = {3, 7};
  EXPECT_EQ(Ask(), "200 degraded");
  EXPECT_EQ(checks_["partitions"], "[3,7] came and are not counted yet up to the end that they had");
}

TEST_F(Readiness, WithItsSourceAwayItServesWhatItHas) {
  source_.status.fault = "no broker answers";
  EXPECT_EQ(Ask(), "503 unready");  // it has nothing
  source_.store->SetPosition("7f3a9c01.1", 5);
  ASSERT_TRUE(source_.store->Commit());
  EXPECT_EQ(Ask(), "200 degraded");
  EXPECT_EQ(checks_["source"], "no broker answers");
}

TEST_F(Readiness, CountedAnewItIsDegradedAndSaysHowFarItIs) {
  source_.store->SetPosition("7f3a9c01.1", 5);
  ASSERT_TRUE(source_.store->Commit());
  ASSERT_TRUE(source_.generations->Rebuild(false));
  source_.Tell({.connected = true, .lag_events = 7, .missing = {3}, .behind = {3}});
  EXPECT_EQ(Ask(), "200 degraded");
  EXPECT_THAT(checks_["rebuild"], HasSubstr(", 7 events behind; what was counted before answers"));
  EXPECT_EQ(checks_["partitions"], "ok");  // the view that answers has it
  source_.Tell({.connected = true, .caught_up = true, .at_end = true});
  EXPECT_EQ(Ask(), "200 degraded");
  EXPECT_THAT(checks_["rebuild"], HasSubstr("does not take over: all that is there is counted, but not up to"));
  ASSERT_TRUE(source_.generations->GiveUp());
  EXPECT_EQ(Ask(), "200 ready");
}

TEST_F(Readiness, WithoutAViewAndRoomForOneItIsUnreadyInWords) {
  StillGenerations closed(folder_.path() + "/another", ~0ull);
  metrics::Registry registry;
  Instances instances(*closed.generations, {});
  QueryApi api(*closed.generations, instances, alarms_, alerts_, registry, 1, {});
  closed.status.connected = true;
  const http::Reply reply = api.Handle(GetReady());
  EXPECT_EQ(reply.status, 503);
  EXPECT_NE(reply.body.find(" MiB are free, "), reply.body.npos) << reply.body;
}

}  // namespace
}  // namespace monitor
