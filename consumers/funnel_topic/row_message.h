// A row of monitor.funnel as other programs read it (funnel.md section 5; docs/asyncapi.yaml). Pure.
#pragma once

#include <string>
#include <vector>

#include "consumers/view/view_store.h"

namespace monitor {

struct RowMessage {
  std::string key;   // [account, hour in ms, campaign, engagement, partition]
  std::string rows;  // "gross":{…},"net":{…}: without the offset, which moves though they do not
  std::string Value(std::int64_t offset) const;
};

// In the order of their keys. What only gross counts has an empty row in net.
std::vector<RowMessage> RowMessages(const AccountId& account, const HourlyRows& hours);

}  // namespace monitor
