// Comparing text without case, and regular expressions. RE2 is named in text_match.cpp only.
//
// "Without case" is Unicode's simple case folding (CaseFolding.txt, statuses C and S, version 14): one character
// becomes one character, so "STRASSE" equals "Strasse" but not "Straße". RE2's own (?i) does the same. No
// normalisation, no percent-decoding. Bytes that are no UTF-8 stay as they are.
#pragma once

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
