#include "domain/account/document_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace monitor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Diff(std::string_view before, std::string_view after) {
  const auto one = json::Document::Parse(before), other = json::Document::Parse(after);
  std::vector<std::string> lines;
  for (const Difference& difference : DiffDocuments(one->root(), other->root())) lines.push_back(difference.text);
  return lines;
}

TEST(DocumentDiff, IsEmptyWhereOnlyTheOrderOfMembersChanged) {
  EXPECT_THAT(Diff(R"({"a":1,"b":[1,2]})", R"({"b":[1,2],"a":1})"), IsEmpty());
}

TEST(DocumentDiff, TellsValuesNullsAndMembersApart) {
  EXPECT_THAT(Diff(R"({"a":1})", R"({"a":null})"), ElementsAre("a: 1 -> null"));
  EXPECT_THAT(Diff(R"({"a":1})", R"({})"), ElementsAre("a: 1 -> not set"));
  EXPECT_THAT(Diff(R"({})", R"({"a":{"b":2}})"), ElementsAre(R"(a: not set -> {"b":2})"));
}

TEST(DocumentDiff, MatchesEntriesByTheirId) {
  const char* before = R"({"campaigns":[{"id":1,"name":"A"},{"id":2,"name":"B"}]})";
  EXPECT_THAT(Diff(before, R"({"campaigns":[{"id":2,"name":"B"},{"id":1,"name":"C"}]})"),
              ElementsAre(R"(campaign 1 "A": name: "A" -> "C")"));
  EXPECT_THAT(Diff(before, R"({"campaigns":[{"id":2,"name":"B"}]})"), ElementsAre(R"(campaign 1 "A": removed)"));
}

TEST(DocumentDiff, TellsWhatAListOfWordsGainedAndLost) {
  EXPECT_THAT(Diff(R"({"in":["a","b"]})", R"({"in":["b","c"]})"), ElementsAre(R"(in: added "c"; removed "a")"));
  EXPECT_THAT(Diff(R"({"in":["a","a","b"]})", R"({"in":["a","b","b"]})"), ElementsAre(R"(in: added "b"; removed "a")"));
}

TEST(DocumentDiff, NamesPathsForPrograms) {
  const auto before = json::Document::Parse(R"({"campaigns":[{"id":1,"weight":2}]})");
  const auto after = json::Document::Parse(R"({"campaigns":[{"id":1,"weight":3}]})");
  const auto differences = DiffDocuments(before->root(), after->root());
  ASSERT_EQ(differences.size(), 1u);
  EXPECT_EQ(differences[0].path, "campaigns[id 1].weight");
  EXPECT_EQ(differences[0].before, "2");
  EXPECT_EQ(differences[0].after, "3");
}

}  // namespace
}  // namespace monitor
