#include "domain/values/text_match.h"

#include <re2/re2.h>

#include <utility>

namespace monitor {

namespace {

// Bounds what one expression of a document may cost in memory; RE2 falls back to its slower linear engine within it.
constexpr std::int64_t kMaxRegexMemory = 2 << 20;

re2::RE2::Options RegexOptions() {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_case_sensitive(false);
  options.set_never_capture(true);
  options.set_max_mem(kMaxRegexMemory);
  return options;
}

}  // namespace

BytePairs::BytePairs(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    auto first = static_cast<unsigned char>(text[i - 1]);
    auto second = static_cast<unsigned char>(text[i]);
    std::uint32_t hash = (first * 31u + second * 7u) & 0xFF;
    bits_[hash / 64] |= std::uint64_t{1} << (hash % 64);
  }
}

struct Regex::Program {
  explicit Program(std::string_view pattern)
      : expression(re2::StringPiece(pattern.data(), pattern.size()), RegexOptions()) {}
  re2::RE2 expression;
};

Regex::Regex(std::unique_ptr<const Program> program) : program_(std::move(program)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

std::expected<Regex, std::string> Regex::Compile(std::string_view pattern) {
  auto program = std::make_unique<const Program>(pattern);
  if (!program->expression.ok()) return std::unexpected(program->expression.error());
  return Regex(std::move(program));
}

bool Regex::Matches(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), program_->expression);
}

}  // namespace monitor
