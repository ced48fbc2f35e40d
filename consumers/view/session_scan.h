// Puts sessions together from records of the family `facts` (view_keys.h). Pure and single-threaded.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/funnel/funnel_rows.h"

namespace monitor {

class SessionScan {
 public:
  struct Session {
    bool of_new_visitor = true;
    const funnel::SessionTraits& traits;
    std::span<const funnel::EventFacts> events;
  };
  using Take = std::function<void(const Session&)>;

  explicit SessionScan(Take take) : take_(std::move(take)) {}
  // The records of an account in a bucket, in the order of their keys. False: this one can not be read.
  bool Next(std::string_view key, std::string_view value);
  // After the last.
  void Finish();

 private:
  const Take take_;
  std::string visitor_, session_;
  bool of_new_visitor_ = true;
  funnel::SessionTraits traits_;
  std::vector<funnel::EventFacts> events_;
};

}  // namespace monitor
