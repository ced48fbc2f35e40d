// Brings the rows kept of whole days up to date, on a thread of its own, so that those who ask need not wait for it
// (docs/decisions/rows.md), and finds the sessions whose facts may go (facts.md).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "consumers/view/view_store.h"

namespace monitor {

struct RowKeeping {
  // Which view it is about at that moment; another one may take over.
  struct Look {
    std::shared_ptr<const ViewStore> view;
    bool has_all = false;  // all that happened is counted, but for the last seconds: nothing comes to old sessions
    std::optional<ViewStamp> given_up_to = {};  // as FactsRetention's
  };
  std::function<Look()> look;
  std::chrono::days facts_days{0};                            // 0: facts are kept for ever
  std::chrono::milliseconds pause = std::chrono::seconds(5);  // between two looks
};

class RowKeeper {
 public:
  explicit RowKeeper(RowKeeping keeping);

 private:
  void Look(const std::stop_token& stop);

  const RowKeeping keeping_;
  // The clock at the look before. Who stood still since then may not have counted yet what happened since.
  TimeMs looked_at_;
  std::chrono::steady_clock::time_point retire_again_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace monitor
