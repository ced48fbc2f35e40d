// What the public API's resources answer (http-api.md sections 2, 3, 4 and 7), each a function over the parts. They are
// asked once size, path, method and version are judged. Those that write answer later, when their events are on disk.
// Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/accounts/accounts.h"
#include "api/public/public_call.h"
#include "api/visits/geo.h"
#include "api/visits/visits.h"
#include "server/http_server.h"

namespace monitor {

struct PublicParts {
  Accounts& accounts;
  Visits& visits;
  const MasterKey& master_key;
  const Geo* geo = nullptr;  // none: no address is anywhere
  std::string base_uri;      // what baseURI.json tells; "": the host that the client asked
};

using Call = std::unique_ptr<const PublicCall>;

// The answer to what may be recorded by now: a 500 would say that it is not (http-api.md, honest answers). If it goes
// without a call, where memory ended after the commit, the connection is closed without an answer.
class HonestRespond {
 public:
  explicit HonestRespond(http::Respond respond) : respond_(std::move(respond)) {}
  HonestRespond(HonestRespond&&) noexcept = default;
  HonestRespond& operator=(HonestRespond&&) = delete;
  ~HonestRespond() {
    if (respond_) respond_({.status = 0, .unanswered = true});
  }
  void operator()(http::Reply reply) {
    respond_(std::move(reply));
    respond_ = nullptr;
  }

 private:
  http::Respond respond_;
};

void AnswerEngagement(const PublicParts& parts, Call call, http::Respond respond);
void AnswerReport(const PublicParts& parts, Call call, http::Respond respond);
// sibling_resources.cpp
void AnswerBaseUri(const PublicParts& parts, Call call, http::Respond respond);
void AnswerState(const PublicParts& parts, Call call, http::Respond respond);
void AnswerContext(const PublicParts& parts, Call call, http::Respond respond);
void AnswerEvents(const PublicParts& parts, Call call, http::Respond respond);

// The account in force, or the reply in its place: while it is loading 202/38, or 500/20 by version; else 404/6.
std::expected<std::shared_ptr<const AccountState>, http::Reply> FindAccount(const PublicParts& parts,
                                                                            const PublicCall& call);
// Everything of a visit but its body: ids, client, identities' hashes.
void Complete(const PublicParts& parts, const PublicCall& call, VisitCall& visit);
http::Reply BusyReply(std::string_view message, int retry_after_s);  // 503/18
http::Reply FailureReply(const PublicCall& call, const VisitFailure& failure);

}  // namespace monitor
