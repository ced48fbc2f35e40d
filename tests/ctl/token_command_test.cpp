// monitorctl token new: what it prints is what monitord takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/tokens/token_table.h"
#include "ctl/command.h"
#include "domain/values/json.h"

namespace monitor::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

struct Said {
  int code;
  std::string out, error;
};

Said NewTokenOf(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), {"monitorctl", "token", "new"});
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = RunCommandLine(static_cast<int>(arguments.size()), arguments.data());
  const std::string out = testing::internal::GetCapturedStdout();
  return {code, out, testing::internal::GetCapturedStderr()};
}

TEST(NewToken, IsPrintedWithTheTableThatLetsItIn) {
  const Said said =
      NewTokenOf({"--name", "ci.deploy", "--scopes", "publish,read", "--expires", "2027-01-31T13:00:00+01:00"});
  ASSERT_EQ(said.code, kDone) << said.error;
  const std::string token = said.out.substr(0, said.out.find('\n'));
  EXPECT_THAT(token, SizeIs(64));
  const auto table = ParseTokenTable(said.out.substr(token.size()));
  ASSERT_TRUE(table) << table.error();
  ASSERT_THAT(*table, SizeIs(1));
  const AdminToken& one = table->front();
  EXPECT_EQ(one.name, "ci.deploy");
  EXPECT_TRUE(one.hash.Matches(token));
  EXPECT_THAT(one.scopes, ElementsAre(AdminScope::kRead, AdminScope::kPublish));
  EXPECT_EQ(one.expires, ParseRfc3339("2027-01-31T12:00:00Z"));
  EXPECT_NE(NewTokenOf({"--name", "ci.deploy", "--scopes", "read"}).out.substr(0, 64), token);
}

TEST(NewToken, IsJsonForPrograms) {
  const Said said = NewTokenOf({"--json", "--name", "ci", "--scopes", "read"});
  const auto document = json::Document::Parse(said.out);
  ASSERT_TRUE(document) << said.out;
  const auto text = [&](const char* name) { return std::string(document->root().Find(name)->text()); };
  EXPECT_EQ(text("name"), "ci");
  EXPECT_EQ(document->root().Find("expires"), nullptr);
  const auto table = ParseTokenTable(text("table")).value();
  EXPECT_TRUE(table.front().hash.Matches(text("token")));
  EXPECT_EQ(table.front().hash, TokenHash::FromHex(text("sha256")));
}

TEST(NewToken, WhatMonitordWouldRefuseIsWrongUsage) {
  EXPECT_EQ(NewTokenOf({"--name", "ci"}).code, kUsage);
  EXPECT_EQ(NewTokenOf({"--scopes", "read"}).code, kUsage);
  EXPECT_THAT(NewTokenOf({"--name", "admin", "--scopes", "read"}).error, HasSubstr("the token with all scopes"));
  EXPECT_THAT(NewTokenOf({"--name", "a b", "--scopes", "read"}).error, HasSubstr("a name has 1 to 64 letters"));
  const Said said = NewTokenOf({"--name", "ci", "--scopes", "read,write"});
  EXPECT_EQ(said.code, kUsage);
  EXPECT_EQ(said.out, "");
  EXPECT_THAT(said.error, HasSubstr("unknown scope write; there are read, skills, conversations, publish, erase"));
  EXPECT_EQ(NewTokenOf({"--name", "ci", "--scopes", "read", "--expires", "tomorrow"}).code, kUsage);
}

}  // namespace
}  // namespace monitor::ctl
