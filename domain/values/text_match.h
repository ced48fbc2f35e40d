// Comparing text without case, and regular expressions. RE2 is named in text_match.cpp only.
//
// "Without case" is Unicode's simple case folding (CaseFolding.txt, statuses C and S, version 14): one character
// becomes one character, so "STRASSE" equals "Strasse" but not "Straße". RE2's own (?i) does the same. No
// normalisation, no percent-decoding. Bytes that are no UTF-8 stay as they are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace monitor {

// Appends the folded text.
void FoldCase(std::string_view text, std::string& out);
std::string FoldCase(std::string_view text);

// Is `text`, folded, equal to `folded`? Allocates nothing.
bool EqualsFolded(std::string_view text, std::string_view folded);

// Which pairs of neighbouring bytes occur in a text, as a small Bloom filter: tells in a few instructions that a text
// cannot contain another. Compares one entry point with the texts of hundreds of locations.
class BytePairs {
 public:
  BytePairs() = default;
  explicit BytePairs(std::string_view text);

  // False only if the text of `part` does not occur in this one.
  bool MayContain(const BytePairs& part) const {
    std::uint64_t missing = 0;
    for (std::size_t i = 0; i < bits_.size(); ++i) missing |= part.bits_[i] & ~bits_[i];
    return missing == 0;
  }

 private:
  std::array<std::uint64_t, 4> bits_{};
};

// A compiled RE2: linear time, unanchored, ignoring case. Shareable by threads.
class Regex {
 public:
  // The error is RE2's own, in English.
  static std::expected<Regex, std::string> Compile(std::string_view pattern);

  bool Matches(std::string_view text) const;

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

 private:
  struct Program;
  explicit Regex(std::unique_ptr<const Program> program);
  std::unique_ptr<const Program> program_;
};

}  // namespace monitor
