// The view that answers, and while the funnel is counted anew the next one beside it (funnel.md section 5): the reader
// goes on into an empty view, and the old one answers, standing still, until the next has reached every position that
// the old one has and the end of its source. Then it takes over between two questions. A restart goes on with it.
//
// It does not take over by itself if it would have less: if its source no longer begins with its first event, an alarm
// was raised since it began, or an old position is not there to be reached. That is told in words until somebody
// accepts the loss, clears the alarm, or gives the next one up.
//
// Threads: any. What exchanges views waits until the reader has stopped; asking never waits for that.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "consumers/generations/generation_file.h"
#include "consumers/readers/alarm_book.h"
#include "consumers/readers/source.h"
#include "consumers/view/view_store.h"

namespace monitor {

struct GenerationsOptions {
  std::string data_folder;  // is there
  std::uint64_t min_free_bytes = 0;
  std::shared_ptr<AlarmBook> alarms = std::make_shared<AlarmBook>();  // the readers have it, too
  // A reader into that view, which outlives it. Throws nothing.
  std::function<std::unique_ptr<Source>(ViewStore&, TellBeginning)> make_source;
  std::chrono::milliseconds look_every{100};  // whether the next view may take over
};

struct RebuildStatus {
  TimeMs began;
  std::uint64_t left_events = 0;  // known to be there and not yet counted
  bool at_end = false;            // all that was there is counted
  std::string held;               // why it does not take over, in one sentence; empty: it does once it is at the end
};

// What is answered from, at one moment.
struct Answering {
  std::shared_ptr<const ViewStore> view;  // shared with who is still asking it when another takes over
  SourceStatus source;                    // as far as it is about that view; else about the next one
  std::optional<RebuildStatus> rebuild;
  std::optional<TimeMs> began;  // when this view began to be counted anew; nullopt: it is the first
};

struct RebuildRefusal {
  enum Kind : std::uint8_t { kConflict, kUnavailable } kind;  // one is going on, or none; the disk's
  std::string message;
};

class Generations {
 public:
  // Begins to read. The error is one clear sentence.
  static std::expected<std::unique_ptr<Generations>, std::string> Open(GenerationsOptions options);
  ~Generations();

  Answering Now() const;
  std::shared_ptr<const ViewStore> View() const;  // that of Now
  // Of the reader, since it last began to read into another view.
  std::uint64_t Count(std::atomic<std::uint64_t> IntakeCounters::* counter) const;

  // When it began. Accepting a loss also holds for one that is going on.
  std::expected<TimeMs, RebuildRefusal> Rebuild(bool accept_loss);
  // The reader goes on into the view that answers.
  std::expected<void, RebuildRefusal> GiveUp();
  void StopWaiting();  // of who waits for a position

 private:
  explicit Generations(GenerationsOptions options);

  std::expected<void, std::string> Begin();
  std::expected<void, std::string> OpenNext();
  std::unique_ptr<Source> MakeSource(ViewStore& view, const std::string& folder);
  void StopSource();
  void StartSource();
  void BeginsLate(const std::string& folder, const std::string& sentence);
  SourceStatus Status() const;
  std::string WhyHeld(const SourceStatus& source) const;
  void AboutTheOldView(SourceStatus& source) const;
  void ForgetAlarms(TimeMs since);
  void Run(const std::stop_token& stop);
  void TakeOver();
  void RemoveRetired();

  const GenerationsOptions options_;
  const GenerationFile file_;

  std::mutex changing_;  // held by who exchanges views, over all of it

  mutable std::mutex mutex_;  // of all below; never held while a reader stops
  GenerationFolders folders_;
  // Shared with askers; these two only by who exchanges them.
  std::shared_ptr<ViewStore> view_, next_;
  std::unique_ptr<Source> source_;  // nullptr while it is exchanged, then there is:
  SourceStatus last_status_;
  std::vector<int> behind_;  // partitions that the view that answers had not counted up when its reader left it
  std::string not_written_;  // why it could not take over; empty: nothing hindered it
  struct Retired {
    std::shared_ptr<const ViewStore> view;
    std::string folder;
  };
  std::vector<Retired> retired_;  // until nobody asks them any more
  std::condition_variable_any changed_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace monitor
