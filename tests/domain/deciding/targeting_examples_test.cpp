// The examples of docs/targeting.md say what the server does: each is the document of a decision vector.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "domain/values/json.h"
#include "tests/domain/deciding/vector_steps.h"

namespace monitor {
namespace {

std::vector<std::string> Examples() {
  std::ifstream file(MONITOR_SOURCE_DIR "/docs/targeting.md");
  const std::string page(std::istreambuf_iterator<char>(file), {});
  const std::string open = "```json\n", close = "```";
  std::vector<std::string> examples;
  for (std::size_t at = page.find(open); at != std::string::npos; at = page.find(open, at)) {
    at += open.size();
    examples.push_back(page.substr(at, page.find(close, at) - at));
  }
  return examples;
}

// The documents of tests/vectors/decisions/targeting-*.json.
std::multiset<std::string> VectorDocuments() {
  std::multiset<std::string> documents;
  for (const auto& file : std::filesystem::directory_iterator(MONITOR_SOURCE_DIR "/tests/vectors/decisions")) {
    if (!file.path().filename().string().starts_with("targeting-")) continue;
    std::ifstream in(file.path());
    const std::string text(std::istreambuf_iterator<char>(in), {});
    const auto vector = json::Document::Parse(text);
    if (vector) documents.insert(testing::CompactJson(*vector->root().Find("document")));
  }
  return documents;
}

// decision_vectors_test.cpp runs them.
TEST(TargetingExamples, AreEachADecisionVector) {
  std::multiset<std::string> examples;
  for (std::string example : Examples()) {
    if (!example.contains("\"accountId\"")) example.insert(example.find('{') + 1, R"("accountId": "example",)");
    const auto document = json::Document::Parse(example);
    ASSERT_TRUE(document) << example;
    examples.insert(testing::CompactJson(document->root()));
  }
  EXPECT_GE(examples.size(), 8u);
  EXPECT_EQ(examples, VectorDocuments());
}

}  // namespace
}  // namespace monitor
