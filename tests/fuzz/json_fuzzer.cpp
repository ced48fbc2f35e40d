// Whatever is accepted must print, read back the same, and print the same again.
#include <cstdlib>
#include <string>

#include "domain/values/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto document = monitor::json::Document::Parse(text);
  if (!document) return 0;
  std::string once, twice;
  monitor::json::Writer(once).Copy(document->root());
  auto again = monitor::json::Document::Parse(once);
  if (!again) std::abort();
  monitor::json::Writer(twice).Copy(again->root());
  if (once != twice) std::abort();
  return 0;
}
