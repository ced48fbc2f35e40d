#include "api/tokens/token_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/values/hash.h"

namespace monitor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using enum AdminScope;

std::string HexOf(std::string_view token) {
  const auto hash = Sha256(token);
  return Hex({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

std::string Entry(const std::string& name, const std::string& token) {
  return TokenTableEntry(name, HexOf(token), {kRead}, std::nullopt);
}

std::string FaultOf(const std::string& text) {
  const auto tokens = ParseTokenTable(text);
  return tokens ? "" : tokens.error();
}

TEST(TokenTable, HasNamesHashesScopesAndAnEnd) {
  const TimeMs end = FromUnixMs(1'800'000'000'000);
  const auto tokens =
      ParseTokenTable(TokenTableEntry("grafana", HexOf("g"), {kRead}, std::nullopt) +
                      TokenTableEntry("ci.deploy-2_x", HexOf("c"), {kPublish, kRead}, end) + "[night]\nsha256 = \"" +
                      HexOf("n") + "\"\nscopes = [\"erase\", \"skills\", \"conversations\"]\n" +
                      "expires = 2027-01-15T09:00:00+01:00  # TOML's own form\n");
  ASSERT_TRUE(tokens) << tokens.error();
  ASSERT_EQ(tokens->size(), 3u);
  const AdminToken &ci = (*tokens)[0], &grafana = (*tokens)[1], &night = (*tokens)[2];
  EXPECT_EQ(ci.name, "ci.deploy-2_x");
  EXPECT_EQ(ci.hash, TokenHash("c"));
  EXPECT_THAT(ci.scopes, ElementsAre(kRead, kPublish));
  EXPECT_FALSE(ci.IsOver(end - std::chrono::milliseconds(1)));
  EXPECT_TRUE(ci.IsOver(end));
  EXPECT_EQ(grafana.expires, std::nullopt);
  EXPECT_FALSE(grafana.IsOver(TimeMs::max()));
  EXPECT_THAT(night.scopes, ElementsAre(kSkills, kConversations, kErase));
  EXPECT_EQ(night.expires, end);
  EXPECT_TRUE(ParseTokenTable("")->empty());
}

TEST(TokenTable, EveryMistakeIsNamedWithItsEntry) {
  const std::string hash = "sha256 = \"" + HexOf("x") + "\"\n", read = "scopes = [\"read\"]\n";
  EXPECT_EQ(FaultOf("[ci]\n" + hash + read), "");
  EXPECT_EQ(FaultOf("[ci]\n" + hash + read + "owner = 1\n"), "ci: unknown key owner");
  EXPECT_EQ(FaultOf("[ci.deploy]\n" + hash + read), "ci: unknown key deploy (a name with dots needs quotes)");
  EXPECT_EQ(FaultOf("version = 1\n"), "version: unknown key; each token is a table");
  EXPECT_EQ(FaultOf("[[ci]]\n" + hash + read), "ci: unknown key; each token is a table");
  EXPECT_EQ(FaultOf(Entry("a", "x") + Entry("b", "x")), "b: the same token as a");
  EXPECT_THAT(FaultOf(Entry("a", "x") + Entry("a", "y")), HasSubstr("line 4: "));
  EXPECT_THAT(FaultOf("[ci]\n" + hash + "scopes = [\"read\", \"write\"]\n"),
              HasSubstr("ci: scopes: unknown scope write; there are read, skills, conversations, publish, erase"));
  for (const char* scopes : {"", "scopes = []\n", "scopes = \"read\"\n"}) {
    EXPECT_THAT(FaultOf("[ci]\n" + hash + scopes), HasSubstr("ci: scopes must be a list of read, ")) << scopes;
  }
  EXPECT_THAT(FaultOf("[ci]\n" + hash + "scopes = [1]\n"), HasSubstr("ci: scopes: not a word"));
  for (const char* time : {"\"tomorrow\"", "\"2027-01-15\"", "\"2027-02-30T00:00:00Z\"", "2027-01-15", "1800000000000",
                           "2027-01-15T09:00:00"}) {
    EXPECT_THAT(FaultOf("[ci]\n" + hash + read + "expires = " + time), HasSubstr("ci: expires must be a time")) << time;
  }
}

TEST(TokenTable, AHashIsLowerCaseHexAndNeverTold) {
  const std::string hex = HexOf("x");
  for (const std::string& wrong : {hex.substr(1), hex + "0", "F" + hex.substr(1), std::string("a-token-in-clear")}) {
    const std::string fault = FaultOf("[ci]\nsha256 = \"" + wrong + "\"\nscopes = [\"read\"]\n");
    EXPECT_THAT(fault, HasSubstr("ci: sha256 must be the 64 lower-case hex digits"));
    EXPECT_THAT(fault, Not(HasSubstr(wrong)));
  }
  EXPECT_THAT(FaultOf("[ci]\nscopes = [\"read\"]\n"), HasSubstr("ci: sha256 must be"));
  EXPECT_THAT(FaultOf("[ci]\nsha256 = 1\nscopes = [\"read\"]\n"), HasSubstr("ci: sha256 must be"));
}

TEST(TokenTable, NamesAreSixtyFourPlainCharactersAndNotTheOneOfAllScopes) {
  const std::string longest(64, 'n');
  EXPECT_EQ(FaultOf(Entry(longest, "x")), "");
  EXPECT_THAT(FaultOf(Entry(longest + "n", "x")), HasSubstr("a name has 1 to 64 letters"));
  for (const char* name : {"\"a b\"", "\"\"", "\"file:x\"", "\"é\"", "\"a/b\""}) {
    EXPECT_THAT(FaultOf("[" + std::string(name) + "]\nsha256 = \"" + HexOf("x") + "\"\nscopes = [\"read\"]\n"),
                HasSubstr(": a name has 1 to 64 letters"))
        << name;
  }
  EXPECT_EQ(FaultOf(Entry("admin", "x")), "admin: this name is that of the token with all scopes");
}

}  // namespace
}  // namespace monitor
