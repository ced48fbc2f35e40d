// The numbers of one account's alerts at one moment. Alerts of the same minutes share what is counted; at most two
// questions for each. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "consumers/alerts/alert_rules.h"
#include "consumers/peers/instances.h"
#include "domain/funnel/funnel_rows.h"

namespace monitor {

class AlertReading {
 public:
  // `instances` and `moment` must outlive it. `abandoned` is asked now and then.
  AlertReading(Instances& instances, const Instances::Moment& moment, AccountId account, TimeMs time,
               std::function<bool()> abandoned);

  // nullopt: they can not all be had at present, or it was abandoned.
  std::optional<AlertNumbers> Of(const Alert& alert);

 private:
  struct Question {
    TimeMs from;
    std::optional<TimeMs> to;
    funnel::Counting counting = funnel::kNet;
    bool by_engagement = false;
    auto operator<=>(const Question&) const = default;
  };
  // nullptr as Of.
  const Instances::Sum* Ask(Question question);
  // The alert's row; an empty one if there is none.
  std::optional<funnel::Row> RowOf(const Alert& alert, Question question);

  Instances& instances_;
  const Instances::Moment& moment_;
  const AccountId account_;
  const TimeMs time_;
  const std::function<bool()> abandoned_;
  std::map<Question, std::optional<Instances::Sum>> asked_;
};

}  // namespace monitor
