#include "domain/values/text_match.h"

#include <gtest/gtest.h>

#include <string>

namespace monitor {
namespace {

TEST(FoldCase, FoldsCharacterByCharacter) {
  EXPECT_EQ(FoldCase("HTTPS://Shop.Example/A-Z"), "https://shop.example/a-z");
  EXPECT_EQ(FoldCase("ÀÉÎÕÜ ŠĆ ΑΒΓΔ ЖЩЪ"), "àéîõü šć αβγδ жщъ");
  EXPECT_EQ(FoldCase("ς"), "σ") << "final sigma";
  EXPECT_EQ(FoldCase("\u212A"), "k") << "the Kelvin sign";
  EXPECT_EQ(FoldCase("ẞ"), "ß");
  EXPECT_EQ(FoldCase("straße"), "straße") << "one character becomes one";
  EXPECT_EQ(FoldCase("\U00010400"), "\U00010428");
  EXPECT_EQ(FoldCase("漢字 🙂 1"), "漢字 🙂 1");
  EXPECT_EQ(FoldCase(""), "");
}

TEST(FoldCase, LeavesBytesThatAreNoUtf8) {
  EXPECT_EQ(FoldCase("A\xC3"), "a\xC3");
  EXPECT_EQ(FoldCase("\xFF\x80 Ä"), "\xFF\x80 ä");
  EXPECT_EQ(FoldCase("\xE2\x84X"), "\xE2\x84x");
  EXPECT_EQ(FoldCase("\xC0\x81"), "\xC0\x81");
}

TEST(EqualsFolded, ComparesWholeTexts) {
  EXPECT_TRUE(EqualsFolded("GRÖSSE", "grösse"));
  EXPECT_TRUE(EqualsFolded("\u212Aelvin", "kelvin"));
  EXPECT_FALSE(EqualsFolded("grösse", "grösser"));
  EXPECT_FALSE(EqualsFolded("grösser", "grösse"));
  EXPECT_TRUE(EqualsFolded("", ""));
  EXPECT_FALSE(EqualsFolded("", "a"));
}

TEST(BytePairs, NeverDenyWhatIsContained) {
  std::string text = "https://shop.example/category/boots?utm_source=größe&x=1";
  for (std::size_t from = 0; from < text.size(); ++from) {
    for (std::size_t size = 0; size <= text.size() - from; ++size) {
      EXPECT_TRUE(BytePairs(text).MayContain(BytePairs(text.substr(from, size)))) << from << " " << size;
    }
  }
}

TEST(BytePairs, DenyMostOfWhatIsNot) {
  BytePairs text("https://shop.example/category/boots");
  EXPECT_FALSE(text.MayContain(BytePairs("/checkout/payment")));
  EXPECT_FALSE(BytePairs("").MayContain(BytePairs("ab")));
  EXPECT_TRUE(BytePairs("").MayContain(BytePairs("a"))) << "no pair, no knowledge";
}

TEST(Regex, IsUnanchoredAndIgnoresCaseBeyondAscii) {
  auto regex = Regex::Compile("größe [0-9]+");
  ASSERT_TRUE(regex);
  EXPECT_TRUE(regex->Matches("die GRÖßE 46!"));
  EXPECT_FALSE(regex->Matches("die GRÖßE"));
}

TEST(Regex, RefusesWhatCouldBacktrack) {
  EXPECT_FALSE(Regex::Compile("(a)\\1"));
  EXPECT_FALSE(Regex::Compile("(?=a)"));
  auto broken = Regex::Compile("a(");
  ASSERT_FALSE(broken);
  EXPECT_FALSE(broken.error().empty());
}

TEST(Regex, RefusesExpressionsThatGrowTooLarge) { EXPECT_FALSE(Regex::Compile("((a{1,100}){1,100}){1,100}")); }

}  // namespace
}  // namespace monitor
