#include "server/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <list>
#include <semaphore>
#include <stdexcept>
#include <thread>
#include <utility>

#include "tests/server/raw_http_client.h"

namespace monitor::http {
namespace {

using testing::HasSubstr;
using testing_http::Answer;
using testing_http::Client;
using testing_http::SocketPair;

// A connection and its client at the other end. What is given to Receive is as if it had been read from the socket.
struct Wire {
  explicit Wire(Core& core) : Wire(core, SocketPair()) {}
  Wire(Core& core, std::array<int, 2> fds)
      : connection(std::make_shared<Connection>(core, fds[0], "192.0.2.7")), client(Client::Over(fds[1])) {
    ::close(fds[0]);
  }
  void Receive(std::string_view bytes) { connection->OnBytes(bytes); }
  Answer Do(std::string_view request) {
    Receive(request);
    return client.Receive(request.starts_with("HEAD"));
  }

  std::shared_ptr<Connection> connection;
  Client client;
};

std::string Get(std::string_view path, std::string_view headers = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(headers) + "\r\n";
}

Reply EchoPath(const Request& request) { return {.body = std::string(request.path())}; }
Reply EchoBody(const Request& request) { return {.body = std::string(request.body())}; }

// Where handlers run.
class Connections : public testing::TestWithParam<int> {
 protected:
  const ServerOptions options_{.handler_threads = GetParam(), .max_body_bytes = 1'000};
};
INSTANTIATE_TEST_SUITE_P(Handlers, Connections, testing::Values(0, 2),
                         [](const auto& info) { return info.param == 0 ? "InPlace" : "Elsewhere"; });

TEST_P(Connections, PipelinedRequestsAreAnsweredInOrderHoweverTheyAreCut) {
  Core core(options_, EchoPath);
  Wire wire(core);
  std::string requests;
  for (int i = 0; i < 50; ++i) requests += Get("/" + std::to_string(i));
  for (std::string_view left = requests; !left.empty(); left.remove_prefix(std::min<std::size_t>(left.size(), 41))) {
    wire.Receive(left.substr(0, 41));
  }
  for (int i = 0; i < 50; ++i) EXPECT_EQ(wire.client.Receive().body, "/" + std::to_string(i));
}

TEST_P(Connections, ItStaysUnlessToldToClose) {
  Core core(options_, [](const Request& request) { return Reply{.body = std::string(request.peer_address())}; });
  Wire wire(core);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(wire.Do(Get("/")).body, "192.0.2.7");
  EXPECT_EQ(wire.Do(Get("/", "Connection: close\r\n")).Header("Connection"), "close");
  EXPECT_TRUE(wire.client.Closed());
}

TEST_P(Connections, WhatMustNotBeAnsweredIsClosedWithoutAByte) {
  Core core(options_, [](const Request&) { return Reply{.unanswered = true}; });
  Wire wire(core);
  wire.Receive(Get("/"));
  EXPECT_TRUE(wire.client.Closed());
}

TEST_P(Connections, HeadTellsTheLengthWithoutTheBodyAndNoContentNeither) {
  Core core(options_, [](const Request& request) {
    return request.path() == "/none" ? Reply{.status = 204} : EchoPath(request);
  });
  Wire wire(core);
  EXPECT_EQ(wire.Do("HEAD /abc HTTP/1.1\r\nHost: h\r\n\r\n").Header("Content-Length"), "4");
  EXPECT_EQ(wire.Do(Get("/none")).Header("Content-Length"), std::nullopt);
  EXPECT_EQ(wire.Do(Get("/abc")).body, "/abc");
}

TEST_P(Connections, BodiesMayComeInChunksOrAfterAContinue) {
  Core core(options_, EchoBody);
  Wire wire(core);
  wire.Receive("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  EXPECT_EQ(wire.Do("2\r\nde\r\n0\r\n\r\n").body, "abcde");
  EXPECT_EQ(wire.Do("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n").status, 100);
  EXPECT_EQ(wire.Do("ok").body, "ok");
}

TEST_P(Connections, ABodyOverTheLimitIsRefusedOnceAndNothingOfItRuns) {
  std::atomic<int> calls = 0;
  Core core(options_, [&](const Request&) { return ++calls, Reply{}; });
  Wire wire(core);
  const Answer answer =
      wire.Do("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n" + std::string(4'000, ' '));
  wire.Receive(Get("/smuggled"));
  EXPECT_EQ(answer.status, 413);
  EXPECT_THAT(answer.body, HasSubstr("\"internalCode\":5"));
  EXPECT_TRUE(wire.client.Closed());
  EXPECT_EQ(calls, 0);
}

TEST_P(Connections, GarbageIsAnsweredInTheOneFormAndClosed) {
  Core core(options_, EchoPath);
  Wire wire(core);
  const Answer answer = wire.Do("\x16\x03\x01 garbage\n\n");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("{\"time\":"));
  EXPECT_TRUE(wire.client.Closed());
}

TEST_P(Connections, WhatTheServerAnswersByItselfHasTheHandlersHeaders) {
  ServerOptions options = options_;
  options.complete = [](Reply& reply, const Request* request) {
    reply.headers.Add("X-Of", request ? request->path() : "nobody");
  };
  Core core(options, [](const Request&) -> Reply { throw 7; });
  EXPECT_EQ(Wire(core).Do(Get("/thrown")).Header("X-Of"), "/thrown");
  EXPECT_EQ(Wire(core).Do("GET /" + std::string(17 << 10, 'a') + " HTTP/1.1\r\n").Header("X-Of"), "nobody");
  EXPECT_EQ(Wire(core).Do(Get("/", "A: " + std::string(65 << 10, 'a') + "\r\n")).Header("X-Of"), "nobody");
}

TEST_P(Connections, WhateverTheHandlerThrowsIsA500WithAFixedText) {
  Core core(options_, [](const Request& request) -> Reply {
    if (request.path() == "/int") throw 7;
    throw std::runtime_error("secret");
  });
  Wire wire(core);
  for (const char* path : {"/int", "/exception"}) {
    const Answer answer = wire.Do(Get(path));
    EXPECT_EQ(answer.status, 500);
    EXPECT_THAT(answer.body, HasSubstr("\"message\":\"unexpected server error\",\"internalCode\":18"));
  }
}

TEST_P(Connections, AClientThatTakesNothingIsCutWhenTheServerGoes) {
  Core core(options_, [](const Request&) { return Reply{.body = std::string(4 << 20, 'x')}; });
  Wire wire(core);
  std::jthread reader([&] {
    wire.Receive(Get("/"));
    while (core.pending > 0) std::this_thread::yield();
    wire.connection.reset();
  });
  while (core.pending == 0) std::this_thread::yield();
  const auto began = std::chrono::steady_clock::now();
  core.Drain();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(4));  // a client usually has 5
  EXPECT_EQ(core.pending, 0);
  EXPECT_THROW(wire.client.Receive(), std::runtime_error);  // the body is cut
}

// The one handler thread waits until it is released.
class BusyConnections : public testing::Test {
 protected:
  BusyConnections() {
    busy_.Receive(Get("/slow"));
    entered_.wait();
  }
  ~BusyConnections() override { release_.release(1 + kMaxWaiting); }

  static constexpr std::size_t kMaxWaiting = 32;

  std::latch entered_{1};
  std::counting_semaphore<> release_{0};
  Core core_{{.handler_threads = 1,
              .at_once = {"/livez"},
              .lanes = {{.threads = 1, .max_queued = 1}, {.threads = 1, .max_queued = kMaxWaiting}},
              .lane_of = [](const Request& request) { return PercentDecode(request.path()) == "/slow" ? 2 : 0; }},
             [this](const Request& request) {
               if (request.path() == "/slow") entered_.count_down();
               if (request.path().starts_with("/s")) release_.acquire();
               return EchoPath(request);
             }};
  Wire busy_{core_}, other_{core_};
};

TEST_F(BusyConnections, WhatComesMeanwhileIsAnsweredAfterItOnce) {
  busy_.Receive(Get("/second") + Get("/livez"));
  busy_.Receive(Get("/fourth"));
  release_.release(2);
  for (const char* body : {"/slow", "/second", "/livez", "/fourth"}) EXPECT_EQ(busy_.client.Receive().body, body);
  EXPECT_EQ(busy_.Do(Get("/fifth")).body, "/fifth");
}

TEST_F(BusyConnections, WhatIsAnsweredAtOnceNeedsNoHandlerThread) {
  other_.Receive(Get("/stay"));  // the other thread's
  EXPECT_EQ(Wire(core_).Do(Get("/livez")).body, "/livez");
}

TEST_F(BusyConnections, WhatIsAnsweredAtOnceDoesNotWaitForAClientThatTakesNothing) {
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 10'000; ++i) other_.Receive(Get("/livez"));  // more replies than the sockets hold
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
  EXPECT_THROW(for (;;) EXPECT_EQ(other_.client.Receive().body, "/livez"), std::runtime_error);  // it was cut
}

TEST_F(BusyConnections, SlowRequestsHoldUpOnlyTheirLikeAndAFewOfThemWait) {
  std::list<Wire> waiting;
  for (std::size_t i = 0; i < kMaxWaiting; ++i) waiting.emplace_back(core_).Receive(Get("/s%6cow"));
  const Answer refused = other_.Do(Get("/slow"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Header("Retry-After"), "1");
  EXPECT_TRUE(other_.client.Closed());
  EXPECT_EQ(Wire(core_).Do(Get("/fast")).status, 200);
  release_.release(1 + kMaxWaiting);
  for (Wire& wire : waiting) EXPECT_EQ(wire.client.Receive().status, 200);
}

// Answers are given by the test, later or never.
class LateConnections : public testing::Test {
 protected:
  Respond Next() {
    Respond next = std::move(asked_.front());
    asked_.pop_front();
    return next;
  }

  std::list<Respond> asked_;
  std::list<std::string> paths_;
  Core core_{{}, LateHandler([this](const Request& request, Respond respond) {
               paths_.emplace_back(request.path());
               asked_.push_back(std::move(respond));
             })};
  Wire wire_{core_};
};

TEST_F(LateConnections, AnAnswerThatComesLaterLetsTheNextRequestIn) {
  wire_.Receive(Get("/first") + Get("/second"));
  wire_.Receive(Get("/third"));
  EXPECT_THAT(paths_, testing::ElementsAre("/first"));
  EXPECT_EQ(core_.pending, 1);
  std::jthread([&] { Next()({.body = "1"}); }).join();
  EXPECT_EQ(wire_.client.Receive().body, "1");
  EXPECT_THAT(paths_, testing::ElementsAre("/first", "/second"));
  Next()({.body = "2"});
  Next()({.body = "3"});
  EXPECT_EQ(wire_.client.Receive().body, "2");
  EXPECT_EQ(wire_.client.Receive().body, "3");
  EXPECT_EQ(core_.pending, 0);
  EXPECT_EQ(core_.pending_bytes, 0u);
}

TEST_F(LateConnections, WhatIsNeverAnsweredIsA500) {
  wire_.Receive(Get("/forgotten"));
  asked_.clear();
  const Answer answer = wire_.client.Receive();
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, HasSubstr("unexpected server error"));
  EXPECT_EQ(core_.pending, 0);
}

TEST_F(LateConnections, AnAnswerToWhoHasGoneReachesNobody) {
  {
    Wire gone(core_);
    gone.Receive(Get("/gone"));
  }
  wire_.Receive(Get("/here"));
  Next()({.body = "gone"});
  Next()({.body = "here"});
  EXPECT_EQ(wire_.client.Receive().body, "here");
}

TEST_F(LateConnections, BeyondTheBoundOfThoseThatWaitOneIsRefused) {
  core_.pending += kMaxPendingRequests;
  const Answer refused = wire_.Do(Get("/"));
  core_.pending -= kMaxPendingRequests;
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Header("Retry-After"), "1");
  EXPECT_TRUE(wire_.client.Closed());
}

// Threads meet at every request: one begins the next while another has just answered the last.
TEST(ConnectionTest, AnswersFromOtherThreadsNeitherLoseNorRepeatARequest) {
  HandlerThreads threads(3, 1'000);
  std::atomic<int> count = 0;
  {
    Core core({}, LateHandler([&](const Request& request, Respond respond) {
                auto answer = [respond = std::make_shared<Respond>(std::move(respond)),
                               path = std::string(request.path())] { (*respond)({.body = path}); };
                if (count.fetch_add(1) % 3 == 0) return answer();
                EXPECT_TRUE(threads.Enqueue(std::move(answer)));
              }));
    Wire wire(core);
    std::jthread reader([&] {
      for (int i = 0; i < 3'000; ++i) ASSERT_EQ(wire.client.Receive().body, "/" + std::to_string(i));
    });
    for (int i = 0; i < 3'000; i += 3) {
      wire.Receive(Get("/" + std::to_string(i)) + Get("/" + std::to_string(i + 1)));
      wire.Receive(Get("/" + std::to_string(i + 2)));
    }
  }
  EXPECT_EQ(count, 3'000);
}

// While one request is answered the next has come, again and again.
TEST(ConnectionTest, AClientThatSendsWithoutEndDoesNotKeepTheThreadThatAnsweredIt) {
  constexpr int kWithoutEnd = 50'000;
  Wire* receiver = nullptr;
  Respond first;
  int begun = 0;
  Core core({}, LateHandler([&](const Request& request, Respond respond) {
              if (request.path() == "/first") return void(first = std::move(respond));
              EXPECT_EQ(receiver->client.Receive().status, 200);  // the answer before
              if (++begun < kWithoutEnd) receiver->Receive(Get("/next"));
              respond({});
            }));
  Wire wire(core);
  receiver = &wire;
  wire.Receive(Get("/first") + Get("/next"));
  std::exchange(first, nullptr)({});
  EXPECT_LT(begun, kWithoutEnd);
  EXPECT_EQ(wire.client.Receive().Header("Connection"), "close");
  EXPECT_TRUE(wire.client.Closed());
}

TEST(ConnectionTest, AServerThatGoesWaitsForWhoMayStillAnswer) {
  std::jthread late;
  std::atomic<bool> answered = false;
  {
    Core core({}, LateHandler([&](const Request&, Respond respond) {
                late = std::jthread([&answered, respond = std::move(respond)]() mutable {
                  std::this_thread::yield();
                  answered = true;
                  respond({});
                });
              }));
    Wire(core).Receive(Get("/"));
  }
  EXPECT_TRUE(answered);
}

// Each of the two would hold up the only thread for some 10 s, and then be cut.
TEST(ConnectionTest, ClientsThatTakeTheirRepliesSlowlyHoldUpNoHandlerThread) {
  const std::string large(8 << 20, 'x');
  Core core(
      {.handler_threads = 1, .lanes = {{}}, .lane_of = [](const Request&) { return 1; }},
      [&](const Request& request) { return request.path() == "/large" ? Reply{.body = large} : EchoPath(request); });
  Wire first(core), second(core);
  for (Wire* slow : {&first, &second}) slow->Receive(Get("/large") + Get("/next"));
  EXPECT_EQ(Wire(core).Do(Get("/third")).body, "/third");
  for (Wire* slow : {&second, &first}) {
    EXPECT_EQ(slow->client.Receive().body.size(), large.size());
    EXPECT_EQ(slow->client.Receive().body, "/next");
  }
}

TEST(ConnectionTest, ARequestIsAbandonedOnceItsClientHasGone) {
  std::binary_semaphore noticed(0);
  Core core({.handler_threads = 1}, [&](const Request& request) {
    if (request.path() == "/stay") return Reply{.body = request.abandoned() ? "abandoned" : "waited for"};
    while (!request.abandoned()) std::this_thread::yield();
    noticed.release();
    return Reply{};
  });
  EXPECT_EQ(Wire(core).Do(Get("/stay")).body, "waited for");
  Wire(core).Receive(Get("/leave"));
  EXPECT_TRUE(noticed.try_acquire_for(std::chrono::seconds(20)));
}

}  // namespace
}  // namespace monitor::http
