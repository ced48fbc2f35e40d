#include "consumers/readers/alarm_book.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.h"

namespace monitor {
namespace {

TEST(AlarmBook, StandsOverRestartsUntilCleared) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/alarms";
  {
    AlarmBook book(path);
    book.Raise("events 3 to 7 are lost");
    book.Raise("the topic is another one");
    book.Raise("events 3 to 7 are lost");
    EXPECT_EQ(book.All().size(), 2u);
  }
  AlarmBook book(path);
  ASSERT_EQ(book.All().size(), 2u);
  EXPECT_EQ(book.All()[0].sentence, "events 3 to 7 are lost");
  EXPECT_EQ(book.Summary(), "the topic is another one; and 1 more, see /api/alarms");
  EXPECT_FALSE(book.Clear("nothing"));
  EXPECT_TRUE(book.Clear(book.All()[1].id));
  EXPECT_EQ(book.Summary(), "events 3 to 7 are lost");
  EXPECT_EQ(AlarmBook(path).All().size(), 1u);
  EXPECT_TRUE(book.Clear(book.All()[0].id));
  EXPECT_TRUE(AlarmBook(path).All().empty());
  EXPECT_EQ(book.Summary(), "");
}

TEST(AlarmBook, IsBounded) {
  AlarmBook book;
  for (int i = 0; i < 1'000; ++i) book.Raise("event " + std::to_string(i) + " is lost");
  EXPECT_EQ(book.All().size(), AlarmBook::kMaxAlarms + 1);
  EXPECT_EQ(book.All().back().sentence, "there are more alarms than are kept; the log has them all");
}

TEST(AlarmBook, PassesOverWhatIsNoAlarm) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/alarms";
  std::ofstream(path) << "nonsense\n\n12\n12 \n1795000000000 an old one\n";
  const AlarmBook book(path);
  ASSERT_EQ(book.All().size(), 1u);
  EXPECT_EQ(book.All()[0].since, FromUnixMs(1'795'000'000'000));
}

TEST(AlarmBook, StandsThoughItCanNotBeWritten) {
  AlarmBook book("/nowhere/alarms");
  book.Raise("events are lost");
  EXPECT_EQ(book.All().size(), 1u);
}

}  // namespace
}  // namespace monitor
