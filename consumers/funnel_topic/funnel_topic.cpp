#include "consumers/funnel_topic/funnel_topic.h"

#include <algorithm>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <ranges>
#include <set>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "consumers/funnel_topic/row_message.h"
#include "domain/values/hash.h"
#include "kafka/back_off.h"
#include "kafka/producer.h"
#include "server/log.h"

namespace monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uint64_t kMaxOnTheirWay = 10'000;
constexpr milliseconds kPollWait{100};
constexpr milliseconds kTopicWait{3'000};  // a stop waits as long
constexpr milliseconds kFirstRetry{1'000}, kGreatestRetry{60'000};
constexpr int kPausesOfItsWork = 4;              // it takes a fifth of a core at most
constexpr std::size_t kMaxRemembered = 1 << 18;  // rows, 16 bytes each and what a table adds

struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class Value>
Value OrFault(kafka::Result<Value> result) {
  if (!result) throw Fault(result.error());
  return *std::move(result);
}

}  // namespace

class FunnelTopic::Loop {
 public:
  explicit Loop(FunnelTopicOptions options) : options_(std::move(options)) {
    thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
  }

  std::string Trouble() const {
    std::lock_guard lock(mutex_);
    return trouble_;
  }
  std::uint64_t given() const { return given_; }
  ViewStamp GivenUpTo() const {
    std::lock_guard lock(mutex_);
    return given_up_to_;
  }

 private:
  void Run(const std::stop_token& stop) {
    kafka::BackOff back_off(kFirstRetry, kGreatestRetry);
    while (!stop.stop_requested()) {
      milliseconds pause = options_.pause;
      try {
        Round(stop);
        if (producer_) Tell(TooMuch());
        back_off = kafka::BackOff(kFirstRetry, kGreatestRetry);
      } catch (const std::exception& thrown) {  // nobody above this thread could catch it
        Tell(thrown.what());
        Forget();
        producer_.reset();
        on_their_way_ = 0;
        pause = back_off.Next(false);
      }
      kafka::PauseFor(pause, stop);
    }
  }

  // Gives what changed. What was given counts as such once the broker has all of the round.
  void Round(const std::stop_token& stop) {
    const Answering now = options_.now();
    if (now.source.assignments == 0 || !MayGive(now)) return;
    const auto stopped = [&] { return stop.stop_requested(); };
    // A view that can not be read is told of by its reader.
    const std::uint64_t since = Since();
    auto changed = now.view->ChangedSince(since, stopped);
    if (!changed || changed->coverage.partitions == 0) return;
    if (view_ != changed->up_to.view || assignments_ != now.source.assignments) Forget();
    view_ = changed->up_to.view;
    assignments_ = now.source.assignments;
    Own(changed->coverage, now.source.behind);
    if (Since() < since) changed = now.view->ChangedSince(Since(), stopped);
    if (!changed || told_.empty()) return;
    MakeProducer(changed->coverage.partitions);
    std::ranges::stable_sort(changed->days, std::greater(), &ChangedDay::from);  // today's are waited for
    for (const ChangedDay& day : changed->days) {
      if (!GiveDay(*now.view, day, stop)) return;
    }
    if (!Flush(stop)) return;
    for (auto& [partition, stamp] : told_) stamp = changed->up_to.stamp;
    std::lock_guard lock(mutex_);
    given_up_to_ = changed->up_to;
  }

  // While it is counted anew nothing changes; and while the broker is away others may have the partitions.
  static bool MayGive(const Answering& now) { return now.source.connected && !now.rebuild; }

  // True: what is on its way may be older than what its partition's new owner gives. It is dropped, and the round over.
  bool Superseded() {
    const Answering now = options_.now();
    if (MayGive(now) && now.source.assignments == assignments_) return false;
    producer_.reset();
    on_their_way_ = 0;
    remembered_.clear();
    return true;
  }

  // Up to which all partitions are given.
  std::uint64_t Since() const {
    if (told_.empty()) return 0;
    return std::ranges::min(std::views::values(told_));
  }

  std::string TooMuch() const {
    if (too_much_.empty()) return {};
    const auto& [account, from] = *too_much_.begin();
    return std::to_string(too_much_.size()) + " days have more rows than can be given, such as that from " +
           FormatRfc3339(from) + " of account " + account;
  }

  void Forget() {
    told_.clear();
    remembered_.clear();
    too_much_.clear();
  }

  // What is not counted up to the end that it had when it came, its owner before may have given up to there.
  void Own(const Coverage& coverage, const std::vector<int>& behind) {
    std::map<int, std::uint64_t> owned;
    for (int partition = 0; partition < coverage.partitions; ++partition) {
      if (BucketsOf(coverage, partition).none() || std::ranges::find(behind, partition) != behind.end()) continue;
      const auto told = told_.find(partition);
      owned[partition] = told == told_.end() ? 0 : told->second;
    }
    told_ = std::move(owned);
  }

  void MakeProducer(int partitions) {
    if (producer_) return;
    kafka::Producer::Options wanted{.client_id = "funneld-rows", .max_in_flight = kMaxOnTheirWay};
    wanted.on_delivery = [this](const kafka::Delivery& delivery) {
      --on_their_way_;
      if (!delivery.error.empty()) throw Fault(delivery.error);
      ++given_;
    };
    wanted.on_connection = [this](bool connected, const std::string& why) { Tell(connected ? "" : why); };
    auto made = OrFault(kafka::Producer::Make(options_.client, std::move(wanted)));
    topic_partitions_ = OrFault(made->EnsureTopics(
        {{.name = options_.topic, .partitions = partitions, .settings = {{"cleanup.policy", "compact"}}}},
        kTopicWait))[0];
    producer_ = std::move(made);
  }

  // False: stopped, or superseded.
  bool GiveDay(const ViewStore& view, const ChangedDay& day, const std::stop_token& stop) {
    const auto began = steady_clock::now();
    std::vector<int> partitions;
    for (const auto& [partition, stamp] : told_) {
      if (day.stamp > stamp) partitions.push_back(partition);
    }
    const auto found = view.Hours(day, partitions, [&] { return stop.stop_requested(); });
    if (stop.stop_requested()) return false;
    if (!found) throw Fault("the view: " + found.error());
    if (Superseded()) return false;
    const std::pair place(day.account.str(), day.from);
    *found ? void(too_much_.erase(place)) : void(too_much_.insert(place));
    for (const HourlyRows& hours : *found ? std::span<const HourlyRows>(**found) : std::span<const HourlyRows>()) {
      for (const RowMessage& message : RowMessages(day.account, hours)) {
        if (!Give(message, hours, stop)) return false;
      }
    }
    const auto took = std::chrono::ceil<milliseconds>(steady_clock::now() - began);
    return !kafka::PauseFor(kPausesOfItsWork * took, stop);
  }

  bool Give(const RowMessage& message, const HourlyRows& hours, const std::stop_token& stop) {
    const std::uint64_t rows = ShortHash(message.rows);
    if (remembered_.size() >= kMaxRemembered) remembered_.clear();
    const auto [known, is_new] = remembered_.try_emplace(ShortHash(message.key), rows);
    if (!is_new && std::exchange(known->second, rows) == rows) return true;
    const std::string value = message.Value(hours.offset);
    const kafka::NewMessage sent{.topic = &options_.topic,
                                 .partition = hours.partition % topic_partitions_,
                                 .key = message.key,
                                 .value = value,
                                 .headers = {}};
    for (;;) {
      std::string error;
      switch (producer_->Send(sent, error)) {
        case kafka::Sent::kQueued:
          ++on_their_way_;
          return true;
        case kafka::Sent::kFailed:
          throw Fault("topic " + options_.topic + ": " + error);
        case kafka::Sent::kQueueFull:
          if (!Wait(stop)) return false;
      }
    }
  }

  bool Flush(const std::stop_token& stop) {
    while (on_their_way_ > 0) {
      if (!Wait(stop)) return false;
    }
    return true;
  }

  // False: it is stopped, or superseded.
  bool Wait(const std::stop_token& stop) {
    producer_->Poll(kPollWait);
    if (Superseded()) return false;
    if (auto fatal = producer_->FatalError(); !fatal.empty()) throw Fault(fatal);
    return !stop.stop_requested();
  }

  void Tell(const std::string& trouble) {
    std::lock_guard lock(mutex_);
    if (!trouble.empty() && trouble_ != trouble) log::Warning("funnel_topic_unavailable", {{"detail", trouble}});
    trouble_ = trouble;
  }

  const FunnelTopicOptions options_;

  // The loop's own.
  std::unique_ptr<kafka::Producer> producer_;
  int topic_partitions_ = 0;
  std::uint64_t on_their_way_ = 0;
  std::string view_;  // whose numbers these are
  std::uint64_t assignments_ = 0;
  std::set<std::pair<std::string, TimeMs>> too_much_;  // account and beginning of days that could not be given
  std::map<int, std::uint64_t> told_;                  // partition → stamp up to which it is given
  std::unordered_map<std::uint64_t, std::uint64_t> remembered_;  // hash of a key → of its rows as they were given

  std::atomic<std::uint64_t> given_ = 0;
  mutable std::mutex mutex_;
  std::string trouble_;
  ViewStamp given_up_to_;

  std::jthread thread_;  // last: it uses all of the above
};

FunnelTopic::FunnelTopic(FunnelTopicOptions options) : loop_(std::make_unique<Loop>(std::move(options))) {}
FunnelTopic::~FunnelTopic() = default;
std::string FunnelTopic::Trouble() const { return loop_->Trouble(); }
std::uint64_t FunnelTopic::given() const { return loop_->given(); }
ViewStamp FunnelTopic::GivenUpTo() const { return loop_->GivenUpTo(); }

}  // namespace monitor
