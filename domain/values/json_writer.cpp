#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "domain/values/json.h"

namespace monitor::json {
namespace {

// False if a byte is < 0x20, equal to " or \, or ≥ 0x80: its high bit is set then (Bit Twiddling Hacks, "hasless",
// "haszero").
bool IsPlain(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  constexpr std::uint64_t kHighs = 0x8080808080808080u;
  const std::uint64_t quote = word ^ (kOnes * '"');
  const std::uint64_t backslash = word ^ (kOnes * '\\');
  return (((word - kOnes * 0x20) | (quote - kOnes) | (backslash - kOnes) | word) & kHighs) == 0;
}

template <class Word>
std::uint64_t LoadWord(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// True if all of a text of up to 16 bytes needs neither escaping nor a look at its encoding. Words may overlap.
bool IsPlainShort(std::string_view text) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  if (text.size() >= 8) return IsPlain(LoadWord<std::uint64_t>(begin)) && IsPlain(LoadWord<std::uint64_t>(end - 8));
  if (text.size() >= 4) return IsPlain(LoadWord<std::uint32_t>(begin) << 32 | LoadWord<std::uint32_t>(end - 4));
  constexpr std::uint64_t kBlanks = 0x2020202020202020u;
  std::uint64_t word = kBlanks;
  for (const char c : text) word = word << 8 | static_cast<unsigned char>(c);
  return IsPlain(word);
}

// The number of bytes at the front that need neither escaping nor a look at their encoding, eight at a time.
std::size_t PlainPrefix(std::string_view text) {
  constexpr std::size_t kShort = 16;
  if (text.size() <= kShort && IsPlainShort(text)) return text.size();
  std::size_t i = 0;
  while (i + 8 <= text.size() && IsPlain(LoadWord<std::uint64_t>(text.data() + i))) i += 8;
  for (; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == '"' || c == '\\' || c >= 0x80) break;
  }
  return i;
}

// Bytes of the UTF-8 character at the front (Unicode 15, table 3-7); 0 if it is not well-formed.
std::size_t CharacterSize(std::string_view text) {
  auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return at(i) >= low && at(i) <= high;
  };
  unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    bool second = follows(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
    return second && follows(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    bool second = follows(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
    return second && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void AppendEscaped(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      constexpr char kDigits[] = "0123456789abcdef";
      out += "\\u00";
      out += kDigits[c >> 4];
      out += kDigits[c & 15];
  }
}

// Always valid JSON: what is not UTF-8 (a header's bytes, say) becomes U+FFFD.
void AppendQuoted(std::string& out, std::string_view text) {
  if (PlainPrefix(text) == text.size()) {  // nearly all are
    const std::size_t begin = out.size(), end = begin + text.size() + 2;
    out.resize_and_overwrite(end, [&](char* to, std::size_t) {  // libstdc++ 12 may tell more than what was asked for
      to[begin] = '"';
      text.copy(to + begin + 1, text.size());
      to[end - 1] = '"';
      return end;
    });
    return;
  }
  out += '"';
  while (true) {
    std::size_t plain = PlainPrefix(text);
    out.append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    auto c = static_cast<unsigned char>(text.front());
    std::size_t size = 1;
    if (c < 0x80) {
      AppendEscaped(out, c);
    } else if (size = CharacterSize(text); size > 0) {
      out.append(text.data(), size);
    } else {
      out += "\xEF\xBF\xBD";
      size = 1;
    }
    text.remove_prefix(size);
  }
  out += '"';
}

template <class Number>
void AppendNumber(std::string& out, Number value) {
  char buffer[32];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  out.append(buffer, end);
}

}  // namespace

void Writer::BeforeValue() {
  if (needs_comma_) out_ += ',';
  needs_comma_ = true;
}

Writer& Writer::BeginObject() {
  BeforeValue();
  out_ += '{';
  needs_comma_ = false;
  return *this;
}

Writer& Writer::EndObject() {
  out_ += '}';
  needs_comma_ = true;
  return *this;
}

Writer& Writer::BeginArray() {
  BeforeValue();
  out_ += '[';
  needs_comma_ = false;
  return *this;
}

Writer& Writer::EndArray() {
  out_ += ']';
  needs_comma_ = true;
  return *this;
}

Writer& Writer::Key(std::string_view name) {
  BeforeValue();
  AppendQuoted(out_, name);
  out_ += ':';
  needs_comma_ = false;
  return *this;
}

Writer& Writer::String(std::string_view text) {
  BeforeValue();
  AppendQuoted(out_, text);
  return *this;
}

Writer& Writer::Int(std::int64_t value) {
  BeforeValue();
  AppendNumber(out_, value);
  return *this;
}

Writer& Writer::UInt(std::uint64_t value) {
  BeforeValue();
  AppendNumber(out_, value);
  return *this;
}

Writer& Writer::Double(double value) {
  if (!std::isfinite(value)) return Null();
  BeforeValue();
  AppendNumber(out_, value);
  return *this;
}

Writer& Writer::Bool(bool value) {
  BeforeValue();
  out_ += value ? "true" : "false";
  return *this;
}

Writer& Writer::Null() {
  BeforeValue();
  out_ += "null";
  return *this;
}

Writer& Writer::Raw(std::string_view json) {
  BeforeValue();
  out_ += json;
  return *this;
}

// Recursion is bounded by the depth limit under which the value was parsed.
Writer& Writer::Copy(const Value& value) {
  switch (value.kind()) {
    case Kind::kNull:
      return Null();
    case Kind::kBool:
      return Bool(value.boolean());
    case Kind::kNumber:
      return Raw(value.text());
    case Kind::kString:
      return String(value.text());
    case Kind::kArray:
      BeginArray();
      for (const Value& item : value.items()) Copy(item);
      return EndArray();
    case Kind::kObject:
      BeginObject();
      for (const Member& member : value.members()) Key(member.name).Copy(member.value);
      return EndObject();
  }
  return *this;
}

}  // namespace monitor::json
