#include "domain/deciding/session_texts.h"

#include <algorithm>
#include <variant>
#include <vector>

#include "domain/account/library.h"
#include "domain/deciding/location_memo.h"
#include "domain/deciding/rules.h"

namespace monitor {
namespace {

// Calls use(rule) for each condition of that type.
template <class Wanted, class Use>
void ForEachRule(const Library& library, Use use) {
  for (const Behavior& behavior : library.behaviors) {
    for (const Condition<BehaviorRule>& condition : behavior) {
      if (const auto* rule = std::get_if<Wanted>(&condition.rule)) use(*rule);
    }
  }
}

void ForgetErrors(const Library& library, AttributeState& attributes) {
  if (attributes.errors.empty()) return;
  auto& fitting = attributes.fitting_errors;
  ForEachRule<VisitorError>(library, [&](const VisitorError& rule) {
    for (const SessionError& error : attributes.errors) {
      if (Fits(error, rule)) fitting.push_back({KeyOf(error), rule.number});
    }
    auto too_many =
        std::ranges::count(fitting, rule.number, &FittingError::rule) - std::max(kMaxFittingErrors, rule.ordinal);
    std::erase_if(fitting, [&](const FittingError& one) { return one.rule == rule.number && too_many-- > 0; });
  });
  attributes.errors = {};
}

// Only topics that are asked for are remembered.
void ForgetTopics(const Library& library, AttributeState& attributes) {
  if (attributes.service_status.empty()) return;
  std::vector<std::string_view> asked;
  ForEachRule<ServiceActivity>(library, [&](const ServiceActivity& rule) { asked.push_back(rule.folded_topic); });
  std::erase_if(attributes.service_status,
                [&](const auto& status) { return std::ranges::find(asked, status.first) == asked.end(); });
}

// Each page keeps its newest view only, which stands for the page from here on.
void ForgetEntryPoints(SessionState& session) {
  auto& memo = session.location_memo;
  const std::size_t words = memo.visited.size();
  std::vector<View> newest;
  std::vector<std::uint64_t> rows(session.pages.size() * words);
  newest.reserve(session.pages.size());
  for (std::size_t i = 0; i < session.pages.size(); ++i) {
    Page& page = session.pages[i];
    std::copy_n(memo.views.begin() + static_cast<std::ptrdiff_t>(page.view * words), words,
                rows.begin() + static_cast<std::ptrdiff_t>(i * words));
    newest.push_back({i, session.views[page.view].fingerprint, {}});
    page.view = i;
    page.entry_points = {};
  }
  session.views = std::move(newest);
  memo.views = std::move(rows);
  memo.views_seen = session.views.size();
  session.referrers = {};
  memo.referrers_seen = 0;
}

}  // namespace

void ForgetTexts(const Account& account, SessionState& session) {
  UpdateLocationMemo(account, session);
  ForgetEntryPoints(session);
  ForgetErrors(*account.library, session.attributes);
  ForgetTopics(*account.library, session.attributes);
  session.texts_forgotten = true;
}

bool IsJudgeable(const Account& account, const SessionState& session) {
  return !session.texts_forgotten || session.location_memo.text_revision == account.library->text_revision;
}

}  // namespace monitor
