#include "domain/account/library.h"

#include <utility>

#include "domain/values/enumerators.h"
#include "domain/values/url.h"

namespace monitor {

static_assert(kEntryPointSchemes == kEnumerators<EntryPointScheme>);

TextMatcher TextMatcher::Contains(std::string_view text) {
  TextMatcher matcher{How::kContains, FoldCase(text), {}, std::nullopt};
  matcher.pairs = BytePairs(matcher.folded);
  return matcher;
}

TextMatcher TextMatcher::ContainsUrlPart(std::string_view part) {
  const std::string readable = ReadableUrlPart(part);
  TextMatcher matcher = Contains(readable);
  if (const auto from_host = ReadableFromHost(readable)) {
    matcher.other = std::make_unique<TextMatcher>(Contains(*from_host));
  }
  return matcher;
}

TextMatcher TextMatcher::Exact(std::string_view text) {
  TextMatcher matcher = Contains(text);
  matcher.how = How::kExact;
  return matcher;
}

TextMatcher TextMatcher::Matching(Regex regex) { return {How::kRegex, {}, {}, std::move(regex)}; }

bool TextMatcher::Matches(const ComparedText& text) const {
  switch (how) {
    case How::kContains:
      return (text.pairs.MayContain(pairs) && text.folded.contains(folded)) || (other && other->Matches(text));
    case How::kExact:
      return text.folded == folded;
    case How::kRegex:
      return regex->Matches(text.raw);
  }
  return false;
}

}  // namespace monitor
