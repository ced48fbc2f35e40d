// When each account's visitors were last heard of: the newest time of an event of a session, as far as this process
// took it. Not kept: a view that is opened anew knows of none yet.
//
// Threads: Of for any, the others for the view's writer.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "domain/values/timestamp.h"

namespace monitor {

class NewestEvents {
 public:
  void Note(const std::string& account, TimeMs time) { Raise(noted_, account, time); }
  // What was noted is committed. (Of what is not, the writer takes the same events once more.)
  void Commit() {
    std::lock_guard lock(mutex_);
    for (const auto& [account, time] : noted_) Raise(committed_, account, time);
    noted_.clear();
  }
  // nullopt: of none yet.
  std::optional<TimeMs> Of(const std::string& account) const {
    std::lock_guard lock(mutex_);
    const auto found = committed_.find(account);
    return found == committed_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  using Times = std::map<std::string, TimeMs>;

  static void Raise(Times& times, const std::string& account, TimeMs time) {
    TimeMs& newest = times.try_emplace(account, time).first->second;
    newest = std::max(newest, time);
  }

  Times noted_;
  mutable std::mutex mutex_;
  Times committed_;
};

}  // namespace monitor
