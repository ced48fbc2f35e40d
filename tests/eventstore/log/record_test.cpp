#include "eventstore/log/record.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "eventstore/log/bucket_heads.h"
#include "eventstore/log/crc32c.h"
#include "eventstore/log/keys.h"

namespace monitor {
namespace {

StoredEvent Example() {
  StoredEvent event;
  event.position = {{0x7f3a9c01, 2}, 42};
  event.prevseq = 17;
  event.time = FromUnixMs(1'732'437'750'123);
  event.type = "activity-reported";
  event.schema_version = 2;
  event.stream = StreamName("session/demo/v1/s1");
  event.stream_version = 3;
  event.key = "demo/v1";
  event.bucket = BucketOf(event.key);
  event.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  event.data = R"({"accountId":"demo","pageId":"1234567890"})";
  return event;
}

TEST(Crc32c, MatchesTheVectorsOfRfc3720) {
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
}

TEST(Crc32c, GoesOnWhereItStopped) { EXPECT_EQ(Crc32c("56789", Crc32c("1234")), Crc32c("123456789")); }

TEST(Record, DecodesToWhatWasEncoded) {
  StoredEvent event = Example();
  auto decoded = DecodeRecord(event.position, EncodeRecord(event));
  ASSERT_TRUE(decoded) << decoded.error();
  EXPECT_EQ(decoded->position, event.position);
  EXPECT_EQ(decoded->prevseq, event.prevseq);
  EXPECT_EQ(decoded->time, event.time);
  EXPECT_EQ(decoded->type, event.type);
  EXPECT_EQ(decoded->schema_version, event.schema_version);
  EXPECT_EQ(decoded->stream, event.stream);
  EXPECT_EQ(decoded->stream_version, event.stream_version);
  EXPECT_EQ(decoded->key, event.key);
  EXPECT_EQ(decoded->bucket, event.bucket);
  EXPECT_EQ(decoded->traceparent, event.traceparent);
  EXPECT_EQ(decoded->data, event.data);
}

std::string Golden(int version) {
  std::ifstream file(std::string(MONITOR_SOURCE_DIR) + "/tests/golden/record_v" + std::to_string(version) + ".hex");
  std::string hex, bytes;
  EXPECT_TRUE(file >> hex);
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

TEST(Record, IsWrittenAsItsVersionSays) {
  StoredEvent event = Example();
  event.schema_version = 3;
  EXPECT_EQ(Hex(EncodeRecord(event)), Hex(Golden(kRecordVersion)));
}

TEST(Record, OfEveryVersionIsReadForEver) {
  for (int version = 1; version <= kRecordVersion; ++version) {
    const auto decoded = DecodeRecord(Example().position, Golden(version));
    ASSERT_TRUE(decoded) << version << ": " << decoded.error();
    EXPECT_EQ(decoded->schema_version, version == 1 ? 1 : 3);
    EXPECT_EQ(decoded->stream_version, Example().stream_version);
    EXPECT_EQ(decoded->bucket, Example().bucket);
    EXPECT_EQ(decoded->type, Example().type);
    EXPECT_EQ(decoded->data, Example().data);
  }
  for (std::size_t size = 0; size < Golden(1).size(); ++size) {
    EXPECT_FALSE(DecodeRecord(Example().position, Golden(1).substr(0, size))) << size;
  }
}

TEST(Record, WithAnyBitFlippedIsRefused) {
  const std::string record = EncodeRecord(Example());
  for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
    std::string damaged = record;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(DecodeRecord(Example().position, damaged)) << "bit " << bit;
  }
}

TEST(Record, CutOrLengthenedIsRefused) {
  const std::string record = EncodeRecord(Example());
  for (std::size_t size = 0; size < record.size(); ++size) {
    EXPECT_FALSE(DecodeRecord(Example().position, record.substr(0, size))) << size;
  }
  EXPECT_FALSE(DecodeRecord(Example().position, record + '\0'));
}

TEST(Record, UnderAnotherKeyIsRefused) {
  LogPosition elsewhere = Example().position;
  ++elsewhere.seq;
  EXPECT_FALSE(DecodeRecord(elsewhere, EncodeRecord(Example())));
}

TEST(Record, InAnotherBucketThanItsKeysIsRefused) {
  StoredEvent event = Example();
  event.bucket ^= 1;
  const auto decoded = DecodeRecord(event.position, EncodeRecord(event));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error(), "bucket is not its key's");
}

TEST(KeyBytes, OfTheLogSortByOriginAndSeq) {
  auto key = [](std::uint32_t epoch, std::uint64_t seq) { return LogKey({{1, epoch}, seq}); };
  EXPECT_LT(key(1, 255), key(1, 256));
  EXPECT_LT(key(1, ~0ull), key(2, 1));
  EXPECT_EQ(ParseLogKey(std::string_view(key(2, 77).data(), kLogKeySize)), (LogPosition{{1, 2}, 77}));
}

TEST(KeyBytes, OfStreamsKeepEachStreamTogether) {
  std::string a, longer;
  AppendStreamKey("s/a", {1, 1}, ~0ull, a);
  AppendStreamKey("s/ab", {1, 1}, 1, longer);
  EXPECT_LT(a, longer);
  EXPECT_TRUE(a.starts_with(StreamKeyPrefix("s/a")));
  EXPECT_FALSE(longer.starts_with(StreamKeyPrefix("s/a")));
}

TEST(BucketHeads, AreReadAsTheyAreWrittenAndRefusedWhenDamaged) {
  BucketHeads heads;
  EXPECT_EQ(heads.Advance(7, 1, FromUnixMs(5)), 0u);
  EXPECT_EQ(heads.Advance(7, 2, FromUnixMs(6)), 1u);
  EXPECT_EQ(heads.Advance(8, 3, FromUnixMs(6)), 0u);
  std::string bytes = heads.Encode();
  auto decoded = BucketHeads::Decode(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->seq, 3u);
  EXPECT_EQ(decoded->time, FromUnixMs(6));
  EXPECT_EQ(decoded->newest, heads.newest);
  bytes[100] ^= 1;
  EXPECT_FALSE(BucketHeads::Decode(bytes));
}

}  // namespace
}  // namespace monitor
