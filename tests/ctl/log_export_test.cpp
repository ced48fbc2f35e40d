#include "ctl/log_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "domain/values/hash.h"
#include "tests/temporary_folder.h"

namespace monitor::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint32_t kNode = 0x7f3a9c01;

LogPosition At(std::uint32_t epoch, std::uint64_t seq) { return {{kNode, epoch}, seq}; }

// Two origins; an event's time in ms is its number, its account the letter given.
class ListedLog : public EventSource {
 public:
  void Add(std::uint32_t epoch, std::string_view accounts) {
    for (const char account : accounts) {
      const auto number = static_cast<std::int64_t>(events_.size()) + 1;
      const std::uint64_t seq =
          events_.empty() || events_.back().position.origin.epoch != epoch ? 1 : events_.back().position.seq + 1;
      events_.emplace_back(At(epoch, seq), FromUnixMs(number), "session-closed",
                           std::string("session/") + account + "/v/s", "{\"n\":" + std::to_string(number) + "}");
    }
  }

  std::expected<std::vector<OriginRange>, SourceError> Origins() override {
    std::vector<OriginRange> origins;
    for (const EventLine& event : events_) {
      if (origins.empty() || origins.back().origin != event.position.origin) {
        origins.push_back({event.position.origin, std::max(first_kept_, event.position.seq), 0});
      }
      origins.back().last = event.position.seq;
    }
    return origins;
  }

  std::expected<std::vector<EventLine>, SourceError> Read(LogPosition from, std::uint64_t max_events, int) override {
    std::vector<EventLine> read;
    for (const EventLine& event : events_) {
      if (event.position < from || read.size() >= std::min(max_events, page_)) continue;
      if (event.position == fails_at_) break;
      read.push_back(event);
    }
    if (read.empty() && fails_at_) return std::unexpected(SourceError{"the node went away"});
    seen_ += read.size();
    return read;
  }

  std::uint64_t page_ = 3, first_kept_ = 1, seen_ = 0;
  std::optional<LogPosition> fails_at_;

 private:
  std::vector<EventLine> events_;
};

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class LogExport : public testing::Test {
 protected:
  LogExport() {
    log_.Add(1, "aabab");
    log_.Add(2, "bba");
  }

  std::expected<Manifest, std::string> Export(ExportOptions options = {}, std::size_t part_bytes = 1 << 20) {
    const auto folder = ExportFolder::Open(path_);
    EXPECT_TRUE(folder) << folder.error();
    return ExportLog(log_, *folder, {.options = std::move(options), .part_bytes = part_bytes});
  }

  // The numbers of the events in all parts that the manifest on the disk names.
  std::vector<int> Exported() const {
    const auto manifest = ParseManifest(Content(path_ + "/manifest.json"));
    EXPECT_TRUE(manifest) << manifest.error();
    std::vector<int> numbers;
    for (const ExportPart& part : manifest->parts) {
      const std::string bytes = Content(path_ + "/" + part.name);
      const auto digest = Sha256(bytes);
      EXPECT_EQ(part.sha256, Hex({reinterpret_cast<const char*>(digest.data()), digest.size()}));
      EXPECT_EQ(part.bytes, bytes.size());
      std::uint64_t events = 0;
      for (std::size_t at = 0; at < bytes.size(); at = bytes.find('\n', at) + 1, ++events) {
        numbers.push_back(std::stoi(bytes.substr(at + 5)));
      }
      EXPECT_EQ(part.events, events);
    }
    return numbers;
  }

  TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/out/here";
  ListedLog log_;
};

TEST_F(LogExport, CopiesEverythingInBoundedParts) {
  const auto done = Export({}, 20);
  ASSERT_TRUE(done) << done.error();
  EXPECT_THAT(Exported(), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  ASSERT_EQ(done->parts.size(), 3u);
  EXPECT_EQ(done->parts[1].name, "events-000002.jsonl");
  EXPECT_EQ(done->parts[1].first, At(1, 4));
  EXPECT_EQ(done->parts[1].last, At(2, 1));
  EXPECT_TRUE(done->complete);
  EXPECT_EQ(done->begin, At(1, 1));
  EXPECT_EQ(done->next, At(2, 4));
  EXPECT_EQ(ParseManifest(Content(path_ + "/manifest.json")), *done);
  for (const auto& file : std::filesystem::directory_iterator(path_)) EXPECT_NE(file.path().extension(), ".tmp");
}

TEST_F(LogExport, CompressesPartsAsZstdReadsThem) {
  const auto done = Export({.zstd = true, .from = FromUnixMs(7)});
  ASSERT_TRUE(done) << done.error();
  ASSERT_EQ(done->parts.size(), 1u);
  EXPECT_EQ(done->parts[0].name, "events-000001.jsonl.zst");
  const std::string bytes = Content(path_ + "/events-000001.jsonl.zst");
  std::string lines(100, '\0');
  lines.resize(ZSTD_decompress(lines.data(), lines.size(), bytes.data(), bytes.size()));
  EXPECT_EQ(lines, "{\"n\":7}\n{\"n\":8}\n");
}

TEST_F(LogExport, TakesOneAccountAndOneTimeAlone) {
  ASSERT_TRUE(Export({.account = "a", .from = FromUnixMs(2), .to = FromUnixMs(8)}));
  EXPECT_THAT(Exported(), ElementsAre(2, 4));
}

TEST_F(LogExport, GoesOnWhereItEnded) {
  ASSERT_TRUE(Export());
  log_.Add(2, "ab");
  log_.seen_ = 0;
  const auto more = Export();
  ASSERT_TRUE(more) << more.error();
  EXPECT_EQ(log_.seen_, 2u);
  EXPECT_THAT(Exported(), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  const auto nothing_new = Export();
  ASSERT_TRUE(nothing_new);
  EXPECT_EQ(*nothing_new, *more);
}

TEST_F(LogExport, KeepsWhatItHasWhenTheLogCanNotBeReadOn) {
  log_.fails_at_ = At(1, 5);
  EXPECT_EQ(Export().error(), "the node went away");
  EXPECT_THAT(Exported(), ElementsAre(1, 2, 3, 4));
  EXPECT_FALSE(ParseManifest(Content(path_ + "/manifest.json"))->complete);
  log_.fails_at_.reset();
  const auto done = Export();
  ASSERT_TRUE(done);
  EXPECT_TRUE(done->complete);
  EXPECT_THAT(Exported(), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
}

TEST_F(LogExport, WritesAPartAnewThatTheManifestDoesNotTellOf) {
  log_.fails_at_ = At(1, 3);
  EXPECT_FALSE(Export());
  std::ofstream(path_ + "/events-000002.jsonl") << "killed before the manifest was written\n";
  std::ofstream(path_ + "/events-000003.jsonl.tmp") << "ki";
  log_.fails_at_.reset();
  ASSERT_TRUE(Export());
  EXPECT_THAT(Exported(), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
}

TEST_F(LogExport, RefusesOtherOptions) {
  ASSERT_TRUE(Export({.account = "a"}));
  for (const ExportOptions& other : std::vector<ExportOptions>{
           {}, {.account = "b"}, {.zstd = true, .account = "a"}, {.account = "a", .from = FromUnixMs(1)}}) {
    EXPECT_THAT(Export(other).error(), HasSubstr("other options"));
  }
}

TEST_F(LogExport, TellsWhichPartIsMissingOrDamaged) {
  ASSERT_TRUE(Export({}, 20));
  const std::string second = path_ + "/events-000002.jsonl";
  std::fstream(second, std::ios::in | std::ios::out) << "x";
  EXPECT_THAT(Export().error(), HasSubstr("events-000002.jsonl is damaged"));
  std::filesystem::remove(second);
  EXPECT_THAT(Export().error(), HasSubstr("events-000002.jsonl is missing"));
}

TEST_F(LogExport, RefusesALogThatDoesNotGoOnWhereItEnded) {
  ASSERT_TRUE(Export());
  log_.first_kept_ = 9;
  EXPECT_THAT(Export().error(), HasSubstr("7f3a9c01.2:4, but the log begins at 7f3a9c01.2:9"));
  log_ = ListedLog();
  log_.Add(7, "a");
  EXPECT_THAT(Export().error(), HasSubstr("another node's log"));
}

TEST_F(LogExport, FindsTheFirstTimeWithoutReadingWhatIsBefore) {
  log_ = ListedLog();
  log_.page_ = 1'000;
  log_.Add(1, std::string(5'000, 'a'));
  log_.Add(2, std::string(5'000, 'b'));
  ASSERT_TRUE(Export({.from = FromUnixMs(9'999)}));
  EXPECT_THAT(Exported(), ElementsAre(9'999, 10'000));
  EXPECT_LT(log_.seen_, 40u);
}

TEST_F(LogExport, OfATimeThatIsYetToComeHasNothing) {
  const auto done = Export({.from = FromUnixMs(100)});
  ASSERT_TRUE(done);
  EXPECT_TRUE(done->complete);
  EXPECT_THAT(Exported(), IsEmpty());
}

TEST_F(LogExport, HasItsFolderAloneAndNothingElseInIt) {
  const auto first = ExportFolder::Open(path_);
  ASSERT_TRUE(first);
  EXPECT_THAT(ExportFolder::Open(path_).error(), HasSubstr("another export is writing it"));
  std::ofstream(path_ + "/notes.txt") << "somebody's";
  EXPECT_THAT(first->ReadManifest().error(), HasSubstr("has files, but no manifest.json"));
  std::ofstream(path_ + "/manifest.json") << "{}";
  EXPECT_THAT(first->ReadManifest().error(), HasSubstr("manifest.json has an unknown format"));
}

TEST(ExportManifest, ReadsBackWhatItSays) {
  Manifest manifest{
      .options = {.zstd = true, .decrypt = true, .account = "demo", .from = FromUnixMs(1), .to = FromUnixMs(2)},
      .complete = true,
      .begin = At(1, 3),
      .next = At(2, 9),
      .parts = {{"events-000001.jsonl.zst", At(1, 3), At(2, 8), 12, 345, "ab"}},
      .sealed = {"demo/v1", "demo/v2"}};
  EXPECT_EQ(ParseManifest(ManifestAsJson(manifest)), manifest);
  manifest.options = {};
  manifest.sealed.clear();
  EXPECT_EQ(ParseManifest(ManifestAsJson(manifest)), manifest);
  for (const char* none :
       {"", "[]", "{}", R"({"format":2})", R"({"format":1,"options":{},"begin":"x","next":"y","parts":[]})"}) {
    EXPECT_FALSE(ParseManifest(none)) << none;
  }
}

}  // namespace
}  // namespace monitor::ctl
