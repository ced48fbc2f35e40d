#include "kafka/dead_letters.h"

namespace monitor::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPollWait{100};
constexpr std::uint64_t kMaxOnTheirWay = 10'000;

}  // namespace

TopicWanted DeadLetterTopic(std::string name) {
  return {std::move(name), 1, {{"cleanup.policy", "delete"}, {"retention.ms", "-1"}}};
}

DeadLetter MakeDeadLetter(std::string_view key, std::string_view value, std::string reason) {
  constexpr std::size_t kMaxValueBytes = 8'000'000;
  constexpr std::size_t kMaxKeyBytes = 100'000;
  static_assert(kMaxValueBytes + 2 * kMaxKeyBytes < kMaxMessageBytes);  // with the headers
  if (value.size() > kMaxValueBytes) reason += "; cut, it has " + std::to_string(value.size()) + " bytes";
  return {key.substr(0, kMaxKeyBytes), value.substr(0, kMaxValueBytes), std::move(reason)};
}

Result<std::unique_ptr<DeadLetters>> DeadLetters::Make(const ClientSettings& client, std::string client_id,
                                                       std::string topic, std::string reads) {
  std::unique_ptr<DeadLetters> letters(new DeadLetters(std::move(topic), std::move(reads)));
  Producer::Options wanted{.client_id = std::move(client_id), .max_in_flight = kMaxOnTheirWay};
  wanted.on_delivery = [&letters = *letters](const Delivery& delivery) {
    --letters.on_their_way_;
    if (!delivery.error.empty()) letters.error_ = delivery.error;
  };
  auto producer = Producer::Make(client, std::move(wanted));
  if (!producer) return std::unexpected(producer.error());
  letters->producer_ = std::move(*producer);
  return letters;
}

Result<void> DeadLetters::Send(const DeadLetter& letter, const std::string& partition, std::int64_t offset) {
  const std::string offset_text = std::to_string(offset);
  const NewMessage message{
      .topic = &topic_,
      .partition = 0,
      .key = letter.key,
      .value = letter.value,
      .headers = {{"reason", letter.reason}, {"topic", reads_}, {"partition", partition}, {"offset", offset_text}},
      .number = 0};
  std::string error = "there is no room for it";
  Sent sent = producer_->Send(message, error);
  if (sent == Sent::kQueueFull && Flush(kBrokerTimeout)) sent = producer_->Send(message, error);
  if (sent != Sent::kQueued) return std::unexpected("a dead letter: " + error);
  ++on_their_way_;
  return {};
}

Result<bool> DeadLetters::Flush(milliseconds max_wait) {
  const auto deadline = steady_clock::now() + max_wait;
  for (milliseconds wait{0};; wait = kPollWait) {
    producer_->Poll(wait);
    if (error_.empty()) error_ = producer_->FatalError();
    if (!error_.empty()) return std::unexpected("a dead letter: " + error_);
    if (on_their_way_ == 0) return true;
    if (steady_clock::now() >= deadline) return false;
  }
}

}  // namespace monitor::kafka
