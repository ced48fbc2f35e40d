#include "domain/values/packing.h"

#include <algorithm>
#include <array>
#include <utility>

#include "domain/values/whole_number.h"

namespace monitor {
namespace {

// How an id is written; stands in the two low bits of its first number, which holds the length or the digits' value
// above them.
enum class IdForm : std::uint8_t { kText, kNumber, kHex, kUuid };

constexpr std::size_t kUuidSize = 36;
constexpr std::uint64_t kMaxNumber = ~std::uint64_t{0} >> 2;

constexpr bool IsDash(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool IsHex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return HexDigit(c) >= 0; });
}

bool IsUuid(std::string_view id) {
  if (id.size() != kUuidSize) return false;
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (IsDash(i) ? id[i] != '-' : HexDigit(id[i]) < 0) return false;
  }
  return true;
}

constexpr std::uint64_t Head(std::uint64_t number, IdForm form) {
  return number << 2 | static_cast<std::uint64_t>(form);
}

std::string HexOf(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (char byte : bytes) {
    text.push_back(kDigits[static_cast<std::uint8_t>(byte) >> 4]);
    text.push_back(kDigits[static_cast<std::uint8_t>(byte) & 15]);
  }
  return text;
}

}  // namespace

void Packer::Word(std::string_view word) {
  const auto known = std::ranges::find(words_, word);
  Varint(static_cast<std::uint64_t>(known - words_.begin()));
  if (known != words_.end()) return;
  Text(word);
  words_.push_back(word);
}

// Of an even number of digits; what is none is left out.
void Packer::AppendHex(std::string_view digits) {
  int high = -1;
  for (char c : digits) {
    const int digit = HexDigit(c);
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      Byte(static_cast<std::uint8_t>(std::exchange(high, -1) << 4 | digit));
    }
  }
}

void Packer::Id(std::string_view id) {
  const auto number = ParseWholeAsPrinted<std::uint64_t>(id);
  if (number && *number <= kMaxNumber) return Varint(Head(*number, IdForm::kNumber));
  if (IsUuid(id)) {
    Varint(Head(0, IdForm::kUuid));
    return AppendHex(id);
  }
  if (id.size() % 2 == 0 && IsHex(id)) {
    Varint(Head(id.size() / 2, IdForm::kHex));
    return AppendHex(id);
  }
  Varint(Head(id.size(), IdForm::kText));
  Append(id);
}

void Unpacker::Id(std::string& id) {
  const std::uint64_t head = Varint();
  switch (static_cast<IdForm>(head & 3)) {
    case IdForm::kText:
      id = Bytes(head >> 2);
      return;
    case IdForm::kNumber:
      id = std::to_string(head >> 2);
      return;
    case IdForm::kHex:
      id = HexOf(Bytes(head >> 2));
      return;
    case IdForm::kUuid:
      id = HexOf(Bytes(16));
      if (failed_) return;
      for (std::size_t i = 0; i < kUuidSize; ++i) {
        if (IsDash(i)) id.insert(i, 1, '-');
      }
      return;
  }
}

void Unpacker::Amount(Decimal& amount) {
  std::int64_t whole = 0, micros = 0;
  Int(whole);
  Int(micros);
  const auto read = Decimal::FromParts(whole, micros);
  if (!read) return Fail();
  amount = *read;
}

std::uint64_t Unpacker::LongVarint() {
  const auto value = TakeVarint(rest_);
  if (!value) Fail();
  return value.value_or(0);
}

std::string_view Unpacker::Bytes(std::uint64_t size) {
  if (size > rest_.size()) {
    Fail();
    return {};
  }
  const std::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

std::string_view Unpacker::NextWord() {
  const std::uint64_t place = Varint();
  if (place < words_.size()) return words_[place];
  if (place > words_.size()) Fail();
  if (failed_) return {};
  return words_.emplace_back(Bytes(Varint()));
}

}  // namespace monitor
