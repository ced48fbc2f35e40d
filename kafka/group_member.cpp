#include "kafka/group_member.h"

#include "kafka/handles.h"

namespace monitor::kafka {
namespace {

PartitionList AssignmentOf(rd_kafka_t* handle) {
  rd_kafka_topic_partition_list_t* partitions = nullptr;
  if (rd_kafka_assignment(handle, &partitions)) return nullptr;
  return PartitionList(partitions);
}

}  // namespace

void GroupMember::Begin(rd_kafka_topic_partition_list_t& partitions) const {
  if (!options_.on_assigned) return;
  std::vector<int> numbers;
  for (int i = 0; i < partitions.cnt; ++i) numbers.push_back(partitions.elems[i].partition);
  const Offsets offsets = options_.on_assigned(numbers);
  for (int i = 0; i < partitions.cnt; ++i) partitions.elems[i].offset = offsets.at(partitions.elems[i].partition);
}

Result<std::unique_ptr<GroupMember>> GroupMember::Join(const ClientSettings& client, Options options) {
  std::unique_ptr<GroupMember> member(new GroupMember(std::move(options)));
  const Options& wanted = member->options_;
  const Settings own = {
      {"client.id", wanted.client_id},
      {"group.id", wanted.group},
      {"partition.assignment.strategy", "range"},
      // To who says where to begin a lost offset is an alarm, never a silent jump. Otherwise what was told before the
      // group's first start counts, too.
      {"auto.offset.reset", wanted.on_assigned ? "error" : "earliest"},
      {"session.timeout.ms", "6000"},  // a killed member's partitions are free again after this
      {"heartbeat.interval.ms", "2000"},
      {"queued.max.messages.kbytes", std::to_string(wanted.queued_kb)},
  };
  const auto opened = member->Open(client, own, [](rd_kafka_conf_t* conf) {
    rd_kafka_conf_set_rebalance_cb(conf, [](rd_kafka_t* handle, rd_kafka_resp_err_t what,
                                            rd_kafka_topic_partition_list_t* partitions, void* opaque) {
      GroupMember& self = *static_cast<GroupMember*>(static_cast<Client*>(opaque));
      const rd_kafka_topic_partition_list_t* assigned = nullptr;
      self.Keep([&] {
        if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
          self.Begin(*partitions);
          assigned = partitions;
        } else if (!self.leaving_) {
          self.options_.on_revoked();
        }
      });
      rd_kafka_assign(handle, assigned);
    });
  });
  if (!opened) return std::unexpected(opened.error());
  rd_kafka_t* handle = member->handle_.get();
  member->commits_.reset(rd_kafka_queue_new(handle));
  const PartitionList topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), wanted.topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto error = rd_kafka_subscribe(handle, topics.get())) return Failed(error);
  return member;
}

GroupMember::~GroupMember() {
  leaving_ = true;
  if (handle_) rd_kafka_consumer_close(handle_.get());
}

Result<void> GroupMember::Commit(const Message& message) {
  const auto assigned = AssignmentOf(handle_.get());
  if (!assigned || !rd_kafka_topic_partition_list_find(assigned.get(), topic_.c_str(), message.partition)) return {};
  const PartitionList offsets(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(offsets.get(), topic_.c_str(), message.partition)->offset = message.offset + 1;
  rd_kafka_resp_err_t error = rd_kafka_commit_queue(handle_.get(), offsets.get(), commits_.get(), nullptr, nullptr);
  if (!error) {
    const Event event(rd_kafka_queue_poll(commits_.get(), Milliseconds(kBrokerTimeout)));
    error = event ? rd_kafka_event_error(event.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT;
  }
  if (error) return std::unexpected(std::string("an offset was not committed: ") + rd_kafka_err2str(error));
  return {};
}

std::int64_t GroupMember::KnownEnd(int partition) const {
  std::int64_t low = 0, high = 0;
  rd_kafka_get_watermark_offsets(handle_.get(), topic_.c_str(), partition, &low, &high);
  return high;
}

GroupMember::Share GroupMember::Measure() const {
  Share share;
  const auto assigned = AssignmentOf(handle_.get());
  if (!assigned) return share;
  share.partitions = assigned->cnt;
  if (rd_kafka_position(handle_.get(), assigned.get())) return share;
  for (int i = 0; i < assigned->cnt; ++i) {
    const rd_kafka_topic_partition_t& partition = assigned->elems[i];
    const std::int64_t left = partition.offset < 0 ? 0 : KnownEnd(partition.partition) - partition.offset;
    if (left > 0) share.lag += static_cast<std::uint64_t>(left);
  }
  return share;
}

}  // namespace monitor::kafka
