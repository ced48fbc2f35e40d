#include "domain/values/json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

// In-situ parsing reads whole aligned blocks of 16: the text's copy is padded for it (Document::Arena).
#if defined(__SSE2__)
#define RAPIDJSON_SSE2
#endif
#include <rapidjson/error/error.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "domain/values/json_number.h"

namespace monitor::json {
namespace {

constexpr std::size_t kBlock = 16;  // of RapidJSON's vector instructions, and every allocation's alignment
constexpr std::size_t kFirstChunkNodes = 24;
constexpr std::size_t kChunkBytes = 32 * 1024;
constexpr std::size_t kLinearMembers = 12;  // up to so many keys are compared pairwise, more are sorted

constexpr const char* kHalfPair = "half a surrogate pair";
constexpr const char* kTooBig = "the number is too big";

constexpr std::size_t RoundUp(std::size_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

// True if every byte is below 0x80: then there is no encoding to validate, which doubles the speed.
bool IsAscii(std::string_view text) {
  std::uint64_t seen = 0;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    seen |= word;
  }
  for (; i < text.size(); ++i) seen |= static_cast<unsigned char>(text[i]);
  return (seen & 0x8080808080808080u) == 0;
}

// A \uDC00 without its first half comes out of this RapidJSON as three bytes that are no UTF-8.
bool HasLoneSurrogate(std::string_view text) {
  for (std::size_t i = text.find('\xED'); i != std::string_view::npos; i = text.find('\xED', i + 1)) {
    if (i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0xA0) return true;
  }
  return false;
}

// False for what a double turns into infinity. RapidJSON itself looks at the exponent alone: 9e308 passes there.
bool IsFinite(std::string_view number) {
  constexpr std::size_t kShort = 300;  // too few digits for infinity without an exponent
  if (number.size() < kShort && number.find_first_of("eE") == std::string_view::npos) return true;
  return std::isfinite(
      std::strtod(std::string(number).c_str(), nullptr));  // std::from_chars tells not which end it left
}

// RapidJSON takes the exponent alone for too big, also 0e400. Blanks the exponents of such zeros, so that every byte
// stays where it is and what is no JSON stays none. False if there are none.
bool BlankExponentsOfZeros(std::string& text) {
  constexpr std::string_view kNumberCharacters = "0123456789+-.eE";
  bool found = false;
  std::size_t end = 0;
  for (std::size_t i = 0; i < text.size(); i = end) {
    end = i + 1;
    if (text[i] == '"') {
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      ++end;
    } else if (kNumberCharacters.contains(text[i])) {
      end = std::min(text.find_first_not_of(kNumberCharacters, i), text.size());
      const std::string_view token = std::string_view(text).substr(i, end - i);
      const std::size_t exponent = token.find_first_of("eE");
      const auto number = SplitJsonNumber(token);
      if (exponent == std::string_view::npos || !number || !number->is_zero()) continue;
      text.replace(i + exponent, token.size() - exponent, token.size() - exponent, ' ');
      found = true;
    }
  }
  return found;
}

// Writes U+FFFD over every escaped half of a surrogate pair; as long as it was, so that every byte stays where it is.
// False if there are none.
bool ReplaceHalfPairs(std::string& text) {
  // The four digits of an escape; 0 if there is none. No half is 0.
  const auto unit_at = [&text](std::size_t i) -> unsigned {
    unsigned unit = 0;
    if (i + 6 > text.size() || text[i] != '\\' || text[i + 1] != 'u') return 0;
    const char* const end = text.data() + i + 6;
    return std::from_chars(text.data() + i + 2, end, unit, 16).ptr == end ? unit : 0;
  };
  bool found = false;
  for (std::size_t i = text.find('\\'); i < text.size(); i = text.find('\\', i)) {
    const unsigned unit = unit_at(i);
    const bool first = unit >= 0xD800 && unit < 0xDC00, second = unit >= 0xDC00 && unit < 0xE000;
    if (first && unit_at(i + 6) >= 0xDC00 && unit_at(i + 6) < 0xE000) {
      i += 12;
      continue;
    }
    if (first || second) {
      text.replace(i, 6, "\\uFFFD");
      found = true;
    }
    i += 2;  // an escaped backslash begins nothing
  }
  return found;
}

std::string MessageOf(rapidjson::ParseErrorCode code) {
  switch (code) {
    case rapidjson::kParseErrorDocumentEmpty:
      return "the document is empty";
    case rapidjson::kParseErrorDocumentRootNotSingular:
      return "something follows the document";
    case rapidjson::kParseErrorObjectMissName:
      return "a key in double quotes is expected";
    case rapidjson::kParseErrorObjectMissColon:
      return "a colon is expected after the key";
    case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
      return "a comma or } is expected";
    case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
      return "a comma or ] is expected";
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
    case rapidjson::kParseErrorStringEscapeInvalid:
      return "the escape sequence is invalid";
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
      return kHalfPair;
    case rapidjson::kParseErrorStringMissQuotationMark:
      return "the string does not end";
    case rapidjson::kParseErrorStringInvalidEncoding:
      return "a string is not UTF-8 or holds a control character";
    case rapidjson::kParseErrorNumberTooBig:
      return kTooBig;
    case rapidjson::kParseErrorNumberMissFraction:
    case rapidjson::kParseErrorNumberMissExponent:
      return "the number is not complete";
    default:
      return "a value is expected";
  }
}

}  // namespace

// The document's one owner of bytes: the text's copy, which is parsed in place, then the values, chunk by chunk.
struct Document::Arena {
  explicit Arena(std::string_view text) {
    std::size_t text_bytes = RoundUp(text.size() + 1) + kBlock;
    AddChunk(text_bytes + RoundUp(std::max(kFirstChunkNodes * sizeof(Member), 3 * text.size())));
    text_begin = static_cast<char*>(Allocate(text_bytes));
    if (!text.empty()) std::memcpy(text_begin, text.data(), text.size());
    std::memset(text_begin + text.size(), 0, text_bytes - text.size());
  }

  void AddChunk(std::size_t size) {
    chunks.push_back(std::unique_ptr<Block[]>(new Block[size / kBlock]));
    free = reinterpret_cast<char*>(chunks.back().get());
    left = size;
  }

  void* Allocate(std::size_t size) {
    size = RoundUp(size);
    if (size > left) AddChunk(std::max(size, kChunkBytes));
    void* result = free;
    free += size;
    left -= size;
    return result;
  }

  struct alignas(kBlock) Block {
    char bytes[kBlock];
  };
  std::vector<std::unique_ptr<Block[]>> chunks;
  char* free = nullptr;
  std::size_t left = 0;
  char* text_begin = nullptr;
  Value root;
};

// Takes the reader's events and builds values bottom-up: finished ones wait on `pending_` until their container ends.
class Builder {
 public:
  Builder(std::function<void*(std::size_t)> allocate, Limits limits) : allocate_(std::move(allocate)), limits_(limits) {
    pending_.reserve(32);
  }

  bool Null() { return Add(Value()); }
  bool Bool(bool value) {
    Value node;
    node.kind_ = Kind::kBool;
    node.boolean_ = value;
    return Add(node);
  }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    if (!IsFinite({text, size})) return Refuse(kTooBig);
    return AddText(Kind::kNumber, {text, size});
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    if (HasLoneSurrogate({text, size})) return Refuse(kHalfPair);
    return AddText(Kind::kString, {text, size});
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (HasLoneSurrogate({text, size})) return Refuse(kHalfPair);
    key_ = {text, size};
    return true;
  }
  bool StartObject() { return Open(Kind::kObject); }
  bool StartArray() { return Open(Kind::kArray); }

  bool EndObject(rapidjson::SizeType count) {
    Member* members = static_cast<Member*>(allocate_(count * sizeof(Member)));
    std::uninitialized_copy(pending_.end() - count, pending_.end(), members);
    if (HasDuplicateKey({members, count})) return Refuse("a key occurs twice in one object");
    Value node;
    node.kind_ = Kind::kObject;
    node.members_ = members;
    return Close(node, count);
  }

  bool EndArray(rapidjson::SizeType count) {
    Value* items = static_cast<Value*>(allocate_(count * sizeof(Value)));
    for (std::size_t i = 0; i < count; ++i) new (items + i) Value(pending_[pending_.size() - count + i].value);
    Value node;
    node.kind_ = Kind::kArray;
    node.items_ = items;
    return Close(node, count);
  }

  // Not called with kParseNumbersAsStringsFlag.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

  const Value& root() const { return pending_.front().value; }
  const char* refusal() const { return refusal_; }

  // Of the value that comes next; empty if its path is too long to be of use.
  std::string Path() const {
    constexpr std::size_t kMaxPathBytes = 256;
    std::string path;
    for (std::size_t i = 0; i < open_.size() && path.size() <= kMaxPathBytes; ++i) {
      const bool last = i + 1 == open_.size();
      if (open_[i].kind == Kind::kArray) {
        // Its finished elements wait, and the containers that are open in between do not: they have no value yet.
        const std::size_t end = last ? pending_.size() : open_[i + 1].begin;
        path.append("[").append(std::to_string(end - open_[i].begin)).append("]");
      } else {
        path.append(path.empty() ? "" : ".").append(last ? key_ : open_[i + 1].key);
      }
    }
    return path.size() <= kMaxPathBytes ? path : std::string();
  }

 private:
  struct OpenContainer {
    std::string_view key;  // its own, in the container around it
    std::size_t begin;     // its first value on `pending_`
    Kind kind;
  };

  bool Refuse(const char* why) {
    refusal_ = why;
    return false;
  }

  bool AddText(Kind kind, std::string_view text) {
    Value node;
    node.kind_ = kind;
    node.text_ = text;
    return Add(node);
  }

  bool Add(const Value& node) {
    if (++nodes_ > limits_.max_nodes) return Refuse("too many values");
    pending_.push_back({key_, node});
    key_ = {};
    return true;
  }

  bool Open(Kind kind) {
    if (std::ssize(open_) == limits_.max_depth) return Refuse("nested too deep");
    open_.push_back({key_, pending_.size(), kind});
    key_ = {};
    return true;
  }

  bool Close(Value& node, std::size_t count) {
    node.count_ = static_cast<std::uint32_t>(count);
    pending_.resize(pending_.size() - count);
    key_ = open_.back().key;
    open_.pop_back();
    return Add(node);
  }

  static bool HasDuplicateKey(std::span<const Member> members) {
    if (members.size() <= kLinearMembers) {
      for (std::size_t i = 1; i < members.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
          if (members[i].name == members[j].name) return true;
        }
      }
      return false;
    }
    // Sorted rather than hashed: no input makes it slow.
    std::vector<std::string_view> names;
    names.reserve(members.size());
    for (const Member& member : members) names.push_back(member.name);
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) != names.end();
  }

  std::function<void*(std::size_t)> allocate_;
  Limits limits_;
  std::size_t nodes_ = 0;
  std::string_view key_;
  std::vector<OpenContainer> open_;
  std::vector<Member> pending_;
  const char* refusal_ = nullptr;
};

namespace {

template <unsigned kFlags>
rapidjson::ParseResult Read(char* text, std::size_t size, Builder& builder, bool& whole) {
  // The reader's own stack: a state per open container and a little more. Small documents never leave this buffer.
  std::array<char, 2048> buffer;
  rapidjson::MemoryPoolAllocator<> pool(buffer.data(), buffer.size());
  rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, rapidjson::MemoryPoolAllocator<>> reader(&pool, 1024);
  rapidjson::InsituStringStream stream(text);
  auto result = reader.Parse < kFlags | rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag |
                rapidjson::kParseNumbersAsStringsFlag > (stream, builder);
  whole = stream.Tell() == size;
  return result;
}

}  // namespace

std::span<const Value> Value::items() const { return {items_, kind_ == Kind::kArray ? count_ : 0}; }
std::span<const Member> Value::members() const { return {members_, kind_ == Kind::kObject ? count_ : 0}; }

const Value* Value::Find(std::string_view name) const {
  for (const Member& member : members()) {
    if (member.name == name) return member.value.is_null() ? nullptr : &member.value;
  }
  return nullptr;
}

std::expected<Document, ParseError> Document::Parse(std::string_view text, Limits limits) {
  auto arena = std::make_unique<Arena>(text);
  Builder builder([&arena = *arena](std::size_t size) { return arena.Allocate(size); }, limits);
  bool whole = false;
  rapidjson::ParseResult result =
      IsAscii(text) ? Read<rapidjson::kParseNoFlags>(arena->text_begin, text.size(), builder, whole)
                    : Read<rapidjson::kParseValidateEncodingFlag>(arena->text_begin, text.size(), builder, whole);
  if (result.IsError()) {
    std::string message = builder.refusal() != nullptr ? builder.refusal() : MessageOf(result.Code());
    // What can be mended is, once: then there is none left.
    std::string mended(text);
    if (message == kTooBig && BlankExponentsOfZeros(mended)) return Parse(mended, limits);
    if (message == kHalfPair && ReplaceHalfPairs(mended)) return Parse(mended, limits);
    std::string path = message == kTooBig ? builder.Path() : std::string();
    return std::unexpected(ParseError{result.Offset(), std::move(message), std::move(path)});
  }
  // RapidJSON takes a NUL for the end of the text.
  if (!whole) return std::unexpected(ParseError{text.find('\0'), "something follows the document"});
  arena->root = builder.root();
  return Document(std::move(arena));
}

Document::Document(std::unique_ptr<Arena> arena) : arena_(std::move(arena)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

const Value& Document::root() const { return arena_->root; }

}  // namespace monitor::json
