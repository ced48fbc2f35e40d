// The reader on a node that the test plays: its log grows, is replaced, goes away. Nothing is timed; what must come is
// waited for.
#include "consumers/readers/node_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "domain/values/whole_number.h"
#include "server/http_server.h"
#include "tests/temporary_folder.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

struct LoggedEvent {
  std::uint64_t seq;
  std::int64_t ms;
  std::string type = "session-closed";
  std::string visitor = "v";
  bool first = false;  // of its bucket; else it follows the one before
};

// /admin/position and /admin/log of a node.
class PlayedNode {
 public:
  using Origins = std::vector<std::pair<std::string, std::vector<LoggedEvent>>>;  // oldest first

  PlayedNode() : server_({.threads = 2}, [this](const http::Request& request) { return Answer(request); }) {}

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }

  void Set(Origins origins) {
    std::lock_guard lock(mutex_);
    origins_ = std::move(origins);
  }
  // How many events an answer has at most; 0: it has none, though there are some.
  void Give(std::size_t events) { at_most_ = events; }

  // `count` events from 1 on, at times that begin at `ms`.
  static std::vector<LoggedEvent> Events(std::uint64_t count, std::int64_t ms = 1'000) {
    std::vector<LoggedEvent> events;
    for (std::uint64_t seq = 1; seq <= count; ++seq)
      events.push_back({.seq = seq, .ms = ms + static_cast<std::int64_t>(seq)});
    return events;
  }

 private:
  http::Reply Answer(const http::Request& request) {
    std::lock_guard lock(mutex_);
    if (request.path() == "/admin/position") return {.body = Position()};
    const http::Query query(request.query());
    const std::string from(query.Get("from").value_or(""));
    const std::size_t colon = from.find(':');
    return {.body = Log(from.substr(0, colon), *ParseWhole<std::uint64_t>(from.substr(colon + 1)),
                        *ParseWhole<std::size_t>(*query.Get("limit")))};
  }

  std::string Position() const {
    std::string origins;
    for (const auto& [origin, events] : origins_) {
      origins += (origins.empty() ? "" : ",") + (R"({"origin":")" + origin) + R"(","first":")" +
                 std::to_string(events.empty() ? 1 : events.front().seq) + R"(","last":")" +
                 std::to_string(events.empty() ? 0 : events.back().seq) + "\"}";
    }
    return R"({"origins":[)" + origins + "]}";
  }

  std::string Log(const std::string& from, std::uint64_t seq, std::size_t limit) const {
    std::string lines;
    bool reached = false;
    for (const auto& [origin, events] : origins_) {
      for (const LoggedEvent& event : events) {
        if (!reached && (origin != from || event.seq < seq)) continue;
        reached = true;
        if (limit-- == 0 || lines.size() >= at_most_ * Line(origin, event).size()) return lines;
        lines += Line(origin, event);
      }
      reached |= origin == from;
    }
    return lines;
  }

  // Every event is in its visitor's bucket, and mostly the same, so that each is the one before the next.
  static std::string Line(const std::string& origin, const LoggedEvent& event) {
    return R"({"origin":")" + origin + R"(","seq":")" + std::to_string(event.seq) + R"(","prevseq":")" +
           std::to_string(event.first ? 0 : event.seq - 1) + R"(","bucket":)" +
           std::to_string(BucketOf("demo/" + event.visitor)) + R"(,"time":")" + FormatRfc3339(FromUnixMs(event.ms)) +
           R"(","type":"monitor.)" + event.type + R"(","data":{"accountId":"demo",)" + R"("visitorId":")" +
           event.visitor + R"(","sessionId":"s","reason":"event-cap"}})" + "\n";
  }

  std::mutex mutex_;
  Origins origins_;
  std::atomic<std::size_t> at_most_{1'000};
  http::Server server_;
};

class NodeReaderTest : public testing::Test {
 protected:
  static constexpr const char* kOld = "7f3a9c01.1";
  static constexpr const char* kNow = "7f3a9c01.2";

  NodeReaderTest() {
    std::ofstream(folder_.path() + "/token") << "secret\n";
    store_ = *ViewStore::Open(folder_.path() + "/view");
  }

  void Read(IntakeOptions intake = {}) {
    NodeReaderOptions options{.admin_url = node_.url(), .admin_token_file = folder_.path() + "/token"};
    options.poll_wait = options.min_pause = options.max_pause = milliseconds(1);
    options.intake = std::move(intake);
    options.begins_late = [this](const std::string& sentence) { late_.push_back(sentence); };
    reader_.reset();
    reader_ = std::make_unique<NodeReader>(std::move(options), *store_);
  }

  // The first status of which `holds` is true.
  SourceStatus Until(const std::function<bool(const SourceStatus&)>& holds) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    SourceStatus status = reader_->Status();
    while (!holds(status) && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
      status = reader_->Status();
    }
    EXPECT_TRUE(holds(status)) << status.fault;
    return status;
  }
  void UntilCounted(const char* origin, std::uint64_t seq) const {
    EXPECT_TRUE(store_->WaitFor(origin, seq, std::chrono::minutes(1))) << reader_->Status().fault;
  }

  TemporaryFolder folder_;
  PlayedNode node_;
  std::unique_ptr<ViewStore> store_;
  std::vector<std::string> late_;  // the reader's, while there is one
  std::unique_ptr<NodeReader> reader_;
};

bool Refused(const SourceStatus& status) { return status.refused; }

TEST_F(NodeReaderTest, ClosedOriginsAreToBeReadToo) {
  node_.Give(0);
  node_.Set({{kOld, PlayedNode::Events(20)}, {kNow, {}}});
  Read();
  const SourceStatus status = Until([](const SourceStatus& told) { return told.connected; });
  EXPECT_FALSE(status.caught_up);
  EXPECT_EQ(status.lag_events, 20u);
  node_.Give(7);
  Until([](const SourceStatus& told) { return told.caught_up && told.lag_events == 0; });
  UntilCounted(kOld, 20);
}

TEST_F(NodeReaderTest, LagIsToldAfterTheFirstCatchUpAsWell) {
  node_.Set({{kNow, PlayedNode::Events(5)}});
  Read();
  Until([](const SourceStatus& told) { return told.caught_up && told.lag_events == 0; });
  node_.Give(0);
  node_.Set({{kNow, PlayedNode::Events(30)}});
  Until([](const SourceStatus& told) { return told.caught_up && told.lag_events == 25; });
  node_.Give(1'000);
  Until([](const SourceStatus& told) { return told.lag_events == 0; });
}

TEST_F(NodeReaderTest, WhatIsThrownIsToldAndTriedAgain) {
  std::atomic<bool> throws{true};
  IntakeOptions intake;
  intake.gap = [&](const Arrival&) {
    if (throws) throw std::runtime_error("no memory for it");
  };
  intake.skip_missing = true;
  auto events = PlayedNode::Events(9);
  events.erase(events.begin() + 3);
  node_.Set({{kNow, events}});
  Read(std::move(intake));
  Until([](const SourceStatus& told) { return told.fault == "counting failed: no memory for it"; });
  throws = false;
  UntilCounted(kNow, 9);
  Until([](const SourceStatus& told) { return told.fault.empty() && told.caught_up; });
}

TEST_F(NodeReaderTest, AnUnknownTypeIsNotPassedOverAndCountedOnceItIsKnown) {
  auto events = PlayedNode::Events(9);
  events[3].type = "visitor-praised";
  node_.Set({{kNow, events}});
  Read();
  const SourceStatus status = Until([](const SourceStatus& told) { return told.caught_up; });
  EXPECT_THAT(status.alarm, HasSubstr("from 4 on: the type monitor.visitor-praised is not known"));
  EXPECT_EQ(status.lag_events, 6u);
  EXPECT_EQ(store_->CommittedPositions(), (Positions{{kNow, 3}}));
  node_.Set({{kNow, PlayedNode::Events(9)}});  // as a newer funneld would understand it
  Read();
  UntilCounted(kNow, 9);
  EXPECT_EQ(Until([](const SourceStatus& told) { return told.caught_up; }).alarm, "");
}

TEST_F(NodeReaderTest, WhatIsTooMuchToKeepIsBehindAsWell) {
  auto events = PlayedNode::Events(9);
  events.erase(events.begin() + 3);
  node_.Set({{kNow, events}});
  Read({.max_held_bytes = 0});
  EXPECT_EQ(Until([](const SourceStatus& told) { return told.caught_up; }).lag_events, 5u);
}

TEST_F(NodeReaderTest, ARestoredNodeIsReadOnFromItsNewEpochAndWhatItLostStaysCounted) {
  node_.Set({{kOld, PlayedNode::Events(20)}});
  Read();
  UntilCounted(kOld, 20);
  reader_.reset();
  node_.Set({{kOld, PlayedNode::Events(12)}, {kNow, PlayedNode::Events(5)}});
  Read();
  UntilCounted(kNow, 5);
  EXPECT_EQ(store_->CommittedPositions(), (Positions{{kOld, 20}, {kNow, 5}}));
}

TEST_F(NodeReaderTest, AFolderThatWasCopiedBackIsRefused) {
  node_.Set({{kNow, PlayedNode::Events(9)}});
  Read();
  UntilCounted(kNow, 9);
  node_.Set({{kNow, PlayedNode::Events(6)}});
  const SourceStatus status = Until(Refused);
  EXPECT_EQ(status.fault,
            "the view is ahead of the log: 7f3a9c01.2 is counted up to 9, the node has it up to 6; nothing is counted "
            "until the view is rebuilt");
  EXPECT_TRUE(status.connected);
  node_.Set({{kNow, PlayedNode::Events(12)}});
  Until([](const SourceStatus& told) { return !told.refused; });
  UntilCounted(kNow, 12);
}

TEST_F(NodeReaderTest, WhileABucketIsHeldItIsRefusedByWhatOthersCounted) {
  auto events = PlayedNode::Events(9);
  events[3].type = "visitor-praised";
  for (std::size_t i = 4; i < events.size(); ++i) events[i].visitor = "w";
  events[4].first = true;
  node_.Set({{kNow, events}});
  Read();
  Until([&](const SourceStatus& told) { return told.caught_up && reader_->counters().counted == 8; });
  EXPECT_EQ(store_->CommittedPositions(), (Positions{{kNow, 3}}));
  events.resize(6);
  node_.Set({{kNow, events}});
  EXPECT_THAT(Until(Refused).fault, HasSubstr("7f3a9c01.2 is counted up to 9, the node has it up to 6"));
}

TEST_F(NodeReaderTest, OneThatHasGrownPastWhatWasCountedIsStillAnotherOne) {
  node_.Set({{kNow, PlayedNode::Events(9)}});
  Read();
  UntilCounted(kNow, 9);
  auto other = PlayedNode::Events(6);
  for (std::uint64_t seq = 7; seq <= 15; ++seq) other.push_back({seq, 50'000 + static_cast<std::int64_t>(seq)});
  reader_.reset();
  node_.Set({{kNow, other}});
  Read();
  EXPECT_THAT(Until(Refused).fault, HasSubstr("its event 7f3a9c01.2:9 is not the one that was counted"));
  EXPECT_EQ(store_->CommittedPositions()[kNow], 9u);
}

TEST_F(NodeReaderTest, ALogThatBeginsLateIsToldBeforeAnythingOfItIsCounted) {
  auto rest = PlayedNode::Events(9);
  rest.erase(rest.begin(), rest.begin() + 6);
  node_.Set({{kOld, rest}, {kNow, PlayedNode::Events(2)}});
  Read();
  UntilCounted(kNow, 2);
  reader_.reset();
  EXPECT_EQ(late_, std::vector<std::string>{"the log of 7f3a9c01.1 begins at 7"});
  late_.clear();
  Read();
  Until([](const SourceStatus& told) { return told.at_end; });
  reader_.reset();
  EXPECT_TRUE(late_.empty());
}

TEST_F(NodeReaderTest, WhatWasTrimmedUncountedIsPassedOverOnAnOperatorsWordOnly) {
  node_.Set({{kNow, PlayedNode::Events(4)}});
  Read();
  UntilCounted(kNow, 4);
  auto rest = PlayedNode::Events(9);
  rest.erase(rest.begin(), rest.begin() + 6);
  reader_.reset();
  node_.Set({{kNow, rest}});
  Read();
  EXPECT_THAT(Until(Refused).fault, HasSubstr("begins at 7, but 5 is to be read: events are lost"));
  Read({.skip_missing = true});
  UntilCounted(kNow, 9);
  EXPECT_NE(reader_->Status().alarm, "");
}

}  // namespace
}  // namespace monitor
