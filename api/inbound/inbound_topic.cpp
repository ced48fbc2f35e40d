#include "api/inbound/inbound_topic.h"

#include <chrono>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "kafka/back_off.h"
#include "kafka/dead_letters.h"
#include "kafka/group_member.h"
#include "server/log.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Done = kafka::Result<void>;  // the error is why the consumer must begin again

constexpr milliseconds kPollWait{100};  // how long a stop may go unnoticed
constexpr milliseconds kStatusInterval{1'000};
// After a consumer that failed, so long until the next: doubled up to the greatest while nothing gets applied.
constexpr milliseconds kFirstPause{200};
constexpr milliseconds kGreatestPause{5'000};
// The same between two tries of a message.
constexpr milliseconds kFirstRetry{20};
constexpr milliseconds kGreatestRetry{1'000};

constexpr int kPartitions = 16;
constexpr const char* kRetentionMs = "604800000";  // 7 days: commands are of no use for longer

}  // namespace

class InboundTopic::State {
 public:
  explicit State(InboundTopicOptions options)
      : options_(std::move(options)), thread_([this](const std::stop_token& stop) { Live(stop); }) {}

  void Stop() { thread_.request_stop(); }

  InboundStatus Status() const {
    std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  void Live(const std::stop_token& stop) {
    kafka::BackOff back_off(kFirstPause, kGreatestPause);
    while (!stop.stop_requested()) {
      const std::uint64_t before = Taken();
      const Done ended = Consume(stop);
      if (ended || stop.stop_requested()) break;
      Failed(ended.error());
      if (kafka::PauseFor(back_off.Next(Taken() > before), stop)) break;
    }
    Update([](InboundStatus& status) { status.partitions = 0; });
  }

  // One life: until it is stopped or something fails.
  Done Consume(const std::stop_token& stop) {
    const auto letters =
        kafka::DeadLetters::Make(options_.client, "monitord-inbound", options_.dead_letter_topic, options_.topic);
    if (!letters) return std::unexpected(letters.error());
    if (Done reached = (*letters)->producer().WaitForBroker(stop); !reached) return reached;
    const auto made = (*letters)->producer().EnsureTopics(
        {{options_.topic, kPartitions, {{"cleanup.policy", "delete"}, {"retention.ms", kRetentionMs}}},
         kafka::DeadLetterTopic(options_.dead_letter_topic)},
        kafka::kBrokerTimeout);
    if (!made) return std::unexpected(made.error());
    const auto consumer = kafka::GroupMember::Join(
        options_.client,
        {.client_id = "monitord-inbound", .group = options_.group, .topic = options_.topic, .queued_kb = 1'024});
    if (!consumer) return std::unexpected(consumer.error());
    auto measured = steady_clock::time_point::min();
    while (!stop.stop_requested()) {
      (*letters)->producer().Poll(milliseconds(0));  // what librdkafka has to say must be taken from it
      const auto message = (*consumer)->Poll(kPollWait);
      if (!message && message.error().code != kafka::ReadFailure::Code::kAway) {
        return std::unexpected(message.error().message);
      }
      if (message && *message) {
        if (Done taken = Take(**message, **consumer, **letters, stop); !taken) return taken;
      }
      if (steady_clock::now() - kStatusInterval < measured) continue;
      measured = steady_clock::now();
      const kafka::GroupMember::Share share = (*consumer)->Measure();
      Update([&](InboundStatus& status) {
        status.partitions = share.partitions;
        status.lag = share.lag;
      });
    }
    return {};
  }

  Done Take(const kafka::Message& message, kafka::GroupMember& consumer, kafka::DeadLetters& letters,
            const std::stop_token& stop) {
    const auto outcome = ApplyPatiently(message.value, stop);
    const bool refused = !outcome && outcome.error().code == InboundFailure::Code::kRefused;
    if (!outcome && !refused) return {};  // stopped; it comes again
    if (refused) {
      const std::string& reason = outcome.error().message;
      log::Error("inbound_message_refused", {{"topic", options_.topic},
                                             {"partition", std::int64_t{message.partition}},
                                             {"offset", message.offset},
                                             {"reason", reason}});
      if (Done kept = Keep(message, reason, letters, stop); !kept) return kept;
    }
    if (Done committed = consumer.Commit(message); !committed) return committed;
    Update([&](InboundStatus& status) { ++(refused ? status.refused_total : status.applied_total); });
    return {};
  }

  // Returns once the broker has it.
  static Done Keep(const kafka::Message& refused, const std::string& reason, kafka::DeadLetters& letters,
                   const std::stop_token& stop) {
    const kafka::DeadLetter letter = kafka::MakeDeadLetter(refused.key, refused.value, reason);
    if (Done sent = letters.Send(letter, std::to_string(refused.partition), refused.offset); !sent) return sent;
    while (!stop.stop_requested()) {
      const auto written = letters.Flush(kPollWait);
      if (!written) return std::unexpected(written.error());
      if (*written) return {};
    }
    return std::unexpected("stopped before a dead letter was written");
  }

  // Tries until it is applied, refused, or the topic is stopped. Longer than librdkafka waits for a poll (5 min) the
  // partitions go to another member; the message comes again to whoever has them then.
  std::expected<void, InboundFailure> ApplyPatiently(std::string_view message, const std::stop_token& stop) {
    kafka::BackOff back_off(kFirstRetry, kGreatestRetry);
    bool told = false;
    for (;;) {
      auto outcome = Apply(message);
      if (outcome || outcome.error().code == InboundFailure::Code::kRefused) return outcome;
      Update([](InboundStatus& status) { ++status.retries_total; });
      const milliseconds pause = back_off.Next(false);
      if (pause == kGreatestRetry && !std::exchange(told, true)) {
        log::Warning("inbound_waits", {{"reason", outcome.error().message}});
      }
      if (kafka::PauseFor(pause, stop)) return outcome;
    }
  }

  std::expected<void, InboundFailure> Apply(std::string_view message) {
    try {
      return options_.apply(message);
    } catch (const std::exception& error) {
      log::Error("inbound_message_failed", {{"reason", error.what()}});
      return std::unexpected(InboundFailure{InboundFailure::Code::kRefused, "unexpected server error"});
    }
  }

  // Says the same thing once, however often it is tried.
  void Failed(const std::string& why) {
    Update([](InboundStatus& status) {
      ++status.restarts_total;
      status.partitions = 0;
    });
    if (std::exchange(last_failure_, why) != why) log::Warning("inbound_failed", {{"reason", why}});
  }

  std::uint64_t Taken() const {
    const InboundStatus status = Status();
    return status.applied_total + status.refused_total;
  }

  template <class Change>
  void Update(Change change) {
    std::lock_guard lock(mutex_);
    change(status_);
  }

  const InboundTopicOptions options_;
  std::string last_failure_;  // the thread's own
  mutable std::mutex mutex_;
  InboundStatus status_;
  std::jthread thread_;  // last: it uses all of the above
};

InboundTopic::InboundTopic(InboundTopicOptions options) : state_(std::make_unique<State>(std::move(options))) {}
InboundTopic::~InboundTopic() = default;
void InboundTopic::Stop() { state_->Stop(); }
InboundStatus InboundTopic::Status() const { return state_->Status(); }

}  // namespace monitor
