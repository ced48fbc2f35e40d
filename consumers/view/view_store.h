// The funnel as kept on disk: facts, readers' dedupe state, offsets and positions, always written together in one
// batch, so that a crash anywhere leaves a state that some prefix of the events gives. RocksDB is behind
// view_database.h; the keys are documented in view_keys.h.
//
// Threads: the functions under "writing" are for one thread, the reader's; those under "asking" for any, at any time.
// Asking works on snapshots and never makes the writer wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "consumers/view/cloud_event_reader.h"
#include "consumers/view/coverage.h"
#include "consumers/view/newest_events.h"
#include "domain/funnel/funnel_rows.h"
#include "domain/values/names.h"

namespace monitor {

using Positions = std::map<std::string, std::uint64_t>;  // origin → everything up to this seq is counted

enum class FoldError : std::uint8_t {
  kUnreadable,  // the event itself; nothing of it was folded, the store is as before
  kStore,       // the disk; Discard and begin again from what is committed
};

struct FoldFailure {
  FoldError error;
  std::string message;
};

// What is known of an account from its newest document.
struct AccountOutline {
  AccountId id;
  TimeMs configured_at;  // when it came; the epoch: none did
  std::string time_zone = "UTC";
  std::string json;    // {"id","name","timeZone","currency","campaigns":[{"id","name","engagements":[{"id","name"}]}]}
  std::string alerts;  // `settings.alerts` as they stand in it; empty: none
};

// How far a view is, at one moment.
struct ViewStanding {
  Coverage coverage;
  std::map<int, std::int64_t> offsets;  // partition → up to where (exclusive) it is counted
  Positions positions;
  std::string version;
};

struct FunnelReport {
  Positions as_of;
  std::string version;  // the store's, of which it tells
  BucketSet buckets;    // of those that were asked for, the ones that `as_of` is about; only they are in the rows
  std::vector<funnel::Row> rows;
  bool complete = true;  // false: there is more than the query allows, or nobody waited for it any more; no rows then
  // It can not be counted, since facts of before may be gone (FactsRetention); no rows then.
  std::optional<TimeMs> facts_gone_before = {};
};

// What the sessions of one zone call a day and count something on.
struct ChangedDay {
  AccountId account;
  TimeMs from, to;          // from ≤ t < to
  std::uint64_t stamp = 0;  // of its newest change
};

// A moment of one view's changes.
struct ViewStamp {
  std::string view;  // whose numbers these are
  std::uint64_t stamp = 0;
};

struct ChangedDays {
  ViewStamp up_to;  // every change up to this one is among them
  Coverage coverage;
  std::vector<ChangedDay> days;
};

// The rows of a day's hours by campaign and engagement, of one partition's events.
struct HourlyRows {
  int partition = 0;
  std::int64_t offset = 0;  // of the partition, up to which (exclusive) they are counted
  std::vector<funnel::Row> gross, net;
};

// For how long the facts of sessions that are over are kept.
struct FactsRetention {
  std::chrono::days days{0};
  TimeMs now;
  // Sessions whose days changed since stay: their hours were not given to others yet. nullopt: nobody is given any.
  std::optional<ViewStamp> given_up_to = {};
  // At once: the writer looks at each of them, and writes as many deletions as they have records, between two events.
  std::size_t max_sessions = 500;
};

class ViewStore {
 public:
  // `folder` is made if absent. A view of an older version is moved to "<folder>.version-<n>" and an empty one begun.
  // The error is one clear sentence (locked, damaged, of a newer version). What can be read but not written is asked
  // all the same (Trouble says why); Discard tries again. Below so much free disk nothing is written: Commit and
  // Discard fail, and where there is no view that can be read, asking does, until a Discard finds room and makes it.
  static std::expected<std::unique_ptr<ViewStore>, std::string> Open(const std::string& folder,
                                                                     std::uint64_t min_free_bytes = 0);
  ~ViewStore();

  // Writing. Nothing is seen by others, or kept, before Commit.

  // The highest seq taken of this origin in this bucket; nullopt: none yet (events.md section 3).
  std::optional<std::uint64_t> HighestSeq(const std::string& origin, Bucket bucket) const;
  // Of each origin the highest of all its buckets. While a bucket is held, others are counted beyond the position.
  Positions HighestSeqs() const;
  // Folds the event and notes its seq. An unreadable event's seq is noted all the same: it is not missing.
  std::expected<void, FoldFailure> Fold(const SourceEvent& event);
  // From where a partition of the topic is to be read; nullopt: never read.
  std::optional<std::int64_t> Offset(int partition) const;
  void SetOffset(int partition, std::int64_t offset);
  // Never goes back, but for AnswerFor. With the time of the event at `seq`, where the source knows it.
  void SetPosition(const std::string& origin, std::uint64_t seq, std::optional<TimeMs> time = std::nullopt);
  // That of the committed position's event; nullopt: not known.
  std::expected<std::optional<TimeMs>, std::string> PositionTime(const std::string& origin) const;
  // From now on positions are about these buckets. If there are some among them that they were not about before, none
  // is true any more: all are taken back, for others to see as well, until they are set anew. Commits if that is a
  // change; the error as Commit's.
  std::expected<void, std::string> AnswerFor(const Coverage& coverage);
  Coverage answered_for() const;  // what was last said there, in an earlier process, too; at first, all
  // One atomic write of everything since the last Commit. After an error call Discard.
  std::expected<void, std::string> Commit();
  // Back to what is committed. After a failed write the database is closed and opened anew, for which it waits until
  // nobody asks. The error is the disk's, in one sentence: nothing can be folded until a Discard succeeds.
  std::expected<void, std::string> Discard();

  // Asking. An error is the disk's, in one sentence.

  // Why nothing can be written at present, in one sentence; empty: it can.
  std::string Trouble() const;
  Positions CommittedPositions() const;
  std::expected<ViewStanding, std::string> Standing() const;
  // Another one with every commit that wrote something, and never otherwise; the same after a restart; of no other
  // view, such as one rebuilt in the same folder.
  std::string Version() const;
  // True once the origin's position is ≥ seq; false when `max_wait` is over or StopWaiting was called.
  bool WaitFor(const std::string& origin, std::uint64_t seq, std::chrono::milliseconds max_wait) const;
  void StopWaiting();
  std::expected<std::vector<AccountOutline>, std::string> Accounts() const;
  std::expected<std::optional<AccountOutline>, std::string> Account(std::string_view id) const;
  // The newest time of an event of one of its sessions that this process took and committed; nullopt: none yet.
  std::optional<TimeMs> NewestSessionEvent(const AccountId& account) const { return newest_.Of(account.str()); }
  // Over the facts of these buckets, as far as they are answered for. Asks now and then whether it is abandoned.
  std::expected<FunnelReport, std::string> Funnel(const AccountId& account, const funnel::Query& query,
                                                  const BucketSet& buckets,
                                                  const std::function<bool()>& abandoned) const;
  // What changed since the stamp that a ChangedDays of this view told; of 0: all that there is.
  // An error, too, once it is abandoned.
  std::expected<ChangedDays, std::string> ChangedSince(std::uint64_t stamp,
                                                       const std::function<bool()>& abandoned) const;
  // Of each of these partitions. nullopt: it was abandoned, or there is more than a query allows.
  std::expected<std::optional<std::vector<HourlyRows>>, std::string> Hours(
      const ChangedDay& day, std::span<const int> partitions, const std::function<bool()>& abandoned) const;
  // Brings up to date what is kept of the days that changed, so that a question finds little left to count. Ends early
  // once it is abandoned.
  std::expected<void, std::string> KeepRows(const std::function<bool()>& abandoned) const;
  // Finds some of the sessions whose facts may go; with the next Commit they do, unless something comes to one of them.
  // What they count is then known of whole days, by nothing, campaign and engagement. One thread.
  std::expected<void, std::string> Retire(const FactsRetention& retention,
                                          const std::function<bool()>& abandoned) const;
  bool HasSomeToRetire() const;
  std::uint64_t retired_sessions() const;  // by this process
  std::uint64_t DiskBytes() const;         // 0 while it is closed

 private:
  class State;
  explicit ViewStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
  NewestEvents newest_;
};

}  // namespace monitor
