// A funneld without its reader: the test writes its view and says what it answers for. It listens on a free port.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "consumers/query/query_api.h"
#include "tests/consumers/still_generations.h"
#include "tests/server/raw_http_client.h"
#include "tests/temporary_folder.h"

namespace monitor {

class OneInstance {
 public:
  explicit OneInstance(QueryApi::Tokens tokens = {}) : tokens_(std::move(tokens)) { Listen(); }

  std::uint16_t port() const { return server_->port(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  ViewStore& store() { return *source_.store; }

  // It serves from then on.
  void Lists(InstancesOptions options) {
    options.look_every = std::chrono::milliseconds(5);
    instances_ = std::make_unique<Instances>(*source_.generations, std::move(options));
    api_ = std::make_unique<QueryApi>(*source_.generations, *instances_, alarms_, alerts_, registry_, 2, tokens_);
    serves_ = api_.get();
  }

  // Reads these of so many partitions. Offsets are those of the view.
  void Holds(int partitions, const std::vector<int>& held, const std::vector<int>& behind = {}) {
    Coverage coverage{.partitions = partitions, .buckets = {}};
    for (const int partition : held) coverage.buckets |= BucketsOf({.partitions = partitions}, partition);
    ASSERT_TRUE(store().AnswerFor(coverage));
    SourceStatus status{.connected = true, .caught_up = true, .at_end = true, .buckets = coverage.buckets};
    for (int partition = 0; partition < partitions; ++partition) {
      const bool is_here = std::ranges::find(held, partition) != held.end();
      if (!is_here || std::ranges::find(behind, partition) != behind.end()) status.missing.push_back(partition);
    }
    status.behind = behind;
    source_.Tell(status);
  }
  void Take(const SourceEvent& event) { ASSERT_TRUE(store().Fold(event)); }
  // All partitions up to there, and its origin's position.
  void Commit(const std::vector<std::int64_t>& offsets, const std::string& origin, std::uint64_t seq) {
    for (std::size_t i = 0; i < offsets.size(); ++i) store().SetOffset(static_cast<int>(i), offsets[i]);
    store().SetPosition(origin, seq);
    ASSERT_TRUE(store().Commit());
  }

  testing_http::Answer Get(std::string_view target, std::string_view headers = {}) {
    return testing_http::Do(port(), "GET", target, "", headers);
  }
  void LookAtAlerts(TimeMs time) {
    alerts_.Look(*instances_, time, [] { return false; });
  }
  std::string Trouble() const { return instances_->Trouble(); }
  Whole LastFound() const { return instances_->LastFound(); }

  void Stop() { server_.reset(); }
  void Listen(std::uint16_t port = 0) {
    server_ = std::make_unique<http::Server>(http::ServerOptions{.port = port,
                                                                 .handler_threads = 4,
                                                                 .lanes = QueryApi::Lanes(4),
                                                                 .lane_of =
                                                                     [this](const http::Request& request) {
                                                                       QueryApi* const api = serves_;
                                                                       return api ? api->LaneOf(request) : 0;
                                                                     }},
                                             [this](const http::Request& request) {
                                               QueryApi* const api = serves_;
                                               return api ? api->Handle(request)
                                                          : http::ErrorReply(503, 18, "it is not there yet");
                                             });
  }

 private:
  const QueryApi::Tokens tokens_;
  TemporaryFolder folder_;
  StillGenerations source_{folder_.path()};
  AlarmBook alarms_;
  metrics::Registry registry_;
  AlertBook alert_book_;
  Alerts alerts_{alert_book_, registry_, false};
  std::unique_ptr<Instances> instances_;
  std::unique_ptr<QueryApi> api_;
  std::atomic<QueryApi*> serves_ = nullptr;
  std::unique_ptr<http::Server> server_;  // first to go: it uses all of the above
};

// Until it holds; fails after 30 s.
inline void Await(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    ASSERT_LT(std::chrono::steady_clock::now(), end);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // polls with a deadline
  }
}

}  // namespace monitor
