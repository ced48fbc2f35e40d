// Any document is refused with places, or compiled; what is compiled judges without harm.
#include <cstdlib>
#include <string>

#include "domain/account/account.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto account = monitor::ParseAccount(std::string(reinterpret_cast<const char*>(data), size));
  if (!account) {
    if (account.error().empty()) std::abort();
    return 0;
  }
  (*account)->IsBot("Mozilla/5.0 (compatible; Examplebot/1.0)");
  return 0;
}
