#include "api/admin/token_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/temporary_folder.h"

namespace monitor {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

TEST(TokenFile, IsMadeOnceAndForTheOwnerOnly) {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/admin.token";
  const auto made = LoadTokenFile(path);
  ASSERT_TRUE(made);
  EXPECT_THAT(*made, SizeIs(64));
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(LoadTokenFile(path), made);
  for (auto readers : {std::filesystem::perms::others_read, std::filesystem::perms::group_read}) {
    std::filesystem::permissions(path, readers, std::filesystem::perm_options::add);
    EXPECT_THAT(LoadTokenFile(path).error(), HasSubstr("mode must be 600"));
    std::filesystem::permissions(path, readers, std::filesystem::perm_options::remove);
  }
  std::ofstream(path) << "";
  EXPECT_THAT(LoadTokenFile(path).error(), HasSubstr("is empty"));
  EXPECT_FALSE(LoadTokenFile("/nowhere/at/all"));
}

}  // namespace
}  // namespace monitor
