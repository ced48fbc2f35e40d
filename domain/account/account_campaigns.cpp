// `campaigns` of an account document and their engagements (campaigns.md section 1).
#include <string>
#include <utility>

#include "domain/account/account_draft.h"

namespace monitor {
namespace {

constexpr double kMaxWeight = 1e6;
constexpr IntegerRange kFollowMePages{0, 1'000};
constexpr IntegerRange kFollowMeTime{0, 7 * 86'400};  // s; no session lasts longer

Zone DefaultZone(EngagementType type) {
  switch (type) {
    case EngagementType::kEmbedded:
      return Zone::kEmbedded;
    case EngagementType::kApp:
      return Zone::kApp;
    case EngagementType::kSticky:
      return Zone::kRight;
    default:
      return Zone::kProactive;
  }
}

void ReadForm(const Node& node, Engagement& engagement) {
  engagement.channel = node.Require("channel")
                           .OneOf("channel", &ParseChannel, "\"messaging\", \"chat\" or \"content\"")
                           .value_or(Channel::kMessaging);
  engagement.type = node.Require("type")
                        .OneOf("type", &ParseEngagementType,
                               "\"embedded\", \"sticky\", \"slideout\", \"overlay\", \"toaster\", \"peel\" or \"app\"")
                        .value_or(EngagementType::kEmbedded);
  engagement.zone = node.OneOf("zone", &ParseZone, "\"left\", \"right\", \"proactive\", \"embedded\" or \"app\"")
                        .value_or(DefaultZone(engagement.type));
  if (node.Has("displayInstances")) {
    json::Writer(engagement.display_instances).Copy(*node.value().Find("displayInstances"));
  }
}

void ReadApps(const Node& node, const AccountDraft& draft, Engagement& engagement) {
  node.Each("appInstallationIds", [&](const Node& reference) {
    auto id = reference.AsText();
    if (!id) return;
    if (!draft.app_ids.contains(*id)) reference.Error("there is no app installation with the id " + std::string(*id));
    engagement.app_installations.emplace_back(*id);
  });
}

void ReadSkill(const Node& node, const AccountDraft& draft, Engagement& engagement) {
  auto index = draft.skills.Resolve(node, "skillId");
  if (!index) return;
  engagement.skill_id = draft.account.skills[*index].id;
  engagement.skill_name = draft.account.skills[*index].name;
}

void ReadPace(const Node& node, Engagement& engagement) {
  engagement.availability =
      node.OneOf("availabilityPolicy", &ParseAvailabilityPolicy, "\"online\", \"onlineOrBusy\" or \"always\"")
          .value_or(AvailabilityPolicy::kOnline);
  engagement.weight = node.Number("weight", {0, kMaxWeight, true}).value_or(1);
  engagement.follow_me_pages = static_cast<int>(node.Integer("followMePages", kFollowMePages).value_or(0));
  engagement.follow_me_time_s = node.Integer("followMeTime", kFollowMeTime).value_or(0);
}

Engagement ReadEngagement(const Node& node, AccountDraft& draft, std::size_t index) {
  Engagement engagement{};
  engagement.id = draft.engagements.Declare(node, index);
  engagement.revision = node.Integer("revision").value_or(1);
  engagement.name = node.Text("name").value_or("");
  engagement.enabled = node.Bool("enabled").value_or(true);
  ReadForm(node, engagement);
  ReadApps(node, draft, engagement);
  if (auto language = node.Text("language")) {
    if (language->empty()) node.ErrorAt("language", "must not be empty");
    engagement.language = *language;
  }
  engagement.locations = draft.locations.ResolveAll(node, "onsiteLocations");
  engagement.behaviors = draft.behaviors.ResolveAll(node, "visitorBehaviors");
  ReadSkill(node, draft, engagement);
  engagement.window_id = node.Text("windowId").value_or("");
  engagement.connector_id = node.Integer("connectorId");
  ReadPace(node, engagement);
  return engagement;
}

void ReadDates(const Node& node, Campaign& campaign) {
  campaign.start = node.Instant("startDate");
  campaign.expiration = node.Instant("expirationDate");
  if (campaign.start && campaign.expiration && *campaign.start >= *campaign.expiration) {
    node.ErrorAt("expirationDate", "must be after startDate");
  }
}

std::optional<bool> ParsePublished(std::string_view status) {
  if (status == "published") return true;
  if (status == "unpublished") return false;
  return std::nullopt;
}

Campaign ReadCampaign(const Node& node, AccountDraft& draft, std::size_t index) {
  Campaign campaign{};
  campaign.id = draft.campaigns.Declare(node, index);
  campaign.name = node.Text("name").value_or("");
  campaign.published = node.OneOf("status", &ParsePublished, "\"published\" or \"unpublished\"").value_or(true);
  campaign.priority =
      node.OneOf("priority", &ParsePriority, "\"high\", \"medium\" or \"low\"").value_or(Priority::kMedium);
  ReadDates(node, campaign);
  campaign.hours = ReadHours(node, draft);
  campaign.goal = draft.goals.Resolve(node, "goalId");
  node.Object("controlGroup", [&](const Node& group) {
    campaign.control_percentage = group.Number("percentage", {0, 100}).value_or(campaign.control_percentage);
  });
  campaign.profiles = draft.profiles.ResolveAll(node, "visitorProfiles");
  std::size_t engagement_index = 0;
  node.Require("engagements").Each("engagements", [&](const Node& engagement) {
    if (!engagement.IsObject()) return;
    campaign.engagements.push_back(ReadEngagement(engagement, draft, engagement_index++));
  });
  return campaign;
}

}  // namespace

void ReadCampaigns(const Node& root, AccountDraft& draft) {
  root.Each("campaigns", [&](const Node& node) {
    if (!node.IsObject()) return;
    draft.account.campaigns.push_back(ReadCampaign(node, draft, draft.account.campaigns.size()));
  });
}

}  // namespace monitor
