#include "ctl/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "server/http_server.h"
#include "tests/temporary_folder.h"

namespace monitor::ctl {
namespace {

using testing::HasSubstr;

int ExitCode(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "monitorctl");
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = RunCommandLine(static_cast<int>(arguments.size()), arguments.data());
  testing::internal::GetCapturedStdout();
  testing::internal::GetCapturedStderr();
  return code;
}

TEST(CommandLine, TellsUsageFromFailure) {
  EXPECT_EQ(ExitCode({"--help"}), kDone);
  EXPECT_EQ(ExitCode({"--version"}), kDone);
  EXPECT_EQ(ExitCode({}), kUsage);
  EXPECT_EQ(ExitCode({"no-such-command"}), kUsage);
  EXPECT_EQ(ExitCode({"account", "validate", "/nowhere/account.json"}), kNo);
  EXPECT_EQ(ExitCode({"verify", "--data", "/nowhere"}), kNo);
}

// The admin API as far as a command asks it.
class AdminApiTest : public testing::Test {
 protected:
  AdminApiTest()
      : server_({}, [this](const http::Request& request) {
          token_ = request.Header("Authorization").value_or("");
          return http::Reply{.status = status_, .body = body_};
        }) {
    std::ofstream(options_.token_file) << "secret \n";
  }

  TemporaryFolder folder_;
  int status_ = 200;
  std::string body_, token_;
  http::Server server_;
  CommonOptions options_{.admin_url = "http://127.0.0.1:" + std::to_string(server_.port()),
                         .token_file = folder_.path() + "/token"};
};

TEST_F(AdminApiTest, SendsTheTokenOfTheFile) {
  body_ = "{}";
  const auto answer = AdminApi(options_).Do({.path = "/admin/position"});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "{}");
  EXPECT_EQ(token_, "Bearer secret");
}

TEST_F(AdminApiTest, SaysInOneSentenceWhatIsWrong) {
  const auto fault = [this] { return AdminApi(options_).Do({.path = "/admin/position"}).error(); };
  status_ = 404, body_ = R"({"message":"unknown account","internalCode":6})";
  EXPECT_EQ(fault(), "unknown account (404/6)");
  status_ = 502, body_ = "<html>";
  EXPECT_EQ(fault(), "the server answered (502)");
  status_ = 401;
  EXPECT_THAT(fault(), HasSubstr("--token-file"));
  status_ = 403, body_ = R"({"message":"Authorization: the token lacks the scope read","internalCode":10})";
  EXPECT_EQ(fault(), "Authorization: the token lacks the scope read (403/10); see --token-file");
  options_.admin_url = "http://127.0.0.1:1";
  EXPECT_THAT(fault(), HasSubstr("no answer from http://127.0.0.1:1: "));
  options_.token_file += ".not";
  EXPECT_THAT(fault(), HasSubstr("no admin token: "));
}

}  // namespace
}  // namespace monitor::ctl
