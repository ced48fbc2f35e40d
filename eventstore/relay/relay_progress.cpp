#include "eventstore/relay/relay_progress.h"

#include <algorithm>

#include "domain/values/json.h"

namespace monitor {

std::uint64_t RelayProgress::Add(std::uint64_t seq) {
  waiting_.push_back({seq});
  return first_number_ + waiting_.size() - 1;
}

void RelayProgress::TakeBack() { waiting_.pop_back(); }

void RelayProgress::Delivered(std::uint64_t number, std::int32_t partition, std::int64_t offset) {
  if (number < first_number_ || number - first_number_ >= waiting_.size()) return;
  Message& message = waiting_[number - first_number_];
  message.delivered = true;
  message.partition = partition;
  message.offset = offset;
  AdvanceFront();
}

void RelayProgress::AdvanceFront() {
  while (!waiting_.empty() && waiting_.front().delivered) {
    const Message& message = waiting_.front();
    if (message.seq != 0) {
      acknowledged_ = message.seq;
      if (message.offset < 0) {
        without_offset_.insert(message.partition);
      } else if (static_cast<std::size_t>(message.partition) < end_offsets_.size()) {
        auto& end = end_offsets_[static_cast<std::size_t>(message.partition)];
        end = std::max(end, message.offset + 1);
      }
    }
    waiting_.pop_front();
    ++first_number_;
  }
}

void RelayProgress::SetEndOffset(std::int32_t partition, std::int64_t offset) {
  without_offset_.erase(partition);
  if (static_cast<std::size_t>(partition) >= end_offsets_.size()) return;
  auto& end = end_offsets_[static_cast<std::size_t>(partition)];
  end = std::max(end, offset);
}

std::string RelayProgress::PositionJson() const {
  std::string text;
  json::Writer writer(text);
  writer.BeginObject().Key("seq").String(std::to_string(acknowledged_)).Key("offsets").BeginObject();
  for (std::size_t partition = 0; partition < end_offsets_.size(); ++partition) {
    writer.Key(std::to_string(partition)).Int(end_offsets_[partition]);
  }
  writer.EndObject().EndObject();
  return text;
}

}  // namespace monitor
