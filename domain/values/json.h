// The one JSON reader and writer of the project; RapidJSON is named in json.cpp only.
//
// The reader is for hostile input: it works iteratively, keeps numbers as text, validates UTF-8, and refuses depth,
// node counts, duplicate keys and anything after the document (also behind an embedded NUL). An escaped half of a
// surrogate pair is read as U+FFFD: clients cut texts in the middle of a pair (http-api.md section 3). See
// design notes on RapidJSON in docs/decisions/. A Document owns all memory of its values (one arena): values are views
// and must not outlive it. Not thread-safe while being built; afterwards const and shareable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace monitor::json {

enum class Kind : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

struct Member;

class Value {
 public:
  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::kNull; }
  bool is_string() const { return kind_ == Kind::kString; }
  bool is_number() const { return kind_ == Kind::kNumber; }
  bool is_bool() const { return kind_ == Kind::kBool; }
  bool is_array() const { return kind_ == Kind::kArray; }
  bool is_object() const { return kind_ == Kind::kObject; }

  // A string's decoded characters, or a number exactly as written. Empty for other kinds.
  std::string_view text() const { return text_; }
  bool boolean() const { return boolean_; }
  std::span<const Value> items() const;     // of an array; empty otherwise
  std::span<const Member> members() const;  // of an object, in the order written; empty otherwise
  // The member's value, nullptr if there is none or it is `null` (which counts as absent: http-api.md section 3).
  const Value* Find(std::string_view name) const;

 private:
  friend class Builder;
  Kind kind_ = Kind::kNull;
  bool boolean_ = false;
  std::uint32_t count_ = 0;
  std::string_view text_;
  const Value* items_ = nullptr;
  const Member* members_ = nullptr;
};

struct Member {
  std::string_view name;
  Value value;
};

struct Limits {
  int max_depth = 32;              // the document itself is 1
  std::size_t max_nodes = 65'536;  // values of all kinds
};

struct ParseError {
  std::size_t offset;   // bytes from the start of the text
  std::string message;  // in English, without the input's content
  std::string path;     // of the value that is no good: "items[1].total"; empty: the document itself, or not one value
};

class Document {
 public:
  static std::expected<Document, ParseError> Parse(std::string_view text, Limits limits = {});

  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  const Value& root() const;

 private:
  struct Arena;
  explicit Document(std::unique_ptr<Arena> arena);
  std::unique_ptr<Arena> arena_;
};

// Appends JSON to a string. The caller keeps the grammar: Key before each value in an object. Commas are its own.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& BeginObject();
  Writer& EndObject();
  Writer& BeginArray();
  Writer& EndArray();
  Writer& Key(std::string_view name);
  Writer& String(std::string_view text);
  Writer& Int(std::int64_t value);
  Writer& UInt(std::uint64_t value);
  Writer& Double(double value);  // shortest form that reads back the same; null if not finite
  Writer& Bool(bool value);
  Writer& Null();
  Writer& Raw(std::string_view json);  // already valid JSON; taken as one value
  Writer& Copy(const Value& value);    // a parsed value, numbers as they were written

 private:
  void BeforeValue();
  std::string& out_;
  bool needs_comma_ = false;
};

}  // namespace monitor::json
