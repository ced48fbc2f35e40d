// A cipher whose sealed text is the base64 of the plain text: what is sealed can be read in golden files.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/events/event_codec.h"

namespace monitor {

class PlainCipher : public FieldCipher {
 public:
  std::string Seal(std::string_view plain) const override {
    std::string text;
    for (std::size_t i = 0; i < plain.size(); i += 3) {
      std::uint32_t group = 0;
      for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (i + j < plain.size() ? Byte(plain[i + j]) : 0u);
      for (std::size_t j = 0; j < 4; ++j) text += i + j <= plain.size() ? kAlphabet[group >> (18 - 6 * j) & 63] : '=';
    }
    return text;
  }

  std::optional<std::string> Open(std::string_view sealed) const override {
    if (sealed.empty() || sealed.size() % 4 != 0) return std::nullopt;
    std::string plain;
    std::uint32_t bits = 0;
    int count = 0;
    for (char c : sealed.substr(0, sealed.find('='))) {
      std::size_t value = kAlphabet.find(c);
      if (value == std::string_view::npos) return std::nullopt;
      bits = bits << 6 | static_cast<std::uint32_t>(value);
      count += 6;
      if (count < 8) continue;
      count -= 8;
      plain += static_cast<char>(bits >> count & 0xff);
    }
    return plain;
  }

 private:
  static std::uint32_t Byte(char c) { return static_cast<unsigned char>(c); }
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
};

}  // namespace monitor
