#include "api/tokens/admin_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "domain/values/hash.h"
#include "tests/temporary_folder.h"

namespace monitor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string Entry(const std::string& name, std::string_view token) {
  const auto hash = Sha256(token);
  return TokenTableEntry(name, Hex({reinterpret_cast<const char*>(hash.data()), hash.size()}), {AdminScope::kRead},
                         std::nullopt);
}

class AdminTokensFileTest : public testing::Test {
 protected:
  void Write(const std::string& text) { std::ofstream(path_) << text; }
  std::string NameOf(AdminTokens& tokens, std::string_view token) {
    const auto found = tokens.Find(token);
    return found ? found->name : "";
  }
  std::string FaultAtStart() {
    const auto tokens = AdminTokens::Open("all", path_);
    return tokens ? "" : tokens.error();
  }

  TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/tokens.toml";
};

TEST_F(AdminTokensFileTest, WithoutAFileThereIsTheOneWithAllScopes) {
  const auto tokens = AdminTokens::Open("all", "").value();
  EXPECT_FALSE(tokens->has_file());
  EXPECT_EQ(tokens->Find("all")->name, "admin");
  EXPECT_EQ(tokens->Find("all")->scopes, AllScopes());
  EXPECT_EQ(tokens->Find("other"), std::nullopt);
  EXPECT_EQ(tokens->Fault(), "");
}

TEST_F(AdminTokensFileTest, ItsChangesAreInForceAtOnce) {
  Write(Entry("ci", "old"));
  const auto tokens = AdminTokens::Open("all", path_).value();
  EXPECT_EQ(NameOf(*tokens, "old"), "ci");
  EXPECT_THAT(tokens->Find("old")->scopes, ElementsAre(AdminScope::kRead));
  Write(Entry("ci", "new"));  // of the same size, and perhaps in the same tick of the file system's clock
  EXPECT_EQ(NameOf(*tokens, "old"), "");
  EXPECT_EQ(NameOf(*tokens, "new"), "ci");
  Write("");
  EXPECT_EQ(NameOf(*tokens, "new"), "");
  EXPECT_EQ(NameOf(*tokens, "all"), "admin");
}

TEST_F(AdminTokensFileTest, AChangeWithAMistakeOrAFileThatIsGoneChangesNothingAndIsTold) {
  Write(Entry("ci", "c"));
  const auto tokens = AdminTokens::Open("all", path_).value();
  Write(Entry("ci", "d") + "scope = 1\n");
  testing::internal::CaptureStderr();
  EXPECT_EQ(tokens->Fault(),
            "admin tokens file " + path_ + ": ci: unknown key scope; the tokens are those that were read before");
  EXPECT_EQ(NameOf(*tokens, "c"), "ci");
  EXPECT_EQ(NameOf(*tokens, "d"), "");
  std::filesystem::remove(path_);
  EXPECT_THAT(tokens->Fault(), StartsWith("admin tokens file " + path_ + ": cannot be read: No such file"));
  EXPECT_EQ(NameOf(*tokens, "c"), "ci");
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(log, '\n'), 2) << log;  // each is told once
  Write(Entry("ci", "d"));
  EXPECT_EQ(tokens->Fault(), "");
  EXPECT_EQ(NameOf(*tokens, "d"), "ci");
}

TEST_F(AdminTokensFileTest, AMistakeAtTheStartIsOneSentence) {
  EXPECT_THAT(FaultAtStart(), StartsWith("admin tokens file " + path_ + ": cannot be read: No such file"));
  Write(Entry("other", "all"));
  EXPECT_EQ(FaultAtStart(), "admin tokens file " + path_ + ": other: the same token as admin");
  Write(std::string(AdminTokens::kMaxFileBytes, '#'));
  EXPECT_EQ(FaultAtStart(), "");
  Write(std::string(AdminTokens::kMaxFileBytes + 1, '#'));
  EXPECT_THAT(FaultAtStart(), HasSubstr("has more than 64 KiB"));
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_THAT(FaultAtStart(), HasSubstr("is no file"));
}

}  // namespace
}  // namespace monitor
