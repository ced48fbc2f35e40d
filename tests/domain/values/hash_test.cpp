#include "domain/values/hash.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace monitor {
namespace {

TEST(KafkaHash, EqualsTheJavaClientsOwnVectors) {
  // org.apache.kafka.common.utils.UtilsTest, testMurmur2.
  const std::map<std::string, std::int32_t> vectors = {
      {"21", -973932308},
      {"foobar", -790332482},
      {"a-little-bit-long-string", -985981536},
      {"a-little-bit-longer-string", -1486304829},
      {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
      {"abc", 479470107},
  };
  for (const auto& [key, hash] : vectors) {
    EXPECT_EQ(KafkaHash(key), static_cast<std::uint32_t>(hash) & 0x7fffffffu) << key;
    EXPECT_EQ(BucketOf(key), static_cast<std::uint32_t>(hash) & 0xffu) << key;
  }
}

TEST(KafkaHash, TakesBytesAbove127AsUnsigned) {
  EXPECT_EQ(KafkaHash("é"), 186971271u);  // Java masks each byte with 0xff
}

TEST(Sha256, EqualsTheStandardsVectors) {
  auto hex = [](std::string_view text) {
    auto digest = Sha256(text);
    return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
  };
  EXPECT_EQ(hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(RevisionOf("abc").str(), "ba7816bf8f01cfea");
}

TEST(FieldHash, EndsEveryFieldWithNul) {
  using namespace std::literals;
  auto digest = Sha256("demo\0v1\0"sv);
  std::uint64_t expected = 0;
  for (int i = 0; i < 8; ++i) expected = expected << 8 | digest[i];
  EXPECT_EQ(FieldHash({"demo", "v1"}), expected);
  EXPECT_NE(FieldHash({"demo", "v1"}), FieldHash({"dem", "ov1"}));
  EXPECT_NE(FieldHash({"a", ""}), FieldHash({"a"}));
}

TEST(SplitMix64, EqualsTheReferenceSequence) {
  SplitMix64 random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317u);
  EXPECT_EQ(random.Next(), 3203168211198807973u);
  EXPECT_EQ(random.Next(), 9817491932198370423u);
}

TEST(SplitMix64, SharesLieInTheHalfOpenUnitInterval) {
  SplitMix64 random(0);
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    double share = random.NextShare();
    ASSERT_GE(share, 0);
    ASSERT_LT(share, 1);
    sum += share;
  }
  EXPECT_NEAR(sum / 100'000, 0.5, 0.01);
}

}  // namespace
}  // namespace monitor
