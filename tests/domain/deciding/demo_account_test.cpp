// The sample account: valid, and it has something for everybody (interfaces.md section 1).
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "domain/account/account.h"
#include "domain/deciding/decide.h"

namespace monitor {
namespace {

std::shared_ptr<const Account> DemoAccount() {
  std::ifstream file(MONITOR_SOURCE_DIR "/deploy/accounts/demo.json");
  auto account = ParseAccount(std::string(std::istreambuf_iterator<char>(file), {}));
  if (account) return *account;
  for (const DocumentError& error : account.error()) ADD_FAILURE() << error.path << ": " << error.message;
  return nullptr;
}

Decision DecideEmptyRequest(const AccountState& state, const std::string& visitor_id, TimeMs now) {
  VisitRequest request{.kind = VisitRequest::Kind::kEngagement,
                       .app_installation = AppInstallationId("web"),
                       .visitor = VisitorId(visitor_id),
                       .fresh_session = SessionId("session-of-" + visitor_id),
                       .fresh_page = PageId("1234567890")};
  VisitorState visitor;
  SessionState session;
  auto decision = DecideRequest(request, now, {state, visitor, session, {}});
  EXPECT_TRUE(decision);
  return decision.value_or(Decision{});
}

TEST(DemoAccount, IsValid) {
  auto account = DemoAccount();
  ASSERT_NE(account, nullptr);
  EXPECT_EQ(account->id, AccountId("demo"));
  ASSERT_NE(account->FindApp(AppInstallationId("web")), nullptr);
  EXPECT_TRUE(account->FindApp(AppInstallationId("web"))->enabled);
}

TEST(DemoAccount, OffersSomethingToWhoeverSendsNothingAtAnyTime) {
  AccountState state{DemoAccount()};
  ASSERT_NE(state.account, nullptr);
  for (std::string_view instant : {"2026-11-24T10:00:00Z", "2026-12-25T03:00:00Z", "2031-07-06T22:00:00Z"}) {
    for (int i = 0; i < 300; ++i) {
      std::string visitor = "visitor-" + std::to_string(i);
      const Settings& settings = state.account->settings;
      bool withheld =
          InControlGroup(settings.control_salt, "account", VisitorId(visitor), settings.control_percentage) ||
          InControlGroup(settings.control_salt, "41", VisitorId(visitor), 5);
      Decision decision = DecideEmptyRequest(state, visitor, *ParseRfc3339(instant));
      EXPECT_EQ(decision.details.empty(), withheld) << visitor << " at " << instant;
    }
  }
}

}  // namespace
}  // namespace monitor
