// What another document would have offered in recorded sessions (campaigns.md section 5, interfaces.md section 2).
//
// Pure. Beside the recorded course of each session a second one is led, decided by the changed document; impressions
// are carried over to it where it has an offer of the same engagement.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "domain/deciding/replay.h"

namespace monitor {

struct BeforeAfter {
  std::uint64_t before = 0, after = 0;
};

struct WhatIfReport {
  std::uint64_t sessions = 0;
  BeforeAfter offers;          // engagement-shown
  BeforeAfter exposures;       // distinct (session, engagement) displayed
  BeforeAfter zone_conflicts;  // choices with more than one candidate
  std::map<std::int64_t, BeforeAfter> offers_by_engagement;
};

class WhatIf {
 public:
  struct Question {
    std::shared_ptr<const Account> document;  // shared with the states made of it
    std::optional<TimeMs> from, to;           // of the session's start; `to` is exclusive
  };

  explicit WhatIf(Question question) : question_(std::move(question)) {}

  void Take(const RecordedRequest& recorded);
  const WhatIfReport& report() const { return report_; }

 private:
  struct Course {
    SessionState session;
    std::set<std::int64_t> displayed_before;
  };

  bool Asked(const RecordedRequest& recorded) const;
  void CountBefore(const RecordedRequest& recorded, Course& course);
  void Decide(const RecordedRequest& recorded, Course& course);
  void DropEndedCourses(TimeMs now);

  Question question_;
  std::unordered_map<std::string, Course> courses_;  // by session stream
  WhatIfReport report_;
};

}  // namespace monitor
