// May this engagement be offered? The rules of campaigns.md section 3 in their order; the first refusal is the reason.
//
// One decision's view; not thread-safe (it fills memos of the session and its own).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "domain/account/account.h"
#include "domain/deciding/conditions.h"
#include "domain/deciding/decide.h"
#include "domain/values/enumerators.h"

namespace monitor {

// What is not judged. A standing offer is exempt from proactive-cap, declined and zone-taken; while it follows the
// visitor (follow-me), from location as well.
struct Exemption {
  bool stands = false;
  bool follows = false;
};

class Eligibility {
 public:
  // Whose request is judged. All must outlive the Eligibility; the session must already hold this request's activity.
  struct Subject {
    const AccountState& account;
    SessionState& session;
    const VisitorState& visitor;
    const VisitorId& visitor_id;
    const AppInstallationId& app_installation;
    const RequestFacts& facts;
  };
  explicit Eligibility(const Subject& subject);

  // kNone: it may. `campaign_index` is in Account::campaigns, where the engagement is from.
  Reason Judge(std::size_t campaign_index, const Engagement& engagement, Exemption exemption = {});

  // An offer stands in this zone on the request's page; embedded ones take no place.
  void TakeZone(Zone zone);
  bool IsTaken(Zone zone) const { return taken_[static_cast<std::size_t>(zone)]; }

 private:
  Reason JudgeCampaign(std::size_t campaign_index);
  Reason JudgeEngagement(const Engagement& engagement, Exemption exemption);
  Reason JudgeProactive(const Engagement& engagement) const;
  Reason JudgeControlGroups(std::size_t campaign_index);
  bool IsMember(std::size_t slot, std::string_view scope, double percentage);
  bool IsAvailable(const Engagement& engagement) const;
  bool WasClosed(const Campaign& campaign, const Engagement& engagement) const;

  const Subject subject_;
  const Account& account_;
  ConditionEvaluator conditions_;
  struct CampaignMemo {
    bool judged = false;
    Reason reason = Reason::kNone;
  };
  std::vector<CampaignMemo> campaigns_;           // by index
  std::array<bool, kEnumerators<Zone>> taken_{};  // by Zone
};

}  // namespace monitor
