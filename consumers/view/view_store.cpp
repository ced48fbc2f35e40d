#include "consumers/view/view_store.h"

#include "consumers/view/kept_rows.h"
#include "consumers/view/view_state.h"

namespace monitor {

ViewStore::ViewStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
ViewStore::~ViewStore() = default;

std::expected<std::unique_ptr<ViewStore>, std::string> ViewStore::Open(const std::string& folder,
                                                                       std::uint64_t min_free_bytes) {
  try {
    return std::unique_ptr<ViewStore>(new ViewStore(std::make_unique<State>(folder, min_free_bytes)));
  } catch (const StoreFailure& failure) {
    return std::unexpected("the view in " + folder + " can not be opened: " + failure.what());
  }
}

std::optional<std::uint64_t> ViewStore::HighestSeq(const std::string& origin, Bucket bucket) const {
  return state_->progress.HighestSeq(origin, bucket);
}

Positions ViewStore::HighestSeqs() const { return state_->progress.HighestSeqs(); }

std::expected<void, FoldFailure> ViewStore::Fold(const SourceEvent& source) {
  if (!state_->usable) return std::unexpected(FoldFailure{FoldError::kStore, "the view could not be read again"});
  try {
    state_->progress.SetHighestSeq(source.origin, source.bucket, source.seq);
    if (!source.content) return std::unexpected(FoldFailure{FoldError::kUnreadable, source.content.error()});
    if (source.content->scope.visitor.empty()) {
      state_->FoldAccountEvent(*source.content, source);
    } else {
      state_->FoldVisitorEvent(*source.content, source);
      if (!source.content->scope.session.empty()) newest_.Note(source.content->scope.account.str(), source.time);
    }
    return {};
  } catch (const StoreFailure& failure) {
    return std::unexpected(FoldFailure{FoldError::kStore, failure.what()});
  }
}

std::optional<std::int64_t> ViewStore::Offset(int partition) const { return state_->progress.Offset(partition); }

void ViewStore::SetOffset(int partition, std::int64_t offset) { state_->progress.SetOffset(partition, offset); }

void ViewStore::SetPosition(const std::string& origin, std::uint64_t seq, std::optional<TimeMs> time) {
  state_->progress.SetPosition(origin, seq, time);
}

std::expected<std::optional<TimeMs>, std::string> ViewStore::PositionTime(const std::string& origin) const {
  return state_->Ask([&] { return ViewProgress::ReadPositionTime(state_->database, origin); });
}

std::expected<void, std::string> ViewStore::AnswerFor(const Coverage& coverage) {
  if (!state_->usable) return std::unexpected("the view could not be read again");
  if (coverage == state_->progress.coverage()) return {};
  try {
    state_->progress.Cover(coverage, state_->database);
    view::DropRowsOfOthers(state_->database, coverage.buckets);
  } catch (const StoreFailure& failure) {
    return std::unexpected(failure.what());
  }
  return Commit();
}

Coverage ViewStore::answered_for() const { return state_->progress.coverage(); }

std::expected<void, std::string> ViewStore::Commit() {
  if (!state_->usable) return std::unexpected("the view could not be read again");
  try {
    state_->Commit();
    newest_.Commit();
    state_->FinishRetirement();
    return {};
  } catch (const StoreFailure& failure) {
    state_->usable = false;
    state_->Trouble(failure.what());
    return std::unexpected(failure.what());
  }
}

std::expected<void, std::string> ViewStore::Discard() {
  state_->usable = false;
  try {
    state_->Mend();
    state_->Reload();
    state_->Trouble("");
    return {};
  } catch (const StoreFailure& failure) {
    state_->Trouble(failure.what());
    return std::unexpected(failure.what());
  }
}

}  // namespace monitor
