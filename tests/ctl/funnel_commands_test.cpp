// monitorctl funnel against a funneld that the test plays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "ctl/command.h"
#include "server/http_server.h"
#include "tests/temporary_folder.h"

namespace monitor::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FunnelCommands : public testing::Test {
 protected:
  FunnelCommands() { std::ofstream(token_file_) << "secret\n"; }

  // The exit code; what it printed is in out_ and error_.
  int Run(std::vector<std::string> words) {
    words.insert(words.begin(),
                 {"monitorctl", "funnel", "--url", "http://127.0.0.1:" + std::to_string(server_.port())});
    std::vector<const char*> arguments;
    for (const std::string& word : words) arguments.push_back(word.c_str());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = RunCommandLine(static_cast<int>(arguments.size()), arguments.data());
    out_ = testing::internal::GetCapturedStdout();
    error_ = testing::internal::GetCapturedStderr();
    return code;
  }

  http::Reply Answer(const http::Request& request) {
    std::lock_guard lock(mutex_);
    const std::string asked = std::string(http::ToText(request.method())) + " " + std::string(request.path());
    asked_.push_back(asked + (request.query().empty() ? "" : "?" + std::string(request.query())));
    token_ = request.Header("Authorization").value_or("");
    auto& replies = replies_[asked];
    if (replies.empty()) return {.status = 404, .body = R"({"message":"no","internalCode":5})"};
    http::Reply reply = replies.front();
    if (replies.size() > 1) replies.erase(replies.begin());  // the last one for ever
    return reply;
  }

  TemporaryFolder folder_;
  const std::string token_file_ = folder_.path() + "/token";
  std::mutex mutex_;
  std::map<std::string, std::vector<http::Reply>> replies_;
  std::vector<std::string> asked_;
  std::string token_, out_, error_;
  http::Server server_{{}, [this](const http::Request& request) { return Answer(request); }};
};

TEST_F(FunnelCommands, EveryAccountIsDrawnUnlessOneIsNamed) {
  replies_["GET /api/accounts"] = {{.body = R"({"accounts":[{"id":"a"},{"id":"b"}]})"}};
  replies_["GET /api/funnel"] = {{.body = R"({"window":"all","rows":[{"prospects":9}]})"}};
  EXPECT_EQ(Run({}), kDone);
  EXPECT_THAT(out_, testing::StartsWith("a\nprospects"));
  EXPECT_THAT(out_, HasSubstr("\n\nb\nprospects"));
  EXPECT_EQ(token_, "");
  asked_.clear();
  EXPECT_EQ(Run({"--account",
                 "a",
                 "--json",
                 "--by",
                 "zone,device",
                 "--where",
                 "zone:x|y",
                 "--window",
                 "day",
                 "--count",
                 "gross",
                 "--from",
                 "2026-11-24T00:00:00Z",
                 "--to",
                 "1",
                 "--order-by",
                 "-exposed",
                 "--limit",
                 "3",
                 "--token-file",
                 token_file_}),
            kDone);
  EXPECT_EQ(out_, "{\"window\":\"all\",\"rows\":[{\"prospects\":9}]}\n");
  EXPECT_THAT(asked_, ElementsAre("GET /api/funnel?account=a&by=zone%2Cdevice&where=zone%3Ax%7Cy&window=day&count=gross"
                                  "&from=2026-11-24T00%3A00%3A00Z&to=1&orderBy=-exposed&limit=3"));
  EXPECT_EQ(token_, "Bearer secret");
}

TEST_F(FunnelCommands, WhatFunneldRefusesIsSaid) {
  replies_["GET /api/funnel"] = {{.status = 400, .body = R"({"message":"by: no","internalCode":5})"}, {.status = 401}};
  EXPECT_EQ(Run({"--account", "a"}), kNo);
  EXPECT_THAT(error_, HasSubstr("by: no (400/5)"));
  EXPECT_EQ(Run({"--account", "a"}), kNo);
  EXPECT_THAT(error_, HasSubstr("name its file with --token-file"));
  EXPECT_EQ(Run({"rebuild", "--give-up", "--wait"}), kUsage);
}

TEST_F(FunnelCommands, ARebuildIsWaitedForUntilItAnswers) {
  replies_["POST /api/rebuild"] = {{.status = 202, .body = R"({"since":17})"}};
  replies_["GET /api/rebuild"] = {{.body = R"({"rebuilding":true,"since":17,"eventsLeft":3,"held":null})"},
                                  {.body = R"({"rebuilding":false,"since":17})"}};
  EXPECT_EQ(Run({"rebuild", "--wait", "--token-file", token_file_}), kDone);
  EXPECT_THAT(out_, HasSubstr("the new numbers answer"));
  EXPECT_EQ(token_, "Bearer secret");
  EXPECT_THAT(asked_, ElementsAre("POST /api/rebuild", "GET /api/rebuild", "GET /api/rebuild"));
}

TEST_F(FunnelCommands, ARebuildThatIsNoMoreIsNotTakenForOneThatIsThrough) {
  replies_["POST /api/rebuild"] = {{.status = 409, .body = R"({"message":"rebuild: goes on","internalCode":5})"}};
  EXPECT_EQ(Run({"rebuild", "--token-file", token_file_}), kNo);
  EXPECT_THAT(error_, HasSubstr("goes on (409/5)"));
  // One that goes on is waited for all the same.
  replies_["GET /api/rebuild"] = {{.body = R"({"rebuilding":true,"since":17,"eventsLeft":3,"held":null})"},
                                  {.body = R"({"rebuilding":false,"since":null})"}};
  EXPECT_EQ(Run({"rebuild", "--wait", "--token-file", token_file_}), kNo);
  EXPECT_THAT(error_, HasSubstr("it was given up"));
}

TEST_F(FunnelCommands, ALossIsAcceptedAndARebuildGivenUpByName) {
  replies_["POST /api/rebuild"] = {{.status = 202, .body = R"({"since":17})"}};
  replies_["DELETE /api/rebuild"] = {{.body = "{}"}};
  EXPECT_EQ(Run({"rebuild", "--accept-loss", "--json", "--token-file", token_file_}), kDone);
  EXPECT_EQ(out_, "{\"since\":17}\n");
  EXPECT_EQ(Run({"rebuild", "--give-up", "--token-file", token_file_}), kDone);
  EXPECT_THAT(asked_, ElementsAre("POST /api/rebuild?acceptLoss=true", "DELETE /api/rebuild"));
}

}  // namespace
}  // namespace monitor::ctl
