#include "consumers/alerts/alert_book.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "domain/values/json.h"
#include "domain/values/whole_number.h"
#include "server/log.h"

namespace monitor {
namespace {

constexpr json::Limits kFileLimits{.max_depth = 8, .max_nodes = 4'000'000};

std::string TextOf(const json::Value& object, std::string_view member) {
  const json::Value* found = object.Find(member);
  return found == nullptr ? std::string() : std::string(found->text());
}

TimeMs TimeOf(const json::Value& object, std::string_view member) {
  const json::Value* found = object.Find(member);
  return FromUnixMs(found == nullptr ? 0 : ParseWhole<std::int64_t>(found->text()).value_or(0));
}

AlertKey KeyOf(const json::Value& object) { return {TextOf(object, "account"), TextOf(object, "alert")}; }

void WriteKey(json::Writer& writer, const AlertKey& key) {
  writer.Key("account").String(key.account).Key("alert").String(key.alert);
}

}  // namespace

AlertBook::AlertBook(std::string path) : path_(std::move(path)) {
  std::ifstream file(path_, std::ios::binary);
  if (!path_.empty() && file) Read({std::istreambuf_iterator<char>(file), {}});
}

void AlertBook::Read(const std::string& text) {
  const auto parsed = json::Document::Parse(text, kFileLimits);
  if (!parsed) return log::Error("alerts_unreadable", {{"file", path_}, {"reason", parsed.error().message}});
  if (const json::Value* states = parsed->root().Find("alerts")) {
    for (const json::Value& item : states->items()) {
      const json::Value* firing = item.Find("firing");
      states_[KeyOf(item)] = {.definition = TextOf(item, "definition"),
                              .firing = firing != nullptr && firing->boolean(),
                              .since = TimeOf(item, "since"),
                              .value = std::nullopt};
    }
  }
  if (const json::Value* notices = parsed->root().Find("notices")) {
    for (const json::Value& item : notices->items()) {
      notices_.push_back(
          {TextOf(item, "id"), KeyOf(item), TextOf(item, "url"), TextOf(item, "body"), TimeOf(item, "made")});
    }
  }
}

std::optional<AlertState> AlertBook::Find(const AlertKey& key) const {
  std::lock_guard lock(mutex_);
  const auto found = states_.find(key);
  return found == states_.end() ? std::nullopt : std::optional(found->second);
}

void AlertBook::Put(const AlertKey& key, const AlertState& state, std::optional<AlertNotice> notice) {
  std::lock_guard lock(mutex_);
  AlertState& kept = states_[key];
  const bool changes = kept.definition != state.definition || kept.firing != state.firing || kept.since != state.since;
  kept = state;
  if (notice) {
    if (notices_.size() == kMaxNotices) {
      log::Error("alert_not_told", {{"account", notices_.front().of.account},
                                    {"alert", notices_.front().of.alert},
                                    {"reason", "too many others are to be told"}});
      notices_.erase(notices_.begin());
    }
    notices_.push_back(*std::move(notice));
    new_notice_ = true;
    noticed_.notify_all();
  }
  if (changes) Keep();
}

std::vector<AlertKey> AlertBook::Forget(const std::function<bool(const AlertKey&)>& is_there) {
  std::lock_guard lock(mutex_);
  std::vector<AlertKey> gone;
  for (const auto& [key, state] : states_) {
    if (!is_there(key)) gone.push_back(key);
  }
  for (const AlertKey& key : gone) states_.erase(key);
  if (!gone.empty()) Keep();
  return gone;
}

std::vector<AlertNotice> AlertBook::Notices() const {
  std::lock_guard lock(mutex_);
  new_notice_ = false;
  return notices_;
}

void AlertBook::Remove(const std::string& notice_id) {
  std::lock_guard lock(mutex_);
  if (std::erase_if(notices_, [&](const AlertNotice& notice) { return notice.id == notice_id; }) > 0) Keep();
}

void AlertBook::WaitForNotice(const std::stop_token& stop, std::chrono::steady_clock::time_point until) const {
  std::unique_lock lock(mutex_);
  noticed_.wait_until(lock, stop, until, [&] { return new_notice_; });
}

// The whole file anew, as that of alarms (readers/alarm_book.cpp): never a part of it, and not synced.
void AlertBook::Keep() const {
  if (path_.empty()) return;
  std::string text;
  json::Writer writer(text);
  writer.BeginObject().Key("alerts").BeginArray();
  for (const auto& [key, state] : states_) {
    WriteKey(writer.BeginObject(), key);
    writer.Key("definition").String(state.definition).Key("firing").Bool(state.firing);
    writer.Key("since").Int(ToUnixMs(state.since)).EndObject();
  }
  writer.EndArray().Key("notices").BeginArray();
  for (const AlertNotice& notice : notices_) {
    WriteKey(writer.BeginObject().Key("id").String(notice.id), notice.of);
    writer.Key("url").String(notice.url).Key("body").String(notice.body);
    writer.Key("made").Int(ToUnixMs(notice.made)).EndObject();
  }
  writer.EndArray().EndObject();
  const std::string fresh = path_ + ".new";
  std::ofstream file(fresh, std::ios::trunc | std::ios::binary);
  file << text;
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(fresh, path_, error);
  if (!file || error) log::Error("alerts_not_kept", {{"file", path_}});
}

}  // namespace monitor
