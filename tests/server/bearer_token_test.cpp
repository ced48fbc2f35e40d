#include "server/bearer_token.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

// SHA-256 of "secret".
constexpr const char* kHex = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

TEST(TokenHash, IsOfTheTokenOrOfItsHash) {
  const auto hash = TokenHash::FromHex(kHex);
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->Matches("secret"));
  EXPECT_FALSE(hash->Matches("secret "));
  EXPECT_EQ(*hash, TokenHash("secret"));
  EXPECT_FALSE(*hash == TokenHash("Secret"));
}

TEST(TokenHash, IsReadFromSixtyFourLowerCaseHexDigitsOnly) {
  const std::string hex = kHex;
  for (const std::string& wrong : {std::string(), hex.substr(1), hex + "0", "2B" + hex.substr(2), "2g" + hex.substr(2),
                                   " " + hex.substr(1), "0x" + hex.substr(2)}) {
    EXPECT_FALSE(TokenHash::FromHex(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace monitor
