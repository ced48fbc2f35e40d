// What is known of alerts, and what is still to be told of them, in a file of its own beside the view: a restart tells
// nothing twice that was delivered, and forgets nothing that was not.
//
// Thread-safe. What can not be written to the file stands in memory all the same, and is tried again with the next
// change.
#pragma once

#include <chrono>
#include <compare>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "domain/values/timestamp.h"

namespace monitor {

struct AlertKey {
  std::string account, alert;
  auto operator<=>(const AlertKey&) const = default;
};

struct AlertState {
  std::string definition;  // of which this is known: another one begins anew
  bool firing = false;
  TimeMs since;                 // it fires, or does not
  std::optional<double> value;  // as of the last look; not kept
};

// One call of a webhook that has to be made.
struct AlertNotice {
  std::string id;  // the same for every try
  AlertKey of;
  std::string url, body;
  TimeMs made;
};

class AlertBook {
 public:
  static constexpr std::size_t kMaxNotices = 1'000;  // further ones push the oldest out

  // `path`: made with the first change; empty: nothing is kept. What is no such file counts as none, and is logged.
  explicit AlertBook(std::string path = {});

  std::optional<AlertState> Find(const AlertKey& key) const;
  // The state with what it gives to tell, in one write; none if only the value is another one.
  void Put(const AlertKey& key, const AlertState& state, std::optional<AlertNotice> notice = std::nullopt);
  // Of all alerts that `is_there` does not know; what is still to be told stays. Returns them.
  std::vector<AlertKey> Forget(const std::function<bool(const AlertKey&)>& is_there);

  std::vector<AlertNotice> Notices() const;  // oldest first
  void Remove(const std::string& notice_id);
  // Until there is another notice, `until`, or it is stopped.
  void WaitForNotice(const std::stop_token& stop, std::chrono::steady_clock::time_point until) const;

 private:
  void Read(const std::string& text);
  void Keep() const;

  const std::string path_;
  mutable std::mutex mutex_;
  mutable std::condition_variable_any noticed_;
  mutable bool new_notice_ = false;
  std::map<AlertKey, AlertState> states_;
  std::vector<AlertNotice> notices_;
};

}  // namespace monitor
