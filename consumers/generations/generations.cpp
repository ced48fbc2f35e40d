#include "consumers/generations/generations.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "server/log.h"

namespace monitor {

std::expected<std::unique_ptr<Generations>, std::string> Generations::Open(GenerationsOptions options) {
  std::unique_ptr<Generations> generations(new Generations(std::move(options)));
  if (const auto begun = generations->Begin(); !begun) return std::unexpected(begun.error());
  return generations;
}

Generations::Generations(GenerationsOptions options) : options_(std::move(options)), file_(options_.data_folder) {}

Generations::~Generations() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  source_.reset();
  RemoveRetired();
}

std::expected<void, std::string> Generations::Begin() {
  auto folders = file_.Settle();
  if (!folders) return std::unexpected(folders.error());
  folders_ = *std::move(folders);
  auto view = ViewStore::Open(file_.PathOf(folders_.answering), options_.min_free_bytes);
  if (!view) return std::unexpected(view.error());
  view_ = *std::move(view);
  if (folders_.next) {
    if (const auto opened = OpenNext(); !opened) {
      const std::string lost = "the funnel is no longer counted anew: " + opened.error();
      log::Error("alarm", {{"detail", lost}});
      options_.alarms->Raise(lost);
      const std::string folder = std::exchange(folders_.next, std::nullopt)->folder;
      if (const auto written = file_.Write(folders_); !written) return std::unexpected(written.error());
      (void)file_.Remove(folder);  // else at the next start
    }
  }
  StartSource();
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
  return {};
}

std::expected<void, std::string> Generations::OpenNext() {
  auto opened = ViewStore::Open(file_.PathOf(folders_.next->folder), options_.min_free_bytes);
  if (!opened) return std::unexpected(opened.error());
  next_ = *std::move(opened);
  return {};
}

// Into the next view, if there is one.
void Generations::StartSource() {
  const std::string folder = next_ ? folders_.next->folder : folders_.answering;
  auto source = options_.make_source(next_ ? *next_ : *view_,
                                     [this, folder](const std::string& why) { BeginsLate(folder, why); });
  std::lock_guard lock(mutex_);
  source_ = std::move(source);
}

// It may still commit until this returns.
void Generations::StopSource() {
  std::unique_ptr<Source> source;
  {
    std::lock_guard lock(mutex_);
    last_status_ = Status();
    source = std::move(source_);
  }
}

// Called by a reader, before it counts anything of what begins late.
void Generations::BeginsLate(const std::string& folder, const std::string& sentence) {
  {
    std::lock_guard lock(mutex_);
    if (!folders_.next || folders_.next->folder != folder) return;
  }
  const std::string lost = sentence + ": the funnel that is counted anew does not have what was before";
  log::Error("alarm", {{"detail", lost}});
  options_.alarms->Raise(lost);
}

std::expected<TimeMs, RebuildRefusal> Generations::Rebuild(bool accept_loss) {
  using enum RebuildRefusal::Kind;
  std::lock_guard changing(changing_);
  if (next_) {
    if (!accept_loss || folders_.next->loss_accepted) {
      return std::unexpected(RebuildRefusal{kConflict, "the funnel is being counted anew already"});
    }
    GenerationFolders accepted = folders_;
    accepted.next->loss_accepted = true;
    if (const auto written = file_.Write(accepted); !written) {
      return std::unexpected(RebuildRefusal{kUnavailable, written.error()});
    }
    std::lock_guard lock(mutex_);
    folders_ = std::move(accepted);
    return folders_.next->began;
  }
  const std::string folder = GenerationFile::NameAfter(folders_.answering);
  const auto refuse = [&](const std::string& why) {
    (void)file_.Remove(folder);
    return std::unexpected(RebuildRefusal{kUnavailable, why});
  };
  if (const auto removed = file_.Remove(folder); !removed) return refuse(removed.error());
  auto opened = ViewStore::Open(file_.PathOf(folder), options_.min_free_bytes);
  if (!opened) return refuse(opened.error());
  std::shared_ptr<ViewStore> next = *std::move(opened);
  if (const std::string trouble = next->Trouble(); !trouble.empty()) {
    next.reset();
    return refuse(trouble);
  }
  StopSource();
  const TimeMs now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  GenerationFolders folders = folders_;
  folders.next = {.folder = folder, .began = now, .loss_accepted = accept_loss};
  if (const auto written = file_.Write(folders); !written) {
    StartSource();
    next.reset();
    return refuse(written.error());
  }
  {
    std::lock_guard lock(mutex_);
    folders_ = std::move(folders);
    next_ = std::move(next);
    behind_ = std::move(last_status_.behind);
    last_status_ = {.connected = last_status_.connected};
    not_written_.clear();
  }
  log::Info("rebuild_began", {{"folder", folder}});
  StartSource();
  changed_.notify_all();
  return now;
}

std::expected<void, RebuildRefusal> Generations::GiveUp() {
  using enum RebuildRefusal::Kind;
  std::lock_guard changing(changing_);
  if (!next_) return std::unexpected(RebuildRefusal{kConflict, "the funnel is not being counted anew"});
  GenerationFolders folders = folders_;
  const NextGeneration given_up = *std::exchange(folders.next, std::nullopt);
  if (const auto written = file_.Write(folders); !written) {
    return std::unexpected(RebuildRefusal{kUnavailable, written.error()});
  }
  StopSource();
  std::shared_ptr<ViewStore> closed;
  {
    std::lock_guard lock(mutex_);
    folders_ = std::move(folders);
    closed = std::move(next_);
    next_.reset();
    last_status_ = {.connected = last_status_.connected};
  }
  closed.reset();
  ForgetAlarms(given_up.began);
  StartSource();
  (void)file_.Remove(given_up.folder);  // else at the next start
  log::Info("rebuild_given_up", {{"folder", given_up.folder}});
  return {};
}

// They were about a view that is no more.
void Generations::ForgetAlarms(TimeMs since) {
  for (const StandingAlarm& alarm : options_.alarms->All()) {
    if (alarm.since >= since) options_.alarms->Clear(alarm.id);
  }
}

std::shared_ptr<const ViewStore> Generations::View() const {
  std::lock_guard lock(mutex_);
  return view_;
}

std::uint64_t Generations::Count(std::atomic<std::uint64_t> IntakeCounters::* counter) const {
  std::lock_guard lock(mutex_);
  return source_ ? (source_->counters().*counter).load() : 0;
}

Answering Generations::Now() const {
  std::lock_guard lock(mutex_);
  Answering now{.view = view_, .source = Status(), .began = folders_.began};
  if (!next_) return now;
  now.rebuild = {.began = folders_.next->began,
                 .left_events = now.source.lag_events,
                 .at_end = now.source.at_end,
                 .held = WhyHeld(now.source)};
  AboutTheOldView(now.source);
  return now;
}

SourceStatus Generations::Status() const { return source_ ? source_->Status() : last_status_; }

// It has what it had when its reader left it, and answers for none that another instance reads by now.
void Generations::AboutTheOldView(SourceStatus& source) const {
  const Coverage had = view_->answered_for();
  std::vector<int> missing = behind_;
  for (int partition = 0; partition < had.partitions; ++partition) {
    if (!had.buckets[static_cast<std::size_t>(partition)]) missing.push_back(partition);
  }
  std::ranges::copy_if(source.missing, std::back_inserter(missing), [&](int partition) {
    return std::ranges::find(source.behind, partition) == source.behind.end();
  });
  std::ranges::sort(missing);
  missing.erase(std::ranges::unique(missing).begin(), missing.end());
  source.buckets &= had.buckets;
  source.missing = std::move(missing);
  source.behind.clear();
}

std::string Generations::WhyHeld(const SourceStatus& source) const {
  if (!not_written_.empty()) return not_written_;
  if (folders_.next->loss_accepted) return {};
  for (const StandingAlarm& alarm : options_.alarms->All()) {
    if (alarm.since >= folders_.next->began) return alarm.sentence;
  }
  if (!source.at_end) return {};
  const Positions reached = next_->CommittedPositions();
  for (const auto& [origin, seq] : view_->CommittedPositions()) {
    const auto found = reached.find(origin);
    if ((found == reached.end() ? 0 : found->second) >= seq) continue;
    return "all that is there is counted, but not up to " + origin + ":" + std::to_string(seq) +
           " as in the view that answers";
  }
  return {};
}

void Generations::Run(const std::stop_token& stop) {
  const auto busy = [this] { return next_ || !retired_.empty(); };
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      if (!busy() && !changed_.wait(lock, stop, busy)) return;
      changed_.wait_for(lock, stop, options_.look_every, [] { return false; });
    }
    if (stop.stop_requested()) return;
    TakeOver();
    RemoveRetired();
  }
}

// If it is time.
void Generations::TakeOver() {
  std::lock_guard changing(changing_);
  GenerationFolders folders;
  {
    std::lock_guard lock(mutex_);
    if (!next_) return;
    not_written_.clear();  // it is tried again
    const SourceStatus source = Status();
    if (!source.at_end || !WhyHeld(source).empty()) return;
    folders = {.answering = folders_.next->folder, .began = folders_.next->began};
  }
  const auto written = file_.Write(folders);
  std::lock_guard lock(mutex_);
  if (!written) {
    not_written_ = written.error();
    return;
  }
  log::Info("rebuild_took_over", {{"folder", folders.answering}});
  retired_.push_back({std::exchange(view_, std::move(next_)), folders_.answering});
  next_.reset();
  folders_ = std::move(folders);
  behind_.clear();
}

// Closing and removing one may take long: nobody is made to wait for it.
void Generations::RemoveRetired() {
  std::vector<Retired> unused;
  {
    std::lock_guard lock(mutex_);
    const auto asked = std::ranges::partition(retired_, [](const Retired& one) { return one.view.use_count() > 1; });
    std::ranges::move(asked, std::back_inserter(unused));
    retired_.erase(asked.begin(), asked.end());
  }
  for (Retired& one : unused) {
    one.view.reset();
    if (const auto removed = file_.Remove(one.folder); !removed) {
      log::Warning("old_view_stays", {{"detail", removed.error()}});
    }
  }
}

void Generations::StopWaiting() {
  std::lock_guard lock(mutex_);
  for (ViewStore* view : {view_.get(), next_.get()}) {
    if (view != nullptr) view->StopWaiting();
  }
}

}  // namespace monitor
