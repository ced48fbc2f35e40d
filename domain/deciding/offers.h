// All engagements of an account judged for one request: what stands, what is new, what was outdrawn or refused and why
// (campaigns.md sections 3 and 4). Deciding and explaining both use this, and nothing else decides.
// Pure apart from memos in the session; one decision at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "domain/deciding/decide.h"
#include "domain/deciding/eligibility.h"

namespace monitor {

struct JudgedEngagement {
  std::uint32_t campaign_index = 0;  // in Account::campaigns
  const Engagement* engagement = nullptr;
  Verdict verdict = Verdict::kRefused;
  Reason reason = Reason::kNone;
  bool settled = false;                 // judged as a standing offer, hence not as a new one
  std::optional<std::size_t> standing;  // offered again: index in SessionState::offers
};

struct JudgedOffers {
  std::vector<JudgedEngagement> engagements;      // all, in the document's order
  std::vector<std::size_t> offered;               // indexes of the above, in the answer's order
  std::vector<std::uint32_t> withdrawn_contexts;  // offers that stood here until now, by context id
  std::uint32_t zone_conflicts = 0;               // zones with more than one candidate
};

// `subject` as for Eligibility; `seed` of the request's draws. The page is the session's newest.
JudgedOffers JudgeOffers(const Eligibility::Subject& subject, std::uint64_t seed);

}  // namespace monitor
