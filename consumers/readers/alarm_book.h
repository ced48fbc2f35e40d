// Alarms that stand until an operator clears them: events that are lost to the funnel, or were passed over. They
// survive the program, in a file of their own beside the view.
//
// Thread-safe. What can not be written to the file stands in memory all the same, and is tried again with the next one.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "domain/values/timestamp.h"

namespace monitor {

struct StandingAlarm {
  std::string id;  // 16 hex digits, of the sentence: what is said again is the same alarm
  TimeMs since;
  std::string sentence;
};

class AlarmBook {
 public:
  static constexpr std::size_t kMaxAlarms = 100;  // further ones are one that says so

  // `path`: one line each, made with the first; empty: none is kept. What is no alarm in it is passed over.
  explicit AlarmBook(std::string path = {});

  void Raise(const std::string& sentence);
  // False: there is none of that id. Until it is raised again.
  bool Clear(std::string_view id);
  std::vector<StandingAlarm> All() const;  // oldest first
  // In one sentence, the newest first of all; empty: none stands.
  std::string Summary() const;

 private:
  void Keep() const;

  const std::string path_;
  mutable std::mutex mutex_;
  std::vector<StandingAlarm> alarms_;
};

}  // namespace monitor
