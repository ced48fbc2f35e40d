// Currencies by ISO 4217. Pure; any thread.
#pragma once

#include <string_view>

namespace monitor {

constexpr std::string_view kNoCurrency = "XXX";  // ISO's own code for it

// The code that a client's text means: without white space around it, in capitals (ASCII, both). What is no code is
// kNoCurrency, so that there are no more currencies than codes (funnel.md section 2). The view is of static text.
std::string_view CurrencyCode(std::string_view text);

}  // namespace monitor
