// Any query and path text decodes without harm, and decoding is done once.
#include <cstdlib>
#include <string>

#include "server/http_server.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const monitor::http::Query query(text);
  for (const char* key : {"v", "vid", "sid", "obh", ""}) {
    auto value = query.Get(key);
    if (value && value->empty()) std::abort();
  }
  auto decoded = monitor::http::PercentDecode(text);
  if (text.find('%') == std::string::npos && decoded != text) std::abort();
  return 0;
}
