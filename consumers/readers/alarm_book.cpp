#include "consumers/readers/alarm_book.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <utility>

#include "domain/values/hash.h"
#include "domain/values/whole_number.h"
#include "server/log.h"

namespace monitor {
namespace {

constexpr const char* kMore = "there are more alarms than are kept; the log has them all";

std::string IdOf(std::string_view sentence) {
  const auto hash = Sha256(sentence);
  return Hex({reinterpret_cast<const char*>(hash.data()), 8});
}

}  // namespace

AlarmBook::AlarmBook(std::string path) : path_(std::move(path)) {
  std::ifstream file(path_);
  for (std::string line; !path_.empty() && std::getline(file, line);) {
    const std::size_t space = std::min(line.find(' '), line.size());
    const auto since = ParseWhole<std::int64_t>(std::string_view(line).substr(0, space));
    const std::string sentence = line.substr(std::min(space + 1, line.size()));
    if (since && !sentence.empty()) alarms_.push_back({IdOf(sentence), FromUnixMs(*since), sentence});
  }
}

void AlarmBook::Raise(const std::string& sentence) {
  std::lock_guard lock(mutex_);
  std::string kept = alarms_.size() < kMaxAlarms ? sentence : kMore;
  std::ranges::replace(kept, '\n', ' ');
  if (std::ranges::find(alarms_, kept, &StandingAlarm::sentence) != alarms_.end()) return;
  const TimeMs now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  alarms_.push_back({IdOf(kept), now, kept});
  Keep();
}

bool AlarmBook::Clear(std::string_view id) {
  std::lock_guard lock(mutex_);
  if (std::erase_if(alarms_, [&](const StandingAlarm& alarm) { return alarm.id == id; }) == 0) return false;
  Keep();
  return true;
}

std::vector<StandingAlarm> AlarmBook::All() const {
  std::lock_guard lock(mutex_);
  return alarms_;
}

std::string AlarmBook::Summary() const {
  std::lock_guard lock(mutex_);
  if (alarms_.empty()) return {};
  const std::size_t others = alarms_.size() - 1;
  const std::string more = others == 0 ? "" : "; and " + std::to_string(others) + " more, see /api/alarms";
  return alarms_.back().sentence + more;
}

// The whole file anew: whenever the program is killed it is the old one or this one. Not synced, as the view is not.
void AlarmBook::Keep() const {
  if (path_.empty()) return;
  const std::string fresh = path_ + ".new";
  std::ofstream file(fresh, std::ios::trunc);
  for (const StandingAlarm& alarm : alarms_) file << ToUnixMs(alarm.since) << ' ' << alarm.sentence << '\n';
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(fresh, path_, error);
  if (!file || error) log::Error("alarms_not_kept", {{"file", path_}});
}

}  // namespace monitor
