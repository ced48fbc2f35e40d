#include "consumers/alerts/alert_book.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.h"

namespace monitor {
namespace {

const AlertKey kLow{"demo", "low"}, kGoal{"demo", "goal\n\"1\""};
const AlertState kFiring{.definition = "7", .firing = true, .since = FromUnixMs(5'000), .value = 0.5};

AlertNotice Notice(const std::string& id) {
  return {.id = id, .of = kLow, .url = "https://hooks.example/", .body = "{\"a\":\"\n\"}", .made = FromUnixMs(6'000)};
}

class AlertBookTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/alerts";
};

TEST_F(AlertBookTest, ARestartKnowsWhatFiresAndWhatIsToBeTold) {
  {
    AlertBook book(path_);
    book.Put(kLow, kFiring, Notice("msg_1"));
    book.Put(kGoal, {.definition = "8", .firing = false, .since = FromUnixMs(1)});
    book.Put(kLow, kFiring, Notice("msg_2"));
    book.Remove("msg_1");
  }
  const AlertBook again(path_);
  const auto low = again.Find(kLow);
  ASSERT_TRUE(low);
  EXPECT_EQ(low->definition, "7");
  EXPECT_TRUE(low->firing);
  EXPECT_EQ(low->since, FromUnixMs(5'000));
  EXPECT_EQ(low->value, std::nullopt);  // it is judged again
  ASSERT_TRUE(again.Find(kGoal));
  EXPECT_FALSE(again.Find(kGoal)->firing);
  EXPECT_FALSE(again.Find({"demo", "other"}));
  const auto notices = again.Notices();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0].id, "msg_2");
  EXPECT_EQ(notices[0].of, kLow);
  EXPECT_EQ(notices[0].url, "https://hooks.example/");
  EXPECT_EQ(notices[0].body, "{\"a\":\"\n\"}");
  EXPECT_EQ(notices[0].made, FromUnixMs(6'000));
}

TEST_F(AlertBookTest, WhatIsForgottenIsStillTold) {
  {
    AlertBook book(path_);
    book.Put(kLow, kFiring, Notice("msg_1"));
    book.Put(kGoal, kFiring);
    EXPECT_EQ(book.Forget([](const AlertKey& key) { return key == kGoal; }), std::vector{kLow});
  }
  const AlertBook again(path_);
  EXPECT_FALSE(again.Find(kLow));
  EXPECT_TRUE(again.Find(kGoal));
  EXPECT_EQ(again.Notices().size(), 1u);
}

TEST_F(AlertBookTest, IsBounded) {
  AlertBook book;
  for (std::size_t i = 0; i <= AlertBook::kMaxNotices; ++i) book.Put(kLow, kFiring, Notice(std::to_string(i)));
  const auto notices = book.Notices();
  EXPECT_EQ(notices.size(), AlertBook::kMaxNotices);
  EXPECT_EQ(notices.front().id, "1");
}

TEST_F(AlertBookTest, AFileThatIsNoneIsAnEmptyBook) {
  for (const char* text : {"", "{", "[7]", R"({"alerts":7,"notices":[{}]})"}) {
    std::ofstream(path_, std::ios::trunc) << text;
    AlertBook book(path_);
    EXPECT_FALSE(book.Find(kLow)) << text;
    book.Put(kLow, kFiring);
    EXPECT_TRUE(AlertBook(path_).Find(kLow)) << text;
  }
}

}  // namespace
}  // namespace monitor
