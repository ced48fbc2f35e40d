#include "domain/location_memo.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/library.h"

namespace monitor {
namespace {

using Memo = SessionState::LocationMemo;

std::size_t WordsFor(std::size_t bits) { return (bits + 63) / 64; }
void SetBit(std::uint64_t* words, std::uint32_t bit) { words[bit / 64] |= std::uint64_t{1} << (bit % 64); }
bool HasBit(const std::uint64_t* words, std::uint32_t bit) { return (words[bit / 64] >> (bit % 64) & 1) != 0; }

struct EntryPoint {
  EntryPointScheme scheme;
  std::string_view text;  // folded; a URL whole, of the others what follows the scheme
};

// nullopt: of a scheme that no location asks for.
std::optional<EntryPoint> Classify(std::string_view folded) {
  if (folded.starts_with("https://") || folded.starts_with("http://"))
    return EntryPoint{EntryPointScheme::kUrl, folded};
  if (folded.starts_with("sec://")) return EntryPoint{EntryPointScheme::kSection, folded.substr(6)};
  if (folded.starts_with("tel://")) return EntryPoint{EntryPointScheme::kTel, folded.substr(6)};
  if (folded.starts_with("lang://")) return EntryPoint{EntryPointScheme::kLang, folded.substr(7)};
  return std::nullopt;
}

void MatchEntryPoint(const Locations& locations, std::string_view raw, std::string& scratch, std::uint64_t* included,
                     std::uint64_t* excluded) {
  scratch.clear();
  FoldCase(raw, scratch);
  std::optional<EntryPoint> point = Classify(scratch);
  if (!point) return;
  const ComparedText compared{raw, point->text, BytePairs(point->text)};
  for (const LocationMatcher& one : locations.by_scheme[static_cast<std::size_t>(point->scheme)]) {
    if (one.matcher.Matches(compared)) SetBit(one.excludes ? excluded : included, one.location);
  }
}

void AddPages(const Locations& locations, std::size_t words, const SessionState& session, Memo& memo) {
  std::size_t known = memo.entry_points_seen.size();
  memo.entry_points_seen.resize(session.pages.size());
  memo.included.resize(session.pages.size() * words);
  memo.excluded.resize(session.pages.size() * words);
  for (; known < session.pages.size(); ++known) {
    for (std::uint32_t location : locations.everywhere) SetBit(&memo.included[known * words], location);
  }
}

void UpdatePages(const Locations& locations, const SessionState& session, Memo& memo) {
  if (locations.count == 0) return;
  const std::size_t words = WordsFor(locations.count);
  bool changed = memo.entry_points_seen.size() != session.pages.size();
  AddPages(locations, words, session, memo);
  std::string scratch;
  for (std::size_t page = 0; page < session.pages.size(); ++page) {
    const std::vector<std::string>& points = session.pages[page].entry_points;
    for (std::size_t& seen = memo.entry_points_seen[page]; seen < points.size(); ++seen) {
      MatchEntryPoint(locations, points[seen], scratch, &memo.included[page * words], &memo.excluded[page * words]);
      changed = true;
    }
  }
  if (!changed) return;
  memo.visited.assign(words, 0);  // anew: a later entry point may have excluded what a page matched
  for (std::size_t i = 0; i < memo.included.size(); ++i) {
    memo.visited[i % words] |= memo.included[i] & ~memo.excluded[i];
  }
}

void UpdateReferrals(const std::vector<TextMatcher>& referrals, const SessionState& session, Memo& memo) {
  if (referrals.empty()) return;
  memo.referrals.resize(WordsFor(referrals.size()));
  std::string folded;
  for (; memo.referrers_seen < session.referrers.size(); ++memo.referrers_seen) {
    const std::string& raw = session.referrers[memo.referrers_seen];
    folded.clear();
    FoldCase(raw, folded);
    const ComparedText compared{raw, folded, BytePairs(folded)};
    for (std::uint32_t i = 0; i < referrals.size(); ++i) {
      if (referrals[i].Matches(compared)) SetBit(memo.referrals.data(), i);
    }
  }
}

}  // namespace

void UpdateLocationMemo(const Account& account, SessionState& session) {
  Memo& memo = session.location_memo;
  if (memo.revision != account.revision) {
    memo = Memo{};
    memo.revision = account.revision;
  }
  UpdatePages(account.library->locations, session, memo);
  UpdateReferrals(account.library->referrals, session, memo);
}

bool PageMatches(const SessionState& session, std::size_t page_index, std::uint32_t location) {
  const Memo& memo = session.location_memo;
  std::size_t row = page_index * memo.visited.size();
  return HasBit(&memo.included[row], location) && !HasBit(&memo.excluded[row], location);
}

bool WasVisited(const SessionState& session, std::uint32_t location) {
  return !session.pages.empty() && HasBit(session.location_memo.visited.data(), location);
}

bool ReferralMatches(const SessionState& session, std::uint32_t referral) {
  return HasBit(session.location_memo.referrals.data(), referral);
}

}  // namespace monitor
