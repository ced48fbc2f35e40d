// Positions are told only for buckets that they are about.
#include <gtest/gtest.h>

#include "consumers/view/view_store.h"
#include "tests/temporary_folder.h"

namespace monitor {
namespace {

constexpr const char* kOrigin = "7f3a9c01.1";

Coverage Half(std::size_t first) {
  Coverage coverage{.partitions = 2, .buckets = {}};
  for (std::size_t bucket = first; bucket < 256; bucket += 2) coverage.buckets.set(bucket);
  return coverage;
}

class CoverageTest : public testing::Test {
 protected:
  void Open() {
    store_.reset();
    store_ = std::move(*ViewStore::Open(folder_.path() + "/view"));
  }
  bool Reached(std::uint64_t seq) const { return store_->WaitFor(kOrigin, seq, std::chrono::milliseconds(0)); }

  TemporaryFolder folder_;
  std::unique_ptr<ViewStore> store_ = std::move(*ViewStore::Open(folder_.path() + "/view"));
};

TEST_F(CoverageTest, WithABucketMoreAllPositionsAreTakenBack) {
  ASSERT_TRUE(store_->AnswerFor(Half(0)));
  store_->SetPosition(kOrigin, 5);
  ASSERT_TRUE(store_->Commit());
  store_->SetPosition("b2c4d6e8.3", 7);  // not committed yet
  ASSERT_TRUE(store_->AnswerFor(Coverage()));
  EXPECT_TRUE(store_->CommittedPositions().empty());
  EXPECT_FALSE(Reached(1));
  Open();
  EXPECT_TRUE(store_->CommittedPositions().empty());
  store_->SetPosition(kOrigin, 3);  // lower than before
  ASSERT_TRUE(store_->Commit());
  EXPECT_TRUE(Reached(3));
}

TEST_F(CoverageTest, WithTheSameOrFewerTheyStay) {
  store_->SetPosition(kOrigin, 5);
  ASSERT_TRUE(store_->Commit());
  ASSERT_TRUE(store_->AnswerFor(Coverage()));
  ASSERT_TRUE(store_->AnswerFor(Half(1)));
  EXPECT_TRUE(Reached(5));
  ASSERT_TRUE(store_->AnswerFor(Half(1)));
  EXPECT_TRUE(Reached(5));
  Open();
  EXPECT_EQ(store_->answered_for(), Half(1));
  EXPECT_TRUE(Reached(5));
  ASSERT_TRUE(store_->AnswerFor(Half(0)));
  EXPECT_FALSE(Reached(1));
}

}  // namespace
}  // namespace monitor
