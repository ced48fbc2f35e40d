// A program for tests: folds CloudEvents from a file into a view, as carelessly as a reader may be treated (random
// batches, duplicates, holes that are filled late, crashes before a commit and reopened stores, questions in between,
// all from the seed), and answers queries.
//
//   funnel_fold FOLDER SEED EVENTS.ndjson ACCOUNT QUERY…    each answer is one line of JSON or a whole CSV; in the end
//                                                           one of the rows that a reader of monitor.funnel has
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "consumers/format/funnel_format.h"
#include "consumers/funnel_topic/row_message.h"
#include "consumers/query/funnel_request.h"
#include "consumers/readers/intake.h"
#include "consumers/view/cloud_event_reader.h"
#include "consumers/view/view_store.h"

namespace {

using namespace monitor;

[[noreturn]] void Fail(const std::string& sentence) {
  std::fprintf(stderr, "funnel_fold: %s\n", sentence.c_str());
  std::exit(1);
}

std::vector<SourceEvent> ReadEvents(const char* path) {
  std::ifstream file(path);
  std::vector<SourceEvent> events;
  for (std::string line; std::getline(file, line);) {
    auto event = ParseCloudEvent(line);
    if (!event) Fail(event.error());
    events.push_back(std::move(*event));
  }
  return events;
}

// The hourly rows as FunnelTopic gives them and a reader keeps them.
class HourKeeper {
 public:
  void LookAt(const ViewStore& store) {
    const auto changed = store.ChangedSince(given_, [] { return false; });
    if (!changed) Fail(changed.error());
    constexpr int kPartition = 0;
    for (const ChangedDay& day : changed->days) {
      const auto hours = store.Hours(day, std::span(&kPartition, 1), [] { return false; });
      if (!hours || !*hours) Fail("no hours");
      for (const RowMessage& message : RowMessages(day.account, (*hours)->front())) rows_[message.key] = message.rows;
    }
    given_ = changed->up_to.stamp;
  }

  std::string Line() const {
    std::string line;
    for (const auto& [key, rows] : rows_) line += (line.empty() ? "[{" : ",{") + rows + "}";
    return line.empty() ? "[]" : line + "]";
  }

 private:
  std::uint64_t given_ = 0;
  std::map<std::string, std::string> rows_;
};

// Reads a list of events like a partition: offsets are indexes, the next one to read is kept in the view.
class CarelessReader {
 public:
  CarelessReader(std::string folder, std::uint64_t seed, std::vector<SourceEvent> events, AccountId account,
                 std::vector<funnel::Query> queries)
      : folder_(std::move(folder)),
        random_(seed),
        events_(std::move(events)),
        account_(std::move(account)),
        queries_(std::move(queries)) {
    Open();
  }

  ViewStore& ReadAll() {
    while (next_ < events_.size()) ReadBatch();
    Commit();
    hours_.LookAt(*store_);
    if (intake_->counters().held_buckets != 0) Fail("a bucket is still held");
    return *store_;
  }

  const HourKeeper& hours() const { return hours_; }

 private:
  bool OneIn(int n) { return std::uniform_int_distribution<int>(1, n)(random_) == 1; }

  void Open() {
    intake_.reset();
    store_.reset();
    auto store = ViewStore::Open(folder_);
    if (!store) Fail(store.error());
    store_ = std::move(*store);
    if (const auto answers = store_->AnswerFor({.partitions = 1}); !answers) Fail(answers.error());
    IntakeOptions options{.max_held_bytes = 20'000};
    options.unreadable = [](const Arrival&, const std::string& reason) { Fail("unreadable: " + reason); };
    intake_ = std::make_unique<Intake>(*store_, std::move(options));
    next_ = static_cast<std::size_t>(store_->Offset(0).value_or(0));
  }

  void ReadBatch() {
    const int size = std::uniform_int_distribution<int>(1, 40)(random_);
    for (int i = 0; i < size && next_ < events_.size(); ++i) ReadOne();
    if (OneIn(4)) {
      Open();  // a crash before the commit
    } else {
      Commit();
      if (OneIn(6)) Open();
      if (OneIn(3)) Ask();
      if (OneIn(8)) hours_.LookAt(*store_);
    }
  }

  // What is kept of the rows by now is what later answers stand on. Now and then somebody gives up.
  void Ask() {
    int looks = OneIn(3) ? std::uniform_int_distribution<int>(1, 20)(random_) : -1;
    const auto abandoned = [&] { return looks > 0 && --looks == 0; };
    if (queries_.empty() || OneIn(2)) {
      if (const auto kept = store_->KeepRows(abandoned); !kept) Fail(kept.error());
      return;
    }
    const std::size_t i = std::uniform_int_distribution<std::size_t>(0, queries_.size() - 1)(random_);
    if (const auto report = store_->Funnel(account_, queries_[i], BucketSet().set(), abandoned); !report) {
      Fail(report.error());
    }
  }

  // Now and then an event comes early, before those that it follows, or again.
  void ReadOne() {
    if (OneIn(3)) TakeEarly(std::min(next_ + 30, events_.size() - 1));
    if (OneIn(10) && next_ > 0) Take(std::uniform_int_distribution<std::size_t>(0, next_ - 1)(random_));
    Take(next_++);
  }

  // Not where that would change the order of two origins' events in one bucket, which no source does.
  void TakeEarly(std::size_t index) {
    for (std::size_t i = next_; i < index; ++i) {
      if (events_[i].bucket == events_[index].bucket && events_[i].origin != events_[index].origin) return;
    }
    Take(index);
  }

  void Take(std::size_t index) {
    Arrival arrival{.event = events_[index], .channel = "0"};
    arrival.offset = static_cast<std::int64_t>(index);
    if (const auto taken = intake_->Take(std::move(arrival)); !taken) Fail(taken.error());
  }

  void Commit() {
    const std::int64_t safe = intake_->SafeOffset("0", static_cast<std::int64_t>(next_));
    store_->SetOffset(0, safe);
    if (const auto committed = store_->Commit(); !committed) Fail(committed.error());
    if (const auto rewind = intake_->TakeRewind("0")) next_ = static_cast<std::size_t>(*rewind);
  }

  const std::string folder_;
  std::mt19937_64 random_;
  const std::vector<SourceEvent> events_;
  const AccountId account_;
  const std::vector<funnel::Query> queries_;
  std::unique_ptr<ViewStore> store_;
  std::unique_ptr<Intake> intake_;
  HourKeeper hours_;
  std::size_t next_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) Fail("usage: funnel_fold FOLDER SEED EVENTS ACCOUNT QUERY…");
  std::vector<FunnelRequest> requests;
  std::vector<funnel::Query> queries;
  for (int i = 5; i < argc; ++i) {
    auto request = ParseFunnelRequest(http::Query(argv[i]), TimeZone());
    if (!request) Fail(request.error());
    queries.push_back(request->query);
    requests.push_back(*std::move(request));
  }
  CarelessReader reader(argv[1], std::strtoull(argv[2], nullptr, 10), ReadEvents(argv[3]), AccountId(argv[4]),
                        std::move(queries));
  const ViewStore& store = reader.ReadAll();
  const auto asked = store.Account(argv[4]);
  if (!asked) Fail(asked.error());
  const auto& account = *asked;
  if (!account) Fail("unknown account");
  for (const FunnelRequest& request : requests) {
    const auto report = store.Funnel(account->id, request.query, BucketSet().set(), [] { return false; });
    if (!report) Fail(report.error());
    std::cout << (request.format == FunnelFormat::kCsv ? *FunnelCsv(request.query, *report)
                                                       : *FunnelJson(account->id, request.query, *report, {}) + "\n");
  }
  std::cout << reader.hours().Line() << "\n";
  return 0;
}
