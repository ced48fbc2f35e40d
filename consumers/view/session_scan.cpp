#include "consumers/view/session_scan.h"

#include <utility>

#include "consumers/view/view_keys.h"
#include "domain/funnel/funnel_codec.h"

namespace monitor {

bool SessionScan::Next(std::string_view key, std::string_view value) {
  const auto address = view::ParseFactsKey(key);
  if (!address) return false;
  const bool new_visitor = address->visitor != visitor_;
  if (new_visitor || address->session != session_) {
    Finish();
    of_new_visitor_ |= new_visitor;
    visitor_ = address->visitor;
    session_ = address->session;
  }
  if (address->ordinal == 0) {
    auto traits = funnel::DecodeSessionTraits(value);
    if (traits) traits_ = std::move(*traits);
    return traits.has_value();
  }
  auto facts = funnel::DecodeFacts(address->ordinal, value);
  if (facts) events_.push_back(std::move(*facts));
  return facts.has_value();
}

void SessionScan::Finish() {
  if (!events_.empty()) {
    take_({of_new_visitor_, traits_, events_});
    of_new_visitor_ = false;
  }
  events_.clear();
  traits_ = funnel::SessionTraits{};
}

}  // namespace monitor
