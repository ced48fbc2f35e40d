// Writes a funneld's data folder with so many million facts of the account shop50, through the view's own writer, and
// counts the displays of the first hundredth again. Sessions come evenly over the year before now, so that none is
// late. bench/run queries keeps it in .cache.
//
//   view_fixture FOLDER ACCOUNT_DOCUMENT MILLIONS
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

#include "consumers/view/view_store.h"

namespace monitor {
namespace {

constexpr char kOrigin[] = "1";
constexpr int kOffersEach = 3;           // of a session, in one page
constexpr std::uint64_t kReturning = 4;  // one session in so many is of an earlier visitor
constexpr std::uint64_t kAccepting = 5;  // one in so many accepts an offer
constexpr std::uint64_t kBuying = 20;    // one in so many buys
constexpr std::uint64_t kCommitEvery = 20'000;
constexpr std::chrono::hours kYear{365 * 24};

class Fixture {
 public:
  Fixture(const std::string& folder, std::uint64_t facts) : wanted_(facts) {
    std::filesystem::create_directories(folder);
    auto store = ViewStore::Open(folder + "/view");
    if (!store) throw std::runtime_error(store.error());
    store_ = *std::move(store);
  }

  void Write(const std::string& document) {
    const TimeMs end = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    begin_ = end - kYear;
    time_ = begin_;
    Fold(EventScope{.account = account_}, Bucket{0},
         AccountConfigured{Revision("0123456789abcdef"), document, "fixture"});
    while (facts_ < wanted_) {
      const double share = static_cast<double>(facts_) / static_cast<double>(wanted_);
      time_ = begin_ + std::chrono::duration_cast<std::chrono::milliseconds>(share * kYear);
      WriteSession();
      if (facts_ * 100 < wanted_) {
        first_displays_ = displays_;
        first_end_ = time_ + std::chrono::milliseconds(1);
      }
    }
    Commit();
  }

  // Throws if the view tells another number than was written.
  void CountAgain() const {
    funnel::Query query{.counting = funnel::kGross, .from = begin_, .to = first_end_};
    const auto report = store_->Funnel(account_, query, BucketSet().set(), [] { return false; });
    if (!report) throw std::runtime_error(report.error());
    std::uint64_t told = 0;
    for (const funnel::Row& row : report->rows) told += row.exposures;
    if (told != first_displays_) {
      throw std::runtime_error("the view tells " + std::to_string(told) + " displays of " +
                               std::to_string(first_displays_));
    }
    std::printf("%llu facts, %llu displays counted again\n", static_cast<unsigned long long>(facts_),
                static_cast<unsigned long long>(told));
  }

 private:
  void WriteSession() {
    const std::uint64_t number = sessions_++;
    const std::uint64_t whose = number > 0 && OneIn(kReturning) ? random_() % number : number;
    char id[33];
    std::snprintf(id, sizeof(id), "%02x%030llx", static_cast<unsigned>(whose % 256),
                  static_cast<unsigned long long>(whose));
    const EventScope scope{account_, VisitorId(id), SessionId("s" + std::to_string(number)), AppInstallationId("web")};
    const auto bucket = static_cast<Bucket>(whose % 256);
    Fold(scope, bucket,
         SessionCreated{.device_family = static_cast<DeviceFamily>(random_() % 3),
                        .time_zone = "Europe/Berlin",
                        .currency = "EUR"});
    const std::uint64_t first = random_();
    // Of other engagements each, so that each display is an exposure.
    for (std::uint32_t context = 1; context <= kOffersEach; ++context) {
      WriteOffer(scope, bucket, context, static_cast<std::int64_t>((first + 7 * context) % 50));
    }
    if (OneIn(kBuying)) WritePurchase(scope, bucket, number);
  }

  void WriteOffer(const EventScope& scope, Bucket bucket, std::uint32_t context, std::int64_t which) {
    const Entry entry{.campaign_id = 1 + which / 5,
                      .engagement_id = 1001 + which,
                      .engagement_revision = 7,
                      .zone = static_cast<Zone>(which % 5),
                      .channel = static_cast<Channel>(which % 3),
                      .language = which % 4 == 0 ? "de-DE" : "en-US"};
    const PageId page("1");
    Fold(scope, bucket, EngagementShown{.page_id = page, .context_id = context, .entry = entry, .seed = 0});
    Fold(scope, bucket,
         ImpressionReported{.page_id = page, .kind = ImpressionKind::kDisplay, .context_id = context, .entry = entry});
    ++displays_;
    facts_ += 2;
    if (!OneIn(kAccepting * kOffersEach)) return;
    Fold(scope, bucket,
         ImpressionReported{.page_id = page, .kind = ImpressionKind::kAccept, .context_id = context, .entry = entry});
    ++facts_;
  }

  void WritePurchase(const EventScope& scope, Bucket bucket, std::uint64_t number) {
    ActivityReported activity;
    activity.page_id = PageId("1");
    activity.engagement_attributes = {{AttributeType::kPurchase, R"({"type":"purchase","total":"59.9"})"}};
    activity.goals = {{.campaign_id = 1 + static_cast<std::int64_t>(random_() % 10),
                       .goal_id = 1,
                       .type = GoalType::kPurchase,
                       .attribute = 0,
                       .key = "o-" + std::to_string(number),
                       .value = Decimal::Parse("59.9"),
                       .currency = "EUR"}};
    activity.decided_at = time_;
    Fold(scope, bucket, activity);
    ++facts_;
  }

  void Fold(const EventScope& scope, Bucket bucket, EventData data) {
    const SourceEvent event{.origin = kOrigin,
                            .seq = ++seq_,
                            .prevseq = 0,
                            .bucket = bucket,
                            .time = time_,
                            .content = Event{scope, std::move(data)}};
    if (const auto folded = store_->Fold(event); !folded) throw std::runtime_error(folded.error().message);
    if (seq_ % kCommitEvery == 0) Commit();
  }

  void Commit() {
    store_->SetPosition(kOrigin, seq_, time_);
    if (const auto committed = store_->Commit(); !committed) throw std::runtime_error(committed.error());
  }

  bool OneIn(std::uint64_t n) { return random_() % n == 0; }

  const AccountId account_{"shop50"};
  const std::uint64_t wanted_;
  std::unique_ptr<ViewStore> store_;
  std::mt19937_64 random_{31};
  TimeMs begin_, time_, first_end_;
  std::uint64_t seq_ = 0, sessions_ = 0, facts_ = 0, displays_ = 0, first_displays_ = 0;
};

}  // namespace
}  // namespace monitor

int main(int argc, char** argv) {
  const double millions = argc == 4 ? std::atof(argv[3]) : 0;
  if (millions <= 0) {
    std::fprintf(stderr, "usage: view_fixture FOLDER ACCOUNT_DOCUMENT MILLIONS\n");
    return 2;
  }
  try {
    std::ifstream file(argv[2]);
    const std::string document{std::istreambuf_iterator<char>(file), {}};
    monitor::Fixture fixture(argv[1], static_cast<std::uint64_t>(millions * 1e6));
    fixture.Write(document);
    fixture.CountAgain();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "view_fixture: %s\n", error.what());
    return 1;
  }
}
