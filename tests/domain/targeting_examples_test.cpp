// The examples of docs/targeting.md are documents that the server takes.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "domain/account.h"

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

TEST(TargetingExamples, AreValidDocuments) {
  const std::vector<std::string> examples = Examples();
  EXPECT_GE(examples.size(), 8u);
  for (std::string example : examples) {
    if (!example.contains("\"accountId\"")) example.insert(example.find('{') + 1, R"("accountId": "example",)");
    auto account = ParseAccount(example);
    if (account) continue;
    for (const DocumentError& error : account.error()) {
      ADD_FAILURE() << error.path << " " << error.message << " in\n" << example;
    }
  }
}

}  // namespace
}  // namespace monitor
