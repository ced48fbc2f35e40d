#include "eventstore/relay/relay_run.h"

#include <algorithm>
#include <bit>
#include <map>
#include <utility>
#include <variant>

#include "domain/account/account.h"
#include "domain/values/json.h"
#include "domain/values/vocabulary.h"
#include "domain/values/whole_number.h"
#include "eventstore/account_events.h"
#include "eventstore/cloud_event_writer.h"
#include "kafka/dead_letters.h"
#include "kafka/table.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBrokerTimeout{5'000};
constexpr milliseconds kIdleWait{100};  // how long a stop may go unnoticed
constexpr milliseconds kGatherWait{5};  // so much later at most a lone event is read, with those that came since
constexpr milliseconds kSaveInterval{200};
constexpr milliseconds kLastWord{500};
constexpr std::uint64_t kGatherEvents = 200;
constexpr ReadOptions kReadOptions{.max_events = 1'000, .max_bytes = 1 << 20};
constexpr const char* kUnreadableNow = "the log can not be read now";
constexpr int kMaxPartitions = 256;  // a bucket has 8 bits (events.md section 3)

// Whatever is accepted can be sent: an event that can not would hold up the relay for ever. Escaping doubles a document
// at most, the rest is for the event's other fields and its headers.
static_assert(2 * kMaxDocumentBytes + 100'000 < kafka::kMaxMessageBytes);

std::vector<kafka::TopicWanted> Topics(const RelayOptions& options) {
  return {{options.topics.events, options.partitions, {{"cleanup.policy", "delete"}, {"retention.ms", "-1"}}},
          {options.topics.positions, 1, {{"cleanup.policy", "compact"}}},
          {options.topics.accounts, 1, {{"cleanup.policy", "compact"}}},
          kafka::DeadLetterTopic(options.topics.dead_letters)};
}

// What any other Kafka program computes for the key.
std::int32_t PartitionOf(std::string_view key, int partitions) {
  return static_cast<std::int32_t>(KafkaHash(key) % static_cast<std::uint32_t>(partitions));
}

struct TableRow {
  std::string key;
  std::optional<std::string> value;  // none: the row is deleted
};

// RelayProgress::PositionJson, read; 0: it is none.
std::uint64_t SeqOfPosition(std::string_view value) {
  const auto document = json::Document::Parse(value);
  const json::Value* seq = document ? document->root().Find("seq") : nullptr;
  return seq ? ParseWholeAsPrinted<std::uint64_t>(seq->text()).value_or(0) : 0;
}

// The row of monitor.accounts that the event changes, if it changes one.
std::expected<std::optional<TableRow>, std::string> RowOf(const StoredEvent& event) {
  if (!IsOfAccount(event)) return std::nullopt;
  auto decoded = ReadAccountEvent(event);
  if (!decoded) return std::unexpected(decoded.error());
  const std::string& account = decoded->scope.account.str();
  if (const auto* configured = std::get_if<AccountConfigured>(&decoded->data)) {
    return TableRow{account, configured->document};
  }
  if (const auto* changed = std::get_if<SkillAvailabilityChanged>(&decoded->data)) {
    return TableRow{account + "/skills/" + std::to_string(changed->skill_id), std::string(ToText(changed->state))};
  }
  // No value: the row goes when the topic is compacted.
  if (std::holds_alternative<AccountRemoved>(decoded->data)) return TableRow{account, std::nullopt};
  return std::nullopt;
}

}  // namespace

RelayRun::RelayRun(const RelayOptions& options, RocksDbStore& store, const RelayEvents& events, std::stop_token stop)
    : options_(options), store_(store), events_(events), stop_(std::move(stop)) {}

RelayEnd RelayRun::Run(std::string& why) {
  auto connected = Connect();
  if (connected) connected = CompareWithTopic();
  auto origins = store_.Origins();
  for (std::size_t i = 0; connected && i < origins.size() && !Stopping(); ++i) {
    auto relayed = RelayOrigin(origins[i], i + 1 < origins.size());
    if (!relayed) connected = std::unexpected(relayed.error());
  }
  if (!refusal_.empty()) {
    why = refusal_;
    return RelayEnd::kRefused;
  }
  if (connected) return RelayEnd::kStopped;
  why = connected.error();
  return RelayEnd::kFailed;
}

std::expected<void, std::string> RelayRun::Connect() {
  auto on_delivery = [this](const kafka::Delivery& delivery) {
    if (!delivery.error.empty()) {
      delivery_error_ = "a message was not delivered: " + delivery.error;
    } else if (delivery.number != 0 && progress_) {
      progress_->Delivered(delivery.number, delivery.partition, delivery.offset);
      events_.on_delivered();
    }
  };
  auto on_connection = [this](bool connected, const std::string& why) { TellConnection(connected, why); };
  auto producer = kafka::Producer::Make(options_.client, {.client_id = "monitord-relay",
                                                          .max_in_flight = options_.max_in_flight,
                                                          .on_delivery = on_delivery,
                                                          .on_connection = on_connection});
  // A certificate's file that is missing may come: it is tried again.
  if (!producer) return std::unexpected("the broker's settings are wrong: " + producer.error());
  producer_ = std::move(*producer);
  if (auto reached = producer_->WaitForBroker(stop_); !reached) return reached;
  auto counts = producer_->EnsureTopics(Topics(options_), kBrokerTimeout);
  if (!counts) return std::unexpected(counts.error());
  partitions_ = (*counts)[0];
  positions_partitions_ = (*counts)[1];
  accounts_partitions_ = (*counts)[2];
  if (!std::has_single_bit(static_cast<unsigned>(partitions_)) || partitions_ > kMaxPartitions) {
    refusal_ = "the topic " + options_.topics.events + " has " + std::to_string(partitions_) +
               " partitions; it must be a power of two, 256 at most";
    return std::unexpected(refusal_);
  }
  return ComparePartitions();
}

// With another count a key's later events would be in another partition than its earlier ones: no order any more.
std::expected<void, std::string> RelayRun::ComparePartitions() {
  const auto count = static_cast<std::uint64_t>(partitions_);
  const auto before = store_.TopicPartitions(options_.topics.events);
  if (!before) return std::unexpected(kUnreadableNow);
  if (*before == 0) store_.SaveTopicPartitions(options_.topics.events, count);
  if (*before == 0 || *before == count) return {};
  refusal_ = "the topic " + options_.topics.events + " has " + std::to_string(count) + " partitions, it had " +
             std::to_string(*before) +
             ": a visitor's events would no longer be in one partition; "
             "make it again with as many, or choose another kafka.topic_prefix and begin a new epoch: monitorctl log "
             "repair --new-epoch --data DIR";
  return std::unexpected(refusal_);
}

// Two folders never share an origin (docs/decisions/relay.md). What monitor.positions tells of an origin was saved here
// before it was told (SavePosition): if it is more than what is saved, this log is an older copy of the one that told
// it, and its next events would be taken for duplicates of those that the topic has.
std::expected<void, std::string> RelayRun::CompareWithTopic() {
  std::map<std::string, Origin> own;
  for (const OriginRange& range : store_.Origins()) own.emplace(range.origin.ToString(), range.origin);
  std::set<std::string> keys;
  for (const auto& [key, origin] : own) keys.insert(key);
  const kafka::Table positions{options_.topics.positions, positions_partitions_, "monitord-positions"};
  const auto told = kafka::ReadNewestValues(options_.client, positions, keys, kBrokerTimeout, stop_);
  if (!told) return std::unexpected(told.error());
  const Origin current = store_.Origins().back().origin;
  for (const auto& [key, value] : *told) {
    const std::uint64_t seq = SeqOfPosition(value);
    const auto saved = store_.RelayedSeq(own.at(key));
    if (!saved) return std::unexpected(kUnreadableNow);
    if (seq <= *saved) continue;
    if (own.at(key) != current) {
      LeaveOut(own.at(key), *saved);
      continue;
    }
    refusal_ = "the topic has events of this node up to " + LogPosition{current, seq}.ToString() +
               ", this data folder knows of " + std::to_string(*saved) +
               ": it is an older copy; put the newest one back (what this one recorded since would never reach the "
               "topic), or stop the node and begin a new epoch: monitorctl log "
               "repair --new-epoch --data DIR";
    store_.Refuse(refusal_);
    return std::unexpected(refusal_);
  }
  events_.on_looked();
  return {};
}

// Of a closed origin of which the topic has more than this log: the topic's are the ones that count.
void RelayRun::LeaveOut(Origin origin, std::uint64_t saved) {
  older_copies_.insert(origin);
  for (const OriginRange& range : store_.Origins()) {
    if (range.origin != origin || range.last <= saved) continue;
    events_.on_left_out("an older copy recorded " + LogPosition{origin, saved + 1}.ToString() + " to " +
                        std::to_string(range.last) + ", which only this log has");
  }
}

std::expected<bool, std::string> RelayRun::RelayOrigin(const OriginRange& range, bool closed) {
  if (older_copies_.contains(range.origin)) return true;
  std::vector<std::int64_t> ends;
  for (int partition = 0; partition < partitions_; ++partition) {
    const auto kept = producer_->AskRange(options_.topics.events, partition, kBrokerTimeout);
    if (!kept) return std::unexpected(kept.error());
    ends.push_back(kept->high);
  }
  const Origin origin = range.origin;
  const auto saved = store_.RelayedSeq(origin);
  if (!saved) return std::unexpected(kUnreadableNow);
  saved_ = told_ = *saved;
  position_due_ = true;
  unsaved_ = false;
  progress_.emplace(saved_, std::move(ends));
  std::uint64_t next = std::max(saved_ + 1, range.first);
  while (!Stopping()) {
    if (auto served = Serve(origin, milliseconds(0)); !served) return std::unexpected(served.error());
    // What is on its way tells by itself when the broker is back.
    if (!connected_ && progress_->in_flight() == 0 && producer_->ReachesBroker(kIdleWait)) TellConnection(true, {});
    if (progress_->in_flight() >= options_.max_in_flight) {
      producer_->Poll(kIdleWait);
      continue;
    }
    auto sent = SendNext(origin, next);
    if (!sent) return std::unexpected(sent.error());
    if (*sent == 0 && closed && progress_->in_flight() == 0 && saved_ == progress_->acknowledged()) return true;
    WaitForMore(origin, next, *sent, closed);
  }
  TellLastPosition(origin);
  return false;
}

// Sends what the log has from `next` on and the producer takes; returns how many events.
std::expected<std::size_t, std::string> RelayRun::SendNext(Origin origin, std::uint64_t& next) {
  auto events = store_.ReadLog({origin, next}, kReadOptions);
  // What stands before damage is relayed.
  if (!events && events.error() == StoreError::kCorrupt) events = store_.ReadLog({origin, next}, {.max_events = 1});
  if (!events && events.error() == StoreError::kUnavailable) return 0;  // being opened anew
  if (!events) {
    refusal_ = "the log is damaged at " + LogPosition{origin, next}.ToString() +
               "; stop the node and ask `monitorctl log verify --data DIR` how";
    return std::unexpected(refusal_);
  }
  std::size_t count = 0;
  for (const StoredEvent& event : *events) {
    auto sent = SendEvent(event);
    if (!sent) return std::unexpected(sent.error());
    if (!*sent) break;
    next = event.position.seq + 1;
    ++count;
  }
  return count;
}

std::expected<bool, std::string> RelayRun::SendEvent(const StoredEvent& event) {
  auto row = SendTableRow(event);
  if (!row || !*row) return row;
  const CloudEventAttributes attributes = AttributesOf(event);
  const std::string seq = std::to_string(event.position.seq), prevseq = std::to_string(event.prevseq);
  const std::string bucket = std::to_string(event.bucket), version = std::to_string(event.stream_version);
  kafka::NewMessage message{.topic = &options_.topics.events,
                            .partition = PartitionOf(event.key, partitions_),
                            .key = event.key,
                            .value = event.data};
  message.headers = {{"content-type", "application/json"},
                     {"ce_specversion", "1.0"},
                     {"ce_id", attributes.id},
                     {"ce_type", attributes.type},
                     {"ce_source", attributes.source},
                     {"ce_time", attributes.time},
                     {"ce_subject", event.stream.str()},
                     {"ce_dataschema", attributes.dataschema},
                     {"ce_origin", attributes.origin},
                     {"ce_seq", seq},
                     {"ce_prevseq", prevseq},
                     {"ce_bucket", bucket},
                     {"ce_streamversion", version}};
  if (!event.traceparent.empty()) message.headers.emplace_back("traceparent", event.traceparent);
  return Send(message, event.position.seq);
}

// A row that is sent again because its event then met a full queue does no harm: the newest wins.
std::expected<bool, std::string> RelayRun::SendTableRow(const StoredEvent& event) {
  auto row = RowOf(event);
  if (!row) {
    refusal_ = row.error() + "; verify the log";
    return std::unexpected(refusal_);
  }
  if (!*row) return true;
  kafka::NewMessage message{.topic = &options_.topics.accounts,
                            .partition = PartitionOf((*row)->key, accounts_partitions_),
                            .key = (*row)->key,
                            .value = (*row)->value ? std::string_view(*(*row)->value) : std::string_view()};
  return Send(message, 0);
}

// False: the producer's queue is full for now.
std::expected<bool, std::string> RelayRun::Send(kafka::NewMessage& message, std::uint64_t seq) {
  std::string error;
  message.number = progress_->Add(seq);
  switch (producer_->Send(message, error)) {
    case kafka::Sent::kQueued:
      return true;
    case kafka::Sent::kQueueFull:
      progress_->TakeBack();
      return false;
    case kafka::Sent::kFailed:
      break;
  }
  return std::unexpected("a message was refused: " + error);
}

void RelayRun::WaitForMore(Origin origin, std::uint64_t next, std::size_t sent, bool closed) {
  if (sent >= kGatherEvents) return;
  if (closed || origin != store_.Origins().back().origin) {
    producer_->Poll(kGatherWait);
  } else if (progress_->in_flight() > 0 || sent > 0) {
    // Not for every commit anew: what comes within a few milliseconds is read together.
    store_.WaitForSeq(next + kGatherEvents, kGatherWait);
  } else if (saved_ == progress_->acknowledged() && (!position_due_ || unsaved_)) {
    store_.WaitForSeq(next, kIdleWait);
  }
}

std::expected<void, std::string> RelayRun::Serve(Origin origin, milliseconds max_wait) {
  producer_->Poll(max_wait);
  if (!delivery_error_.empty()) return std::unexpected(delivery_error_);
  if (auto fatal = producer_->FatalError(); !fatal.empty()) return std::unexpected("the producer gave up: " + fatal);
  const bool progressed = told_ != progress_->acknowledged();
  TellWaiting(progressed);
  if (progressed) {
    told_ = progress_->acknowledged();
    position_due_ = true;
    events_.on_acknowledged(origin, told_);
  }
  bool idle = progress_->in_flight() == 0;
  bool due = position_due_ && ((idle && !unsaved_) || std::chrono::steady_clock::now() - saved_at_ >= kSaveInterval);
  return due ? SavePosition(origin) : std::expected<void, std::string>{};
}

void RelayRun::TellConnection(bool connected, const std::string& why) {
  connected_ = connected;
  events_.on_connection(connected, why);
}

void RelayRun::TellWaiting(bool progressed) {
  const bool waits = progress_->in_flight() > 0;
  if (waits_ == waits && !progressed) return;
  waits_ = waits;
  events_.on_waiting(waits);
}

std::expected<void, std::string> RelayRun::SavePosition(Origin origin) {
  saved_at_ = std::chrono::steady_clock::now();
  for (std::int32_t partition :
       std::vector(progress_->partitions_without_offset().begin(), progress_->partitions_without_offset().end())) {
    auto end = producer_->AskRange(options_.topics.events, partition, kBrokerTimeout);
    if (!end) return std::unexpected(end.error());
    progress_->SetEndOffset(partition, end->high);
  }
  if (progress_->acknowledged() != saved_ || unsaved_) store_.SaveRelayedSeq(origin, progress_->acknowledged());
  saved_ = progress_->acknowledged();
  // What could not be saved is not told, but tried again: who finds it told must have it saved (CompareWithTopic).
  position_due_ = unsaved_ = store_.RelayedSeq(origin) < saved_;
  if (saved_ == 0 || unsaved_) return {};
  const std::string key = origin.ToString(), value = progress_->PositionJson();
  const kafka::NewMessage message{.topic = &options_.topics.positions,
                                  .partition = PartitionOf(key, positions_partitions_),
                                  .key = key,
                                  .value = value};
  std::string error;
  kafka::Sent sent = producer_->Send(message, error);
  if (sent == kafka::Sent::kFailed) return std::unexpected("a position was refused: " + error);
  position_due_ = sent == kafka::Sent::kQueueFull;
  return {};
}

// Of a relay that is stopped in order, with nothing on its way: what was acknowledged is told before the end.
void RelayRun::TellLastPosition(Origin origin) {
  if (progress_->in_flight() > 0) return;
  if (position_due_ && !SavePosition(origin)) return;
  producer_->Flush(kLastWord);
}

}  // namespace monitor
