// `<type>\n<data>`: any stored bytes decode or are refused; what decodes encodes to bytes that decode again, the same.
#include <cstdlib>
#include <string>

#include "domain/events/event_codec.h"

namespace {

// Seals as hex of the plain text: enough to see that values come back.
class Transparent : public monitor::FieldCipher {
 public:
  std::string Seal(std::string_view plain) const override {
    std::string hex;
    for (unsigned char c : plain) {
      hex += "0123456789abcdef"[c >> 4];
      hex += "0123456789abcdef"[c & 15];
    }
    return hex;
  }
  std::optional<std::string> Open(std::string_view sealed) const override {
    if (sealed.size() % 2) return std::nullopt;
    std::string plain;
    for (std::size_t i = 0; i < sealed.size(); i += 2) {
      const int high = Digit(sealed[i]), low = Digit(sealed[i + 1]);
      if (high < 0 || low < 0) return std::nullopt;
      plain += static_cast<char>(high * 16 + low);
    }
    return plain;
  }

 private:
  static int Digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = text.find('\n');
  if (line == std::string_view::npos) return 0;
  // "session-closed", or "conversation-ended:1"
  const std::string_view head = text.substr(0, line), type = head.substr(0, head.find(':'));
  const std::uint8_t newest = monitor::NewestSchemaVersion(type);
  const bool first = type.size() < head.size();
  const Transparent cipher;
  auto event = monitor::DecodeEventData({type, first ? std::uint8_t{1} : newest}, text.substr(line + 1), cipher);
  if (!event) return 0;
  const std::string once = monitor::EncodeEventData(*event, cipher);
  auto again = monitor::DecodeEventData({type, newest}, once, cipher);
  if (!again) std::abort();
  if (monitor::EncodeEventData(*again, cipher) != once) std::abort();
  monitor::OpenSealedFields(once, cipher);
  return 0;
}
