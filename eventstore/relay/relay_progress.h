// Which of the messages on their way were acknowledged, and so up to where the log is on the topic (events.md section
// 3, positions). A value of the relay's thread; pure, not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <vector>

namespace monitor {

class RelayProgress {
 public:
  // Everything up to `acknowledged` lies below `end_offsets` (by partition).
  RelayProgress(std::uint64_t acknowledged, std::vector<std::int64_t> end_offsets)
      : acknowledged_(acknowledged), end_offsets_(std::move(end_offsets)) {}

  // The next message; returns its number (from 1). An event's message has its seq; what is sent beside it goes before
  // it and has seq 0, so that the event only counts once both are acknowledged.
  std::uint64_t Add(std::uint64_t seq);
  // Takes back the message that was added last, which was not sent after all.
  void TakeBack();
  void Delivered(std::uint64_t number, std::int32_t partition, std::int64_t offset);

  // The contiguous acknowledged seq.
  std::uint64_t acknowledged() const { return acknowledged_; }
  std::size_t in_flight() const { return waiting_.size(); }

  // Partitions of which an acknowledgement came without an offset (Kafka had the message already): their end must be
  // asked for before a position is written.
  const std::set<std::int32_t>& partitions_without_offset() const { return without_offset_; }
  void SetEndOffset(std::int32_t partition, std::int64_t offset);

  // {"seq":"42","offsets":{"0":17,…}}: everything up to seq lies below these offsets.
  std::string PositionJson() const;

 private:
  struct Message {
    std::uint64_t seq;
    bool delivered = false;
    std::int32_t partition = 0;
    std::int64_t offset = 0;
  };
  void AdvanceFront();

  std::uint64_t acknowledged_;
  std::vector<std::int64_t> end_offsets_;
  std::set<std::int32_t> without_offset_;
  std::deque<Message> waiting_;
  std::uint64_t first_number_ = 1;  // of waiting_.front()
};

}  // namespace monitor
