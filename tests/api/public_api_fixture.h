// The public API over a real store, without sockets: requests in memory, a clock that tests turn.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/accounts/accounts.h"
#include "api/public/public_api.h"
#include "api/visits/visits.h"
#include "domain/values/hash.h"
#include "domain/values/json.h"
#include "tests/eventstore/store_fixture.h"

namespace monitor {

// A request as a careful client sends it; tests change what they are about.
struct MemoryRequest : http::Request {
  http::Method verb = http::Method::kPost;
  std::string target_path, target_query, content;
  std::map<std::string, std::string> header_values;

  http::Method method() const override { return verb; }
  std::string_view path() const override { return target_path; }
  std::string_view query() const override { return target_query; }
  std::string_view body() const override { return content; }
  std::optional<std::string_view> Header(std::string_view name) const override {
    auto found = header_values.find(std::string(name));
    return found == header_values.end() ? std::nullopt : std::optional<std::string_view>(found->second);
  }
  std::string_view peer_address() const override { return "127.0.0.1"; }
};

constexpr const char* kTestToken = "s3cret";

// Account `demo`: messaging engagement 4101 and embedded chat 4102 in campaign 41; no control groups.
inline std::string TestDocument(const std::string& settings = "") {
  const auto digest = Sha256(kTestToken);
  return R"({"accountId":"demo","appInstallations":[{"id":"web","connectorId":900},{"id":"old","enabled":false}],)"
         R"("skills":[{"id":3,"name":"sales"}],"settings":{"controlGroup":{"percentage":0},"apiTokenSha256":[")" +
         Hex({reinterpret_cast<const char*>(digest.data()), digest.size()}) + "\"]" + settings +
         R"(},"campaigns":[{"id":41,"controlGroup":{"percentage":0},"engagements":[)"
         R"({"id":4101,"revision":7,"channel":"messaging","type":"sticky","skillId":3,"windowId":"77"},)"
         R"({"id":4102,"channel":"chat","type":"embedded"}]}]})";
}

class PublicApiTest : public ::testing::Test {
 protected:
  PublicApiTest() { Start(); }

  void Start() {
    RocksDbStoreOptions options = OptionsFor(folder_.path() + "/store");
    options.clock = [this] { return now_; };
    store_ = OpenStore(options);
    auto key = MasterKey::Load(folder_.path() + "/master.key", true);
    ASSERT_TRUE(key) << key.error();
    master_key_ = std::make_unique<MasterKey>(*std::move(key));
    accounts_ = std::make_unique<Accounts>(*store_);
    visits_ = std::make_unique<Visits>(*store_, *master_key_, visits_options_);
    api_ = std::make_unique<PublicApi>(PublicParts{*accounts_, *visits_, *master_key_}, api_options_);
  }
  // As after kill -9: nothing but the store is left.
  void Restart() {
    Stop();
    Start();
    ASSERT_TRUE(accounts_->Start(""));
  }
  void Stop() {
    api_.reset();
    visits_.reset();
    accounts_.reset();
    store_.reset();
  }
  ~PublicApiTest() override { Stop(); }

  void Load(const std::string& document = TestDocument()) {
    ASSERT_TRUE(accounts_->Start(""));
    auto put = accounts_->Put({AccountId("demo"), document, "admin", std::nullopt});
    ASSERT_TRUE(put) << put.error().message << (put.error().errors.empty() ? "" : put.error().errors[0].path);
  }
  std::shared_ptr<const AccountState> Demo() { return accounts_->Find(AccountId("demo")); }

  static MemoryRequest Engagement(const std::string& query = "v=1.1", const std::string& body = "{}") {
    MemoryRequest request;
    request.target_path = "/api/account/demo/app/web/engagement";
    request.target_query = query;
    request.content = body;
    return request;
  }
  static MemoryRequest Report(const std::string& query, const std::string& body) {
    MemoryRequest request = Engagement(query, body);
    request.verb = http::Method::kPut;
    request.target_path = "/api/account/demo/app/web/report";
    return request;
  }
  static MemoryRequest Sibling(http::Method method, const std::string& visitor, const std::string& rest,
                               const std::string& query = "v=1", const std::string& body = "") {
    MemoryRequest request;
    request.verb = method;
    request.target_path = "/api/account/demo/monitoring/visitors/" + visitor + "/visits/current/" + rest;
    request.target_query = query;
    request.content = body;
    request.header_values["Authorization"] = std::string("Bearer ") + kTestToken;
    return request;
  }

  http::Reply Send(const MemoryRequest& request) { return Send(*api_, request); }
  static http::Reply Send(PublicApi& api, const MemoryRequest& request) {
    std::promise<http::Reply> reply;
    api.Handle(request, [&reply](http::Reply answer) { reply.set_value(std::move(answer)); });
    return reply.get_future().get();
  }

  // A visitor with a session: its ids as a query.
  std::string NewVisit() {
    http::Reply reply = Send(Engagement());
    EXPECT_EQ(reply.status, 201) << reply.body;
    return "v=1.1&vid=" + Text(reply, "visitorId") + "&sid=" + Text(reply, "sessionId");
  }

  // A member of the reply's body, as text; "" if absent.
  static std::string Text(const http::Reply& reply, std::string_view name) {
    auto document = json::Document::Parse(reply.body);
    EXPECT_TRUE(document) << reply.body;
    const json::Value* value = document ? document->root().Find(name) : nullptr;
    return value == nullptr ? "" : std::string(value->text());
  }
  static void ExpectError(const http::Reply& reply, int status, int code, std::string_view message_start = "") {
    EXPECT_EQ(reply.status, status) << reply.body;
    EXPECT_EQ(Text(reply, "internalCode"), std::to_string(code)) << reply.body;
    EXPECT_TRUE(Text(reply, "message").starts_with(message_start)) << reply.body;
    EXPECT_NE(Text(reply, "time"), "");
  }
  static bool HasHeader(const http::Reply& reply, std::string_view line) {
    return reply.headers.text().contains(line) || reply.fixed_headers.contains(line);
  }
  std::uint64_t LastSeq() const { return store_->Origins().back().last; }

  TemporaryFolder folder_;
  TimeMs now_ = FromUnixMs(1'764'000'000'000);
  VisitorRooms::Options visits_options_;
  PublicApiOptions api_options_;
  std::unique_ptr<RocksDbStore> store_;
  std::unique_ptr<MasterKey> master_key_;
  std::unique_ptr<Accounts> accounts_;
  std::unique_ptr<Visits> visits_;
  std::unique_ptr<PublicApi> api_;
};

}  // namespace monitor
