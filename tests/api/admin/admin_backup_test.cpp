#include <gmock/gmock.h>

#include "tests/api/admin/admin_fixture.h"

namespace monitor {
namespace {

using testing::HasSubstr;
using testing_http::Answer;

class AdminBackupTest : public AdminTest {
 protected:
  Answer Backup(const std::string& dir, const std::string& keys) {
    return Do("POST", "/admin/backup", R"({"dir":")" + dir + R"(","keys":")" + keys + R"("})");
  }
};

TEST_F(AdminBackupTest, TellsItsIdPositionAndSizeAndIsRecorded) {
  PutDemo();
  Visit("v1", R"({"type":"personal"})");
  const LogPosition end{folder_.store().Origins().back().origin, folder_.store().Origins().back().last};
  const Answer made = Backup(folder_.path() + "/b", folder_.path() + "/k");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_THAT(made.body, HasSubstr(R"({"id":1,"position":")" + end.ToString() + R"(","bytes":)"));
  EXPECT_THAT(Do("GET", "/admin/audit").body, HasSubstr(R"("action":"backup","target":"1","outcome":"done")"));
  EXPECT_THAT(Backup(folder_.path() + "/b", folder_.path() + "/k").body, HasSubstr(R"("id":2)"));
}

TEST_F(AdminBackupTest, FoldersThatCanNotBeAreInvalid) {
  const std::string backups = folder_.path() + "/b";
  EXPECT_EQ(Code(Backup(backups, backups + "/k")), "400/5");
  EXPECT_EQ(Code(Backup("b", folder_.path() + "/k")), "400/5");
  EXPECT_EQ(Code(Backup(backups, "k")), "400/5");
  EXPECT_EQ(Code(Do("POST", "/admin/backup")), "400/5");
  EXPECT_EQ(Code(Do("POST", "/admin/backup", R"({"dir":)")), "400/5");
  EXPECT_EQ(Code(Do("POST", "/admin/backup", R"({"dir":["/b"],"keys":"/k"})")), "400/5");
  EXPECT_THAT(Do("GET", "/admin/audit").body, HasSubstr(R"("actions":[])"));
}

}  // namespace
}  // namespace monitor
