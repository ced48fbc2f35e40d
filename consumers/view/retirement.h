// The end of a session's facts (docs/decisions/facts.md): once a session is over for long enough, what it counts is put
// into rows of its days (retired_rows.h), and its facts go. Planned beside the writer, on a snapshot; done by it, in
// one batch, if nothing came to these sessions meanwhile.
//
// What stays of it are its visitor's marks and displays, which conversions to come are settled by. Odd sessions
// (session_days.h), and those of which something changed that the rows kept of its days do not have yet, stay whole.
//
// Throws StoreFailure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "consumers/view/coverage.h"
#include "consumers/view/facts_reading.h"
#include "consumers/view/view_database.h"
#include "consumers/view/view_store.h"

namespace monitor::view {

// Where a plan stopped for want of room; at first, and behind the last day, nowhere.
struct RetirementPlace {
  std::string day;      // a key of the family stamps
  std::string session;  // the prefix of the last one of that day that was looked at; "": of none
};

class Retirement {
 public:
  // Of some sessions that are covered and may retire; nullptr: there is none, or the reading ended. `from`: where the
  // plan before it stopped, and afterwards this one. Any thread, while the database is open, one at a time, and not
  // before the plan before it is done or given up.
  static std::unique_ptr<Retirement> Plan(FactsReading& reading, const Coverage& coverage,
                                          const FactsRetention& retention, RetirementPlace& from);

  // The writer's, with nothing in its batch. False: something came; nothing was done.
  bool Do(ViewDatabase& database);
  std::size_t sessions() const { return sessions_.size(); }

 private:
  friend class RetirementPlanner;
  struct Session {
    std::string prefix, visitor_key;
    std::string span_key, span;  // as it was found
    std::string tally;           // its visitor's
    std::uint64_t last_ordinal = 0;
  };
  explicit Retirement(const ViewDatabase& database) : changes_(database) {}

  std::vector<Session> sessions_;
  ViewDatabase::Aside changes_;
};

}  // namespace monitor::view
