#include "domain/values/names.h"

#include <gtest/gtest.h>

#include <string>

namespace monitor {
namespace {

TEST(WellFormedIds, HaveTheirLengthAtMost) {
  EXPECT_TRUE(IsWellFormedAccountId(std::string(20, 'a')));
  EXPECT_FALSE(IsWellFormedAccountId(std::string(21, 'a')));
  EXPECT_TRUE(IsWellFormedVisitorId(std::string(64, 'a')));
  EXPECT_FALSE(IsWellFormedVisitorId(std::string(65, 'a')));
  EXPECT_TRUE(IsWellFormedSessionId(std::string(128, 'a')));
  EXPECT_FALSE(IsWellFormedSessionId(std::string(129, 'a')));
}

TEST(WellFormedIds, HoldNothingThatSeparatesKeysOrStreams) {
  EXPECT_TRUE(IsWellFormedAccountId("aZ_09"));
  EXPECT_TRUE(IsWellFormedVisitorId("aZ_09.-"));
  EXPECT_TRUE(IsWellFormedSessionId("aZ_09.-"));
  for (const std::string& text : {std::string(), std::string("a/b"), std::string("a\0b", 3), std::string("a b"),
                                  std::string("a@b"), std::string("\xC3\xA4")}) {
    EXPECT_FALSE(IsWellFormedAccountId(text)) << text;
    EXPECT_FALSE(IsWellFormedVisitorId(text)) << text;
    EXPECT_FALSE(IsWellFormedSessionId(text)) << text;
  }
  EXPECT_FALSE(IsWellFormedAccountId("a.b"));
  EXPECT_FALSE(IsWellFormedAccountId("a-b"));
}

}  // namespace
}  // namespace monitor
