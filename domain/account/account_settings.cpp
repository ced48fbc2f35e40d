// `settings` of an account document (campaigns.md section 1).
#include <algorithm>
#include <array>
#include <string>

#include "domain/account/account_draft.h"
#include "domain/values/enumerators.h"

namespace monitor {
namespace {

constexpr IntegerRange kIdleTimeout{1, 86'400};  // a day
constexpr IntegerRange kMaxAge{1, 7 * 86'400};   // a week: the log keeps whole sessions that long
constexpr double kMaxRate = 1e9;

void ReadControlGroup(const Node& settings, Settings& into) {
  settings.Object("controlGroup", [&](const Node& group) {
    if (auto percentage = group.Number("percentage", {0, 25})) into.control_percentage = *percentage;
    if (auto salt = group.Text("salt")) into.control_salt = *salt;
  });
}

void ReadProactive(const Node& settings, Settings& into) {
  settings.Object("proactive", [&](const Node& proactive) {
    if (auto maximum = proactive.Integer("maxDisplaysPerSession", {1, 3})) {
      into.max_displays_per_session = static_cast<int>(*maximum);
    }
    proactive.Object("inviteAfterDecline", [&](const Node& invite) {
      into.invite_content_after_decline = invite.Bool("content").value_or(true);
      into.invite_conversation_after_decline = invite.Bool("conversation").value_or(false);
    });
  });
}

void ReadPriorityShares(const Node& settings, Settings& into) {
  settings.Object("priorityShares", [&](const Node& shares) {
    double sum = 0;
    for (std::size_t i = 0; i < kEnumerators<Priority>; ++i) {
      if (auto share = shares.Number(ToText(static_cast<Priority>(i)), {0, kMaxRate})) into.priority_shares[i] = *share;
      sum += into.priority_shares[i];
    }
    if (sum <= 0) {
      shares.Error("must not all be 0");
    }
  });
}

void ReadAttribution(const Node& settings, Settings& into) {
  if (auto days = settings.Integer("crossSessionPeriodDays", {0, 31})) {
    constexpr std::array<std::int64_t, 5> kPeriods = {0, 1, 7, 14, 31};
    if (std::ranges::find(kPeriods, *days) == kPeriods.end()) {
      settings.ErrorAt("crossSessionPeriodDays", "must be 0, 1, 7, 14 or 31");
    }
    into.cross_session_period_days = static_cast<int>(*days);
  }
  if (auto attribution = settings.OneOf("attribution", &ParseAttribution, "\"last\" or \"first\"")) {
    into.attribution = *attribution;
  }
}

void ReadSession(const Node& settings, Settings& into) {
  settings.Object("session", [&](const Node& session) {
    into.idle_timeout_s = session.Integer("idleTimeout", kIdleTimeout).value_or(into.idle_timeout_s);
    into.max_age_s = session.Integer("maxAge", kMaxAge).value_or(into.max_age_s);
  });
}

// `null` takes the limit away; members that are absent keep their default.
void ReadRateLimit(const Node& caps, std::string_view member, std::optional<RateLimit>& limit) {
  if (caps.IsNull(member)) limit.reset();
  caps.Object(member, [&](const Node& node) {
    limit->per_second = node.Number("perSecond", {0, kMaxRate, true}).value_or(limit->per_second);
    limit->burst = node.Number("burst", {1, kMaxRate}).value_or(limit->burst);
  });
}

void ReadCaps(const Node& settings, Settings& into) {
  if (settings.IsNull("caps")) {
    into.new_sessions.reset();
    into.new_sessions_per_address.reset();
    into.events_per_session = kMaxEventsPerSession;
  }
  settings.Object("caps", [&](const Node& caps) {
    ReadRateLimit(caps, "newSessions", into.new_sessions);
    ReadRateLimit(caps, "newSessionsPerAddress", into.new_sessions_per_address);
    if (caps.IsNull("eventsPerSession")) into.events_per_session = kMaxEventsPerSession;
    if (auto events = caps.Integer("eventsPerSession", {1, kMaxEventsPerSession})) into.events_per_session = *events;
  });
}

void ReadTokens(const Node& settings, Settings& into) {
  settings.Each("apiTokenSha256", [&](const Node& node) {
    std::optional<std::string_view> text = node.AsText();
    if (!text) return;
    std::string token(*text);
    for (char& c : token) {
      if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    }
    bool is_hex = token.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!is_hex || token.size() != 64) node.Error("must be the 64 hex digits of a token's SHA-256");
    into.api_token_sha256.push_back(std::move(token));
  });
}

void ReadBotPatterns(const Node& settings, std::optional<std::vector<Regex>>& patterns) {
  if (!settings.Has("botPatterns")) return;
  patterns.emplace();
  settings.Each("botPatterns", [&](const Node& node) {
    if (auto regex = ReadRegex(node)) patterns->push_back(std::move(*regex));
  });
}

}  // namespace

void ReadSettings(const Node& root, AccountDraft& draft) {
  Settings& settings = draft.account.settings;
  settings.control_salt = draft.account.id.str();
  root.Object("settings", [&](const Node& node) {
    ReadControlGroup(node, settings);
    ReadProactive(node, settings);
    ReadPriorityShares(node, settings);
    ReadAttribution(node, settings);
    ReadSession(node, settings);
    ReadCaps(node, settings);
    ReadTokens(node, settings);
    ReadBotPatterns(node, draft.library.bot_patterns);
    settings.keep_full_address = node.Bool("keepFullAddress").value_or(false);
  });
}

}  // namespace monitor
