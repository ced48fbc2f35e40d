// One made-up visitor of the sample account: what it looks at, whether it clicks, closes, buys or leaves. One a
// thread; the totals are shared.
#pragma once

#include <atomic>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "domain/values/json.h"
#include "server/http_client.h"

namespace monitor::ctl {

struct DemoTotals {
  std::atomic<std::uint64_t> requests = 0, errors = 0, sessions = 0, offers = 0, displays = 0, clicks = 0, closes = 0,
                             purchases = 0, leads = 0;
};

struct DemoTarget {
  std::string url, ca_file, account, app;
  bool proxy_protocol = false;  // whether connections begin with it
};

class DemoVisitor {
 public:
  // All must outlive it. `visitor_id` is empty for a new one.
  DemoVisitor(const DemoTarget& target, HttpClient& client, DemoTotals& totals, std::uint64_t seed,
              std::string visitor_id);

  // Plays one visit to its end, or to the first request without an answer; the sentence why, empty if none.
  std::string Play();

  const std::string& visitor_id() const { return visitor_id_; }

 private:
  struct Offer {
    std::string campaign, engagement, revision, context;
  };

  bool Chance(double share) { return std::uniform_real_distribution<>(0, 1)(random_) < share; }
  std::size_t Pick(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_); }
  template <class Write>
  std::string Body(Write write_attributes);
  bool Call(const char* method, const char* resource, const std::string& body);
  void TakeOffers(const json::Value& answer);
  bool ViewPage(std::size_t page);
  bool React();
  bool Report(const char* impression, const Offer& offer);
  bool Shop();

  const DemoTarget& target_;
  HttpClient& client_;
  DemoTotals& totals_;
  std::mt19937_64 random_;
  std::size_t device_, language_, product_;
  std::string visitor_id_, session_id_, page_id_, consumer_id_;
  std::vector<Offer> offers_;  // of the newest page
  std::vector<std::string> entry_points_;
  std::string error_;
};

}  // namespace monitor::ctl
