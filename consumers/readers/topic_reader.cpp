#include "consumers/readers/topic_reader.h"

#include <algorithm>
#include <exception>
#include <map>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>

#include "consumers/readers/relayed_positions.h"
#include "kafka/back_off.h"
#include "kafka/dead_letters.h"
#include "kafka/group_member.h"
#include "server/log.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPollWait{20};
constexpr std::size_t kMaxPositionRecords = 1'000;  // taken between two commits
constexpr auto kTopicRetry = std::chrono::seconds(2);
constexpr auto kBrokerRetry = std::chrono::seconds(1);
constexpr milliseconds kBrokerAnswer{500};  // a broker that is there answers sooner

// What makes it begin again from what is committed: the broker's, or the view's.
struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct ViewFault : std::runtime_error {
  explicit ViewFault(const std::string& error) : std::runtime_error("the view: " + error) {}
};

template <class Value>
Value OrFault(kafka::Result<Value> result) {
  if (!result) throw Fault(result.error());
  return *std::move(result);
}

std::expected<SourceEvent, std::string> ReadMessage(const kafka::Message& message) {
  return ParseCloudEvent({.origin = message.Header("ce_origin"),
                          .seq = message.Header("ce_seq"),
                          .prevseq = message.Header("ce_prevseq"),
                          .bucket = message.Header("ce_bucket"),
                          .type = message.Header("ce_type"),
                          .time = message.Header("ce_time"),
                          .dataschema = message.Header("ce_dataschema")},
                         message.value);
}

}  // namespace

class TopicReader::Loop {
 public:
  Loop(TopicReaderOptions options, ViewStore& store)
      : options_(std::move(options)), store_(store), intake_(store, Rules()) {
    status_.Reads(store_.answered_for(), {});  // until it is known what is to be read
    thread_ = std::jthread([this](std::stop_token stop) { Run(stop); });
  }

  SourceStatus Status() const { return status_.Get(); }
  const IntakeCounters& counters() const { return intake_.counters(); }

 private:
  struct Partition {
    std::int64_t next = 0;  // to be read
    std::int64_t end = 0;   // when it was assigned
    bool from_start = true;
  };

  static std::uint64_t Between(std::int64_t from, std::int64_t end) {
    return end > from ? static_cast<std::uint64_t>(end - from) : 0;
  }

  IntakeOptions Rules() {
    IntakeOptions rules = status_.WithAlarm(options_.intake);
    rules.unreadable = [this](const Arrival& arrival, const std::string& reason) {
      options_.intake.unreadable(arrival, reason);
      SendDeadLetter(kafka::MakeDeadLetter(arrival.key, arrival.value, reason), arrival.channel, arrival.offset);
    };
    return rules;
  }

  void Run(std::stop_token stop) {
    while (!stop.stop_requested()) {
      try {
        ReadUntilStopped(stop);
        continue;
      } catch (const Fault& fault) {
        Disconnected(fault.what());
      } catch (const ViewFault& fault) {
        Hindered(fault.what());
      } catch (const std::exception& thrown) {  // nobody above this thread could catch it
        Hindered(std::string("counting failed: ") + thrown.what());
      }
      kafka::PauseFor(options_.pause, stop);
    }
  }

  void ReadUntilStopped(const std::stop_token& stop) {
    Begin();
    const struct Closing {
      Loop& loop;
      ~Closing() { loop.Close(); }
    } closing{*this};
    reader_ = OrFault(kafka::GroupMember::Join(
        options_.client, {.client_id = "funneld",
                          .group = options_.group,
                          .topic = options_.topics.events,
                          .queued_kb = 16'384,
                          .on_assigned = [this](const std::vector<int>& partitions) { return Assign(partitions); },
                          .on_revoked = [this] { Revoke(); }}));
    positions_reader_ =
        OrFault(kafka::Reader::Make(options_.client, options_.group + "-positions", options_.topics.positions));
    while (!stop.stop_requested()) {
      PollEvent();
      PollPositions();
      if (Due()) CommitBatch();
      if (std::exchange(rewound_, false)) ReadFromNext();
      if (!connected_) AskBroker();
    }
    CommitBatch();
  }

  // Whatever was taken and not committed is forgotten.
  void Begin() {
    intake_.Forget();
    assigned_.clear();
    relayed_ = RelayedPositions();
    member_ = rewound_ = false;
    taken_ = 0;
    if (const auto discarded = store_.Discard(); !discarded) {
      TellUncounted();
      throw ViewFault(discarded.error());
    }
  }

  // How much waits for a view that can not be written. The partitions meanwhile are for others to read.
  void TellUncounted() {
    const auto asking = OrFault(kafka::Reader::Make(options_.client, options_.group, options_.topics.events));
    const BucketSet buckets = store_.answered_for().buckets;
    const int count = std::min(OrFault(asking->AskPartitions()), static_cast<int>(buckets.size()));
    std::map<int, std::uint64_t> lags;
    for (int partition = 0; partition < count; ++partition) {
      if (!buckets[static_cast<std::size_t>(partition)]) continue;  // of its buckets one is as good as all
      const kafka::Range range = OrFault(asking->AskRange(options_.topics.events, partition));
      const auto counted = counted_.find(partition);
      const std::int64_t from =
          counted == counted_.end() ? store_.Offset(partition).value_or(range.low) : counted->second;
      lags[partition] = Between(std::max(from, range.low), range.high);
    }
    status_.Progress(std::move(lags), false);
  }

  // Leaves the group.
  void Close() {
    reader_.reset();
    positions_reader_.reset();
    positions_assigned_ = false;
    dead_letters_.reset();
    intake_.Forget();
    assigned_.clear();
  }

  kafka::Offsets Assign(const std::vector<int>& partitions) {
    kafka::Offsets offsets;
    assigned_.clear();
    for (const int partition : partitions) {
      const kafka::Range kept = OrFault(reader_->AskRange(options_.topics.events, partition));
      const std::int64_t next = WhereToBegin(partition, kept);
      assigned_[partition] = {.next = next, .end = kept.high, .from_start = kept.low == 0};
      counted_[partition] = offsets[partition] = next;
    }
    const int count = OrFault(reader_->AskPartitions());
    if (count == 0) throw Fault("the topic is gone");
    Cover(count);
    member_ = true;
    Connected();
    ShowProgress();
    status_.Assigned();
    log::Info("partitions_assigned", {{"count", static_cast<std::int64_t>(partitions.size())}});
    return offsets;
  }

  std::int64_t WhereToBegin(int partition, const kafka::Range& kept) {
    const auto stored = store_.Offset(partition);
    const std::string begins = "partition " + std::to_string(partition) + " begins at " + std::to_string(kept.low);
    if (!stored && kept.low > 0) options_.begins_late(begins);
    if (!stored) return kept.low;
    if (*stored < kept.low) {
      status_.Alarm(begins + ", but " + std::to_string(*stored) + " is to be read: events are lost",
                    AlarmLasts::kForGood);
      return kept.low;
    }
    if (*stored > kept.high) {
      status_.Alarm("partition " + std::to_string(partition) + " ends at " + std::to_string(kept.high) + ", but " +
                        std::to_string(*stored) + " is to be read: the topic is another one; it is read from its start",
                    AlarmLasts::kForGood);
      return kept.low;
    }
    return *stored;
  }

  // What was read is still answered for, until it is known who reads it now.
  void Revoke() {
    CommitBatch();
    for (const auto& [partition, state] : assigned_) intake_.Forget(std::to_string(partition));
    assigned_.clear();
    member_ = rewound_ = false;
  }

  // Before anybody is told that the partitions which came are answered for, no position is told that they do not have.
  void Cover(int partitions) {
    Coverage coverage{.partitions = partitions, .buckets = {}};
    for (std::size_t bucket = 0; bucket < coverage.buckets.size(); ++bucket) {
      coverage.buckets[bucket] = assigned_.contains(static_cast<int>(bucket) % partitions);
    }
    if (const auto covered = store_.AnswerFor(coverage); !covered) throw ViewFault(covered.error());
    positions_changed_ = true;  // what was read of them before holds for these partitions now
  }

  // A hole is closed, but not all that followed it was kept. Assigned anew, as at a rebalance, the group does not
  // notice.
  void ReadFromNext() {
    kafka::Offsets offsets;
    for (const auto& [partition, state] : assigned_) offsets[partition] = state.next;
    OrFault(reader_->ReadFrom(offsets));
    log::Info("partitions_read_again", {{"count", static_cast<std::int64_t>(assigned_.size())}});
  }

  // Nothing else tells that a connection is back while there are no events.
  void AskBroker() {
    if (!member_ || steady_clock::now() < next_question_) return;
    next_question_ = steady_clock::now() + kBrokerRetry;
    if (reader_->ReachesBroker(kBrokerAnswer)) Connected();
  }

  void PollEvent() {
    const auto polled = reader_->Poll(kPollWait);
    if (!polled) return NothingCame(polled.error());
    const auto& message = *polled;
    if (!message) return;
    const auto partition = assigned_.find(message->partition);
    if (partition == assigned_.end()) return;
    Take(*message, partition->second);
    partition->second.next = message->offset + 1;
    if (taken_++ == 0) batch_began_ = steady_clock::now();
  }

  void NothingCame(const kafka::ReadFailure& failure) {
    // A topic that is not there yet comes with monitord's first start.
    using enum kafka::ReadFailure::Code;
    if (failure.code == kAway || failure.code == kForbidden) Disconnected(failure.message);
    if (failure.code == kOver) throw Fault(failure.message);
  }

  void Take(const kafka::Message& message, const Partition& partition) {
    const std::string channel = std::to_string(message.partition);
    auto event = ReadMessage(message);
    if (!event) {
      log::Error("message_unreadable", {{"partition", channel}, {"offset", message.offset}, {"reason", event.error()}});
      intake_.CountUnreadable();
      return SendDeadLetter(kafka::MakeDeadLetter(message.key, message.value, event.error()), channel, message.offset);
    }
    Arrival arrival{.event = std::move(*event), .channel = channel};
    arrival.offset = message.offset;
    arrival.from_start = partition.from_start;
    if (!arrival.event.content) {
      arrival.key = message.key;
      arrival.value = message.value;
    }
    if (const auto taken = intake_.Take(std::move(arrival)); !taken) throw ViewFault(taken.error());
  }

  void SendDeadLetter(const kafka::DeadLetter& letter, const std::string& partition, std::int64_t offset) {
    if (!dead_letters_) {
      auto made = OrFault(
          kafka::DeadLetters::Make(options_.client, "funneld", options_.topics.dead_letters, options_.topics.events));
      OrFault(
          made->producer().EnsureTopics({kafka::DeadLetterTopic(options_.topics.dead_letters)}, kafka::kBrokerTimeout));
      dead_letters_ = std::move(made);
    }
    OrFault(dead_letters_->Send(letter, partition, offset));
  }

  void FlushDeadLetters() {
    if (!dead_letters_ || OrFault(dead_letters_->Flush(kafka::kBrokerTimeout))) return;
    throw Fault("a dead letter could not be written");
  }

  // All of monitor.positions: the topic is compacted and small.
  void AssignPositions() {
    if (steady_clock::now() < next_positions_try_) return;
    next_positions_try_ = steady_clock::now() + kTopicRetry;
    positions_assigned_ = OrFault(positions_reader_->ReadAllFromStart());
  }

  void PollPositions() {
    // Not before the broker let in the group's member: asking waits, and meanwhile nobody would hear why it does not.
    if (!positions_assigned_ && member_) AssignPositions();
    for (std::size_t i = 0; positions_assigned_ && i < kMaxPositionRecords; ++i) {
      const auto message = positions_reader_->Poll(milliseconds(0));
      if (message && !*message) return;
      using enum kafka::ReadFailure::Code;
      if (!message && (message.error().code == kForbidden || message.error().code == kOver)) {
        throw Fault(message.error().message);
      }
      if (!message || (*message)->at_end) continue;
      relayed_.Add((*message)->key, (*message)->value);
      positions_changed_ = true;
    }
  }

  bool Due() const {
    if (taken_ == 0) return positions_changed_ || store_.HasSomeToRetire();
    return taken_ >= options_.max_events || steady_clock::now() - batch_began_ >= options_.max_delay;
  }

  void CommitBatch() {
    FlushDeadLetters();
    std::map<int, std::int64_t> counted;
    for (auto& [partition, state] : assigned_) {
      const std::string channel = std::to_string(partition);
      counted[partition] = intake_.SafeOffset(channel, state.next);
      store_.SetOffset(partition, counted[partition]);
      if (const auto rewind = intake_.TakeRewind(channel)) {
        state.next = *rewind;
        rewound_ = true;
      }
    }
    if (!counted.empty()) {
      for (const auto& [origin, seq] : relayed_.Reached(counted)) store_.SetPosition(origin, seq);
    }
    if (const auto committed = store_.Commit(); !committed) throw ViewFault(committed.error());
    for (const auto& [partition, offset] : counted) counted_[partition] = offset;
    if (std::exchange(taken_, 0) > 0) Connected();
    positions_changed_ = false;
    ShowProgress();
  }

  // What is held is not counted: it lags behind, however far was read. But a hole may stay for good, and the funnel is
  // to serve with it: all that was there is read.
  void ShowProgress() {
    if (intake_.counters().held_buckets == 0) status_.NothingIsHeld();
    std::map<int, std::uint64_t> lags;
    std::vector<int> behind;
    bool read_all = !assigned_.empty();
    for (const auto& [partition, state] : assigned_) {
      const std::int64_t safe = intake_.SafeOffset(std::to_string(partition), state.next);
      lags[partition] = Between(safe, std::max(reader_->KnownEnd(partition), state.end));
      if (safe < state.end) behind.push_back(partition);
      read_all &= state.next >= state.end;
    }
    if (member_) status_.Reads(store_.answered_for(), std::move(behind));
    status_.Progress(std::move(lags), read_all);
  }

  void Connected() {
    connected_ = true;
    status_.Connected();
  }

  void Disconnected(const std::string& fault) {
    connected_ = false;
    status_.Disconnected("broker_unavailable", fault);
  }

  void Hindered(const std::string& fault) { status_.Hindered("view_unavailable", fault); }

  const TopicReaderOptions options_;
  ViewStore& store_;
  StatusBoard status_{*options_.alarms};
  Intake intake_;

  // The loop's own.
  std::unique_ptr<kafka::GroupMember> reader_;
  std::unique_ptr<kafka::Reader> positions_reader_;
  std::unique_ptr<kafka::DeadLetters> dead_letters_;
  std::map<int, Partition> assigned_;
  std::map<int, std::int64_t> counted_;  // up to where (exclusive) each that once came is committed
  RelayedPositions relayed_;
  bool connected_ = false;
  bool member_ = false;   // of the group, with its partitions assigned
  bool rewound_ = false;  // `next` of a partition went back
  bool positions_assigned_ = false, positions_changed_ = false;
  steady_clock::time_point next_positions_try_{}, next_question_{}, batch_began_{};
  int taken_ = 0;
  std::jthread thread_;  // last: it uses all of the above
};

TopicReader::TopicReader(TopicReaderOptions options, ViewStore& store)
    : loop_(std::make_unique<Loop>(std::move(options), store)) {}
TopicReader::~TopicReader() = default;
SourceStatus TopicReader::Status() const { return loop_->Status(); }
const IntakeCounters& TopicReader::counters() const { return loop_->counters(); }

}  // namespace monitor
