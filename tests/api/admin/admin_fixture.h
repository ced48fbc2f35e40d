// The admin API of a node with an empty store, and its clients.
#pragma once

#include <gtest/gtest.h>

#include <mutex>

#include "api/admin/account_ends.h"
#include "api/admin/admin.h"
#include "domain/values/json.h"
#include "eventstore/random.h"
#include "tests/api/node_fixture.h"
#include "tests/server/raw_http_client.h"

namespace monitor {

inline constexpr const char* kToken = "a-token-of-the-test";

// Set by a test between its requests, read by the threads that answer.
class Sentence {
 public:
  explicit Sentence(std::string text = "") : text_(std::move(text)) {}
  Sentence& operator=(std::string text) {
    std::lock_guard lock(mutex_);
    text_ = std::move(text);
    return *this;
  }
  std::string Get() const {
    std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

class AdminTest : public testing::Test {
 protected:
  explicit AdminTest(std::string tokens_file = "")
      : master_key_(*MasterKey::Load(folder_.path() + "/master.key", true)),
        accounts_(folder_.store()),
        visits_(folder_.store(), master_key_),
        backup_(folder_.store()),
        tokens_(*AdminTokens::Open(kToken, std::move(tokens_file))),
        ends_(accounts_, visits_, std::chrono::milliseconds(0)),
        admin_({.accounts = accounts_,
                .visits = visits_,
                .store = folder_.store(),
                .master_key = master_key_,
                .metrics = registry_,
                .drain = drain_,
                .backup = backup_,
                .tokens = *tokens_,
                .store_fault = [this] { return store_fault_.Get(); },
                .clock_fault = [this] { return clock_fault_.Get(); },
                .refusal = [this] { return refusal_.Get(); },
                .account_removed = [this] { ends_.Wake(); }},
               {.max_waiting_polls = 2}),
        server_({.threads = 1, .handler_threads = 8},
                [this](const http::Request& request) { return admin_.Handle(request); }) {
    EXPECT_TRUE(accounts_.Start(""));
  }

  testing_http::Answer Do(std::string_view method, std::string_view path, std::string_view body = {},
                          std::string headers = {}) {
    headers += "Authorization: Bearer " + std::string(kToken) + "\r\n";
    return testing_http::Do(server_.port(), method, path, body, headers);
  }
  void PutDemo() { ASSERT_EQ(Do("PUT", "/admin/accounts/demo", SampleDocument("demo")).status, 201); }

  VisitCall RequestOf(const std::string& visitor) {
    VisitCall call{};
    call.account = accounts_.Find(AccountId("demo"));
    call.request.kind = VisitRequest::Kind::kEngagement;
    call.request.app_installation = AppInstallationId("web");
    call.request.visitor = VisitorId(visitor);
    call.request.fresh_session = GenerateSessionId();
    call.request.fresh_page = GeneratePageId();
    call.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    return call;
  }
  // A visitor's engagement request; returns its session.
  SessionId Visit(const std::string& visitor, std::string_view attribute = {}) {
    VisitCall call = RequestOf(visitor);
    if (!attribute.empty()) call.request.attributes.push_back({AttributeType::kPersonal, std::string(attribute)});
    const auto decision = Decided(visits_.commands, std::move(call));
    EXPECT_TRUE(decision);
    return decision ? decision->session : SessionId();
  }

  StoreFolder folder_;
  MasterKey master_key_;
  Accounts accounts_;
  Visits visits_;
  Drain drain_;
  Sentence store_fault_, clock_fault_, refusal_;
  metrics::Registry registry_;
  NodeBackup backup_;
  std::unique_ptr<AdminTokens> tokens_;
  AccountEnds ends_;
  Admin admin_;
  http::Server server_;
};

// Status and internal code, as in "404/6".
inline std::string Code(const testing_http::Answer& answer) {
  const auto document = json::Document::Parse(answer.body);
  const json::Value* code = document ? document->root().Find("internalCode") : nullptr;
  return std::to_string(answer.status) + "/" + (code ? std::string(code->text()) : "none");
}

}  // namespace monitor
