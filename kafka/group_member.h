// A member of a consumer group: range assignor, single-message poll (docs/decisions/consumers.md). Threads: one at a
// time.
#pragma once

#include <functional>
#include <vector>

#include "kafka/reader.h"

struct rd_kafka_topic_partition_list_s;

namespace monitor::kafka {

class GroupMember : public Reader {
 public:
  struct Options {
    std::string client_id, group, topic;
    int queued_kb;  // of each partition, read ahead; memory stays bounded
    // Where to begin with the partitions that come. Without it where the group has committed, at first at the start.
    std::function<Offsets(const std::vector<int>& partitions)> on_assigned;
    // All of them are about to go; but not with the member.
    std::function<void()> on_revoked = [] {};
  };

  // The error is a wrong setting. The functions are called by Poll, and what they throw Poll throws; then nothing is
  // read any more.
  static Result<std::unique_ptr<GroupMember>> Join(const ClientSettings& client, Options options);
  ~GroupMember() override;  // leaves at once, so that others need not wait for a timeout

  // Returns once the broker has it: the partition goes on behind this message, whoever reads it next. Of a partition
  // that was lost meanwhile the offset is its new reader's, who gets the message again.
  Result<void> Commit(const Message& message);

  // What it knows without asking the broker. Where a partition ends; 0 or less: not known yet.
  std::int64_t KnownEnd(int partition) const;
  struct Share {
    int partitions = 0;     // that it reads
    std::uint64_t lag = 0;  // messages not read yet, in partitions of which one was read
  };
  Share Measure() const;

 private:
  explicit GroupMember(Options options) : Reader(options.topic, options.group), options_(std::move(options)) {}
  void Begin(rd_kafka_topic_partition_list_s& partitions) const;

  const Options options_;
  bool leaving_ = false;
  std::unique_ptr<rd_kafka_queue_s, Deleter> commits_;
};

}  // namespace monitor::kafka
