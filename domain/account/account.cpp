#include "domain/account/account.h"

#include <algorithm>
#include <utility>

#include "domain/account/account_draft.h"
#include "domain/account/account_reader.h"
#include "domain/account/bot_agents.h"
#include "domain/account/library.h"
#include "domain/values/hash.h"
#include "domain/values/json.h"

namespace monitor {
namespace {

constexpr json::Limits kDocumentLimits{.max_depth = 64, .max_nodes = 2'000'000};

DocumentError NotJson(std::string_view document, const json::ParseError& error) {
  std::string_view before = document.substr(0, std::min(error.offset, document.size()));
  auto line = std::ranges::count(before, '\n') + 1;
  std::size_t line_start = before.rfind('\n') + 1;  // 0 if there is none
  std::string place = "line " + std::to_string(line) + ", column " + std::to_string(before.size() - line_start + 1);
  return {"", "is not valid JSON at " + place + ": " + error.message};
}

bool IsCurrencyCode(std::string_view text) {
  return text.size() == 3 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

void ReadIdentity(const Node& root, AccountDraft& draft) {
  Account& account = draft.account;
  if (auto id = root.Require("accountId").Text("accountId")) {
    if (!IsWellFormedAccountId(*id)) root.ErrorAt("accountId", "must be 1 to 20 of the characters A-Z, a-z, 0-9 and _");
    account.id = AccountId(*id);
  }
  account.name = root.Text("name").value_or("");
  account.enabled = root.Bool("enabled").value_or(true);
  if (auto zone = ReadZone(root, "timeZone")) {
    account.time_zone = root.Text("timeZone").value();
    draft.library.zone = *zone;
  }
  if (auto currency = root.Text("currency")) {
    if (!IsCurrencyCode(*currency)) root.ErrorAt("currency", "must be an ISO 4217 code, such as USD");
    account.currency = *currency;
  }
}

void ReadAppInstallations(const Node& root, AccountDraft& draft) {
  root.Each("appInstallations", [&](const Node& node) {
    if (!node.IsObject()) return;
    AppInstallation app;
    if (auto id = node.Require("id").Text("id")) {
      if (id->empty()) node.ErrorAt("id", "must not be empty");
      if (!draft.app_ids.emplace(*id).second) node.ErrorAt("id", "is used by an earlier app installation");
      app.id = AppInstallationId(*id);
    }
    app.name = node.Text("name").value_or("");
    app.enabled = node.Bool("enabled").value_or(true);
    app.connector_id = node.Integer("connectorId");
    draft.account.app_installations.push_back(std::move(app));
  });
}

void ReadSkills(const Node& root, AccountDraft& draft) {
  root.Each("skills", [&](const Node& node) {
    if (!node.IsObject()) return;
    std::int64_t id = draft.skills.Declare(node, draft.account.skills.size());
    draft.account.skills.push_back({id, std::string(node.Text("name").value_or(""))});
  });
}

void ReadGoals(const Node& root, AccountDraft& draft) {
  root.Each("goals", [&](const Node& node) {
    if (!node.IsObject()) return;
    Goal goal{};
    goal.id = draft.goals.Declare(node, draft.account.goals.size());
    goal.name = node.Text("name").value_or("");
    goal.type = node.Require("type")
                    .OneOf("type", &ParseGoalType, "\"purchase\", \"lead\" or \"service\"")
                    .value_or(GoalType::kPurchase);
    if (node.Has("serviceStatuses")) {
      RequireList(node, "serviceStatuses");
      goal.service_statuses = node.Integers("serviceStatuses", {0, 13});
    }
    draft.account.goals.push_back(std::move(goal));
  });
}

// Silently: ReadCampaigns reports what is wrong with them.
std::set<std::int64_t> EngagementIds(const json::Value& root) {
  std::set<std::int64_t> ids;
  DocumentErrors unheard;
  Node(root, unheard).Each("campaigns", [&](const Node& campaign) {
    campaign.Each("engagements", [&](const Node& engagement) {
      if (auto id = engagement.Integer("id")) ids.insert(*id);
    });
  });
  return ids;
}

// Written anew, so that blanks make no difference.
Revision TextRevisionOf(const json::Value& root) {
  std::string texts;
  json::Writer out(texts);
  out.BeginArray();
  for (const char* library : {"onsiteLocations", "visitorProfiles", "visitorBehaviors"}) {
    const json::Value* value = root.Find(library);
    value != nullptr ? out.Copy(*value) : out.Null();
  }
  out.EndArray();
  return RevisionOf(texts);
}

void ReadAll(const Node& root, AccountDraft& draft) {
  ReadIdentity(root, draft);
  ReadAppInstallations(root, draft);
  ReadSkills(root, draft);
  ReadSettings(root, draft);
  ReadGoals(root, draft);
  draft.engagement_ids = EngagementIds(root.value());
  ReadLocations(root, draft);
  ReadSchedules(root, draft);
  ReadProfiles(root, draft);
  ReadBehaviors(root, draft);
  ReadCampaigns(root, draft);
  ReadAlerts(root, draft);
}

}  // namespace

Account::Account() = default;
Account::~Account() = default;

const AppInstallation* Account::FindApp(const AppInstallationId& app_id) const {
  auto found = std::ranges::find(app_installations, app_id, &AppInstallation::id);
  return found == app_installations.end() ? nullptr : &*found;
}

const Skill* Account::FindSkill(std::int64_t skill_id) const {
  auto found = std::ranges::find(skills, skill_id, &Skill::id);
  return found == skills.end() ? nullptr : &*found;
}

bool Account::IsBot(std::string_view user_agent) const {
  if (!library->bot_patterns) return IsKnownBot(user_agent);
  return std::ranges::any_of(*library->bot_patterns, [&](const Regex& bot) { return bot.Matches(user_agent); });
}

std::expected<std::shared_ptr<const Account>, std::vector<DocumentError>> ParseAccount(std::string document) {
  using Errors = std::vector<DocumentError>;
  if (document.size() > kMaxDocumentBytes) {
    return std::unexpected(Errors{{"", "is larger than " + std::to_string(kMaxDocumentBytes) + " bytes"}});
  }
  auto json = json::Document::Parse(document, kDocumentLimits);
  if (!json) return std::unexpected(Errors{NotJson(document, json.error())});

  DocumentErrors errors;
  auto account = std::make_shared<Account>();  // shared: requests in flight keep the document they began with
  AccountDraft draft(*account);
  Node root(json->root(), errors);
  if (root.IsObject()) ReadAll(root, draft);
  if (!errors.empty()) return std::unexpected(errors.Take(json->root()));

  draft.library.text_revision = TextRevisionOf(json->root());
  account->library = std::make_unique<const Library>(std::move(draft.library));
  account->revision = RevisionOf(document);
  account->document = std::move(document);
  return account;
}

SkillState AccountState::StateOfSkill(std::int64_t id) const {
  auto told = skills.find(id);
  return told == skills.end() ? SkillState::kOnline : told->second;
}

}  // namespace monitor
