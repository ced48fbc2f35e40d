// Feeds a RowBuilder from records of the family `facts` (view_keys.h), session by session. Pure and single-threaded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/funnel/funnel_rows.h"

namespace monitor {

class SessionScan {
 public:
  // `rows` must outlive it.
  explicit SessionScan(funnel::RowBuilder& rows) : rows_(rows) {}

  // The records of an account in a bucket, in the order of their keys. False: this one can not be read.
  bool Take(std::string_view key, std::string_view value);
  // After the last.
  void Finish();

 private:
  funnel::RowBuilder& rows_;
  std::string visitor_, session_;
  funnel::SessionTraits traits_;
  std::vector<funnel::EventFacts> events_;
};

}  // namespace monitor
