#include "domain/deciding/location_memo.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/account/library.h"
#include "domain/values/url.h"

namespace monitor {
namespace {

using Memo = SessionState::LocationMemo;

std::size_t WordsFor(std::size_t bits) { return (bits + 63) / 64; }
void SetBit(std::uint64_t* words, std::uint32_t bit) { words[bit / 64] |= std::uint64_t{1} << (bit % 64); }
bool HasBit(const std::uint64_t* words, std::uint32_t bit) { return (words[bit / 64] >> (bit % 64) & 1) != 0; }

// Of an entry point, and how long its beginning is that says so: none of a URL's, which is compared whole. nullopt: of
// a scheme that no location asks for.
std::optional<std::pair<EntryPointScheme, std::size_t>> SchemeOf(std::string_view raw) {
  using enum EntryPointScheme;
  constexpr std::size_t kLongest = 8;
  const std::string beginning = FoldCase(raw.substr(0, kLongest));
  if (beginning.starts_with("https://") || beginning.starts_with("http://")) return std::pair(kUrl, 0);
  if (beginning.starts_with("sec://")) return std::pair(kSection, 6);
  if (beginning.starts_with("tel://")) return std::pair(kTel, 6);
  if (beginning.starts_with("lang://")) return std::pair(kLang, 7);
  return std::nullopt;
}

void MatchEntryPoint(const Locations& locations, std::string_view raw, std::string& folded, std::uint64_t* included,
                     std::uint64_t* excluded) {
  const auto scheme = SchemeOf(raw);
  if (!scheme) return;
  const auto& matchers = locations.by_scheme[static_cast<std::size_t>(scheme->first)];
  if (matchers.empty()) return;
  const bool url = scheme->first == EntryPointScheme::kUrl;
  const std::string readable = url ? ReadableUrl(raw) : std::string(raw.substr(scheme->second));
  folded.clear();
  FoldCase(readable, folded);
  const ComparedText compared{readable, folded, BytePairs(folded)};
  for (const LocationMatcher& one : matchers) {
    if (one.matcher.Matches(compared)) SetBit(one.excludes ? excluded : included, one.location);
  }
}

void UpdateViews(const Locations& locations, const SessionState& session, Memo& memo) {
  if (locations.count == 0) return;
  const std::size_t words = WordsFor(locations.count);
  memo.views.resize(session.views.size() * words);
  memo.pages.resize(session.pages.size() * words);
  memo.visited.resize(words);
  std::vector<std::uint64_t> excluded;
  std::string scratch;
  for (; memo.views_seen < session.views.size(); ++memo.views_seen) {
    const View& view = session.views[memo.views_seen];
    const Page& page = session.pages[view.page];
    std::uint64_t* matched = &memo.views[memo.views_seen * words];
    excluded.assign(words, 0);
    for (std::uint32_t location : locations.everywhere) SetBit(matched, location);
    for (std::uint32_t point : view.entry_points) {
      MatchEntryPoint(locations, page.entry_points[point], scratch, matched, excluded.data());
    }
    for (std::size_t i = 0; i < words; ++i) {
      matched[i] &= ~excluded[i];
      memo.pages[view.page * words + i] |= matched[i];
      memo.visited[i] |= matched[i];
    }
  }
}

void UpdateReferrals(const std::vector<TextMatcher>& referrals, const SessionState& session, Memo& memo) {
  if (referrals.empty()) return;
  memo.referrals.resize(WordsFor(referrals.size()));
  std::string folded;
  for (; memo.referrers_seen < session.referrers.size(); ++memo.referrers_seen) {
    const std::string readable = ReadableUrl(session.referrers[memo.referrers_seen]);
    folded.clear();
    FoldCase(readable, folded);
    const ComparedText compared{readable, folded, BytePairs(folded)};
    for (std::uint32_t i = 0; i < referrals.size(); ++i) {
      if (referrals[i].Matches(compared)) SetBit(memo.referrals.data(), i);
    }
  }
}

}  // namespace

void UpdateLocationMemo(const Account& account, SessionState& session) {
  Memo& memo = session.location_memo;
  if (memo.text_revision != account.library->text_revision) {
    memo = Memo{};
    memo.text_revision = account.library->text_revision;
  }
  UpdateViews(account.library->locations, session, memo);
  UpdateReferrals(account.library->referrals, session, memo);
}

bool NewestRequestMatches(const SessionState& session, std::uint32_t location) {
  const Memo& memo = session.location_memo;
  if (session.views.empty()) return false;
  return HasBit(&memo.views[session.pages[session.newest_page].view * memo.visited.size()], location);
}

bool PageMatches(const SessionState& session, std::size_t page_index, std::uint32_t location) {
  const Memo& memo = session.location_memo;
  return HasBit(&memo.pages[page_index * memo.visited.size()], location);
}

bool WasVisited(const SessionState& session, std::uint32_t location) {
  return !session.views.empty() && HasBit(session.location_memo.visited.data(), location);
}

bool ReferralMatches(const SessionState& session, std::uint32_t referral) {
  return HasBit(session.location_memo.referrals.data(), referral);
}

}  // namespace monitor
