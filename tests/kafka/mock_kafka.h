// librdkafka's own stand-in for a broker, in this process: for what a real one does only when it is ill. It speaks the
// protocol, but can not make topics by request.
#pragma once

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <string>

namespace monitor {

class MockKafka {
 public:
  MockKafka() {
    std::array<char, 512> error;
    client_ = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), error.data(), error.size());
    EXPECT_NE(client_, nullptr) << error.data();
    cluster_ = rd_kafka_mock_cluster_new(client_, 1);
  }
  ~MockKafka() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(client_);
  }
  MockKafka(const MockKafka&) = delete;
  MockKafka& operator=(const MockKafka&) = delete;

  std::string address() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void MakeTopic(const std::string& name, int partitions = 1) {
    rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 1);
  }
  // The next so many produce requests fail for good.
  void Refuse(int requests) {
    constexpr std::int16_t kProduce = 0;
    for (int i = 0; i < requests; ++i) {
      rd_kafka_mock_push_request_errors(cluster_, kProduce, 1, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    }
  }
  // The next so many questions for offsets are asked of who does not lead the partition.
  void MoveLeader(int requests) {
    constexpr std::int16_t kListOffsets = 2;
    for (int i = 0; i < requests; ++i) {
      rd_kafka_mock_push_request_errors(cluster_, kListOffsets, 1, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    }
  }
  void GoDown() { rd_kafka_mock_broker_set_down(cluster_, 1); }
  void ComeUp() { rd_kafka_mock_broker_set_up(cluster_, 1); }

 private:
  rd_kafka_t* client_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

}  // namespace monitor
