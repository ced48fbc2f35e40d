// The numbers of one account's alerts at one moment. Alerts of the same minutes share what is counted; at most two
// questions of the view for each. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "consumers/alerts/alert_rules.h"
#include "consumers/generations/generations.h"
#include "domain/funnel/funnel_rows.h"

namespace monitor {

class AlertReading {
 public:
  // `now` must outlive it. `abandoned` is asked now and then.
  AlertReading(const Answering& now, AccountId account, TimeMs time, std::function<bool()> abandoned);

  // nullopt: the view could not be read, or it was abandoned.
  std::optional<AlertNumbers> Of(const Alert& alert);

 private:
  struct Question {
    TimeMs from;
    std::optional<TimeMs> to;
    funnel::Counting counting = funnel::kNet;
    bool by_engagement = false;
    auto operator<=>(const Question&) const = default;
  };
  // The alert's row; an empty one if there is none.
  std::optional<funnel::Row> RowOf(const Alert& alert, Question question);

  const Answering& now_;
  const AccountId account_;
  const TimeMs time_;
  const std::function<bool()> abandoned_;
  std::map<Question, std::optional<std::vector<funnel::Row>>> asked_;
};

}  // namespace monitor
