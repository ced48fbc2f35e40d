// One question's walk over a view, over a database that stays as it is meanwhile, until nobody waits for the answer.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "consumers/view/coverage.h"
#include "consumers/view/session_scan.h"
#include "consumers/view/view_database.h"

namespace monitor::view {

class FactsReading {
 public:
  // All must outlive it. `abandoned` is asked now and then. What it counted may be kept if there is room.
  FactsReading(const ViewDatabase& database, const rocksdb::Snapshot* snapshot, const std::function<bool()>& abandoned,
               bool has_room)
      : database_(database), snapshot_(snapshot), abandoned_(abandoned), has_room_(has_room) {}

  const ViewDatabase& database() const { return database_; }
  const rocksdb::Snapshot* snapshot() const { return snapshot_; }
  bool has_room() const { return has_room_; }

  // True from the moment on that nobody waits any more, or it was stopped; then nothing more is read.
  bool ended() const { return ended_; }
  void Stop() { ended_ = true; }
  bool LookNow() { return ended_ = ended_ || abandoned_(); }
  // Of a record: false ends the scan that it is of.
  bool GoesOn() { return !(++seen_ % kRecordsBetweenLooks == 0 ? LookNow() : ended_); }

  // The sessions with these prefixes, ascending.
  void Sessions(std::span<const std::string> prefixes, SessionScan& sessions) {
    database_.ScanEach(kFacts, prefixes, snapshot_, Into(sessions));
  }
  // All of an account in a bucket.
  void Sessions(const std::string& account_prefix, SessionScan& sessions) {
    database_.Scan(kFacts, account_prefix, snapshot_, Into(sessions));
  }

  // The prefixes of the sessions in these buckets that stand at this place of the family days, "zone 0 DAY" or that of
  // the odd ones: bucket by bucket, each ascending, with the record's value. `account_text`: AccountText's.
  void StandingAt(const std::string& account_text, const std::string& place, const BucketSet& buckets,
                  const std::function<void(std::string prefix, std::string_view value)>& take) {
    StandingBehind("", account_text, place, buckets, [&](std::string prefix, std::string_view value) {
      take(std::move(prefix), value);
      return true;
    });
  }
  // Of these, those behind `behind`, a prefix (""  is before all), until `take` returns false.
  void StandingBehind(const std::string& behind, const std::string& account_text, const std::string& place,
                      const BucketSet& buckets,
                      const std::function<bool(std::string prefix, std::string_view value)>& take) {
    const std::size_t head = 1 + account_text.size();
    bool goes_on = true;
    const ViewDatabase::Visit visit = [&](std::string_view key, std::string_view value) {
      goes_on =
          take(std::string(key.substr(0, head)) + std::string(key.substr(head + place.size())), value) && GoesOn();
      return goes_on;
    };
    const auto place_in = [&](std::size_t bucket) { return static_cast<char>(bucket) + account_text + place; };
    std::size_t bucket = 0;
    if (!behind.empty()) {
      bucket = static_cast<std::uint8_t>(behind.front());
      const std::string in_bucket = place_in(bucket);
      if (buckets[bucket]) {
        database_.ScanFrom(kDays, in_bucket, in_bucket + behind.substr(head) + '\0', snapshot_, visit);
      }
      ++bucket;
    }
    std::vector<std::string> places;
    for (; goes_on && bucket < buckets.size(); ++bucket) {
      if (buckets[bucket]) places.push_back(place_in(bucket));
    }
    database_.ScanEach(kDays, places, snapshot_, visit);
  }

 private:
  static constexpr std::uint64_t kRecordsBetweenLooks = 256;

  ViewDatabase::Visit Into(SessionScan& sessions) {
    return [this, &sessions](std::string_view key, std::string_view value) {
      if (!sessions.Next(key, value)) throw StoreFailure("the view holds a record that can not be read");
      return GoesOn();
    };
  }

  const ViewDatabase& database_;
  const rocksdb::Snapshot* const snapshot_;
  const std::function<bool()>& abandoned_;
  const bool has_room_;
  std::uint64_t seen_ = 0;
  bool ended_ = false;
};

}  // namespace monitor::view
