// The public HTTP API: http-api.md, word by word. Requests in, replies out; what is done is Visits' business.
//
// Thread-safe: Handle runs on many server threads at once. Nothing throws out of it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/accounts/accounts.h"
#include "api/public/public_call.h"
#include "api/public/public_routes.h"
#include "api/visits/geo.h"
#include "api/visits/visits.h"
#include "server/http_server.h"
#include "server/metrics.h"

namespace monitor {

struct PublicApiOptions {
  std::size_t max_body_bytes = 65'536;        // the largest accepted
  std::chrono::milliseconds deadline{8'000};  // from the handler's begin to handing over to the writer
  std::string base_uri;                       // what baseURI.json tells; "": the host that the client asked
  const Geo* geo = nullptr;                   // none: no address is anywhere
  metrics::Registry* metrics = nullptr;       // must outlive it
  std::function<bool()> refuses;              // true: every request is answered 503/18; empty: never so
};

class PublicApi {
 public:
  // All must outlive it.
  PublicApi(Accounts& accounts, Visits& visits, const MasterKey& master_key, PublicApiOptions options);
  ~PublicApi();

  http::Reply Handle(const http::Request& request);

  // From now on every request is answered 503/18 with Retry-After.
  void StartDraining() { draining_.store(true, std::memory_order_relaxed); }

 private:
  struct Counters;

  http::Reply Answer(const http::Request& request, std::optional<Resource>& resource);
  http::Reply AnswerRoute(const PublicCall& call);
  http::Reply AnswerVisit(const PublicCall& call);
  http::Reply AnswerBaseUri(const PublicCall& call) const;
  http::Reply AnswerSibling(const PublicCall& call);
  http::Reply AnswerEvents(const PublicCall& call, const std::shared_ptr<const AccountState>& account,
                           const SessionId& session);

  // Everything of a visit but its body: ids, client, identities' hashes.
  void Complete(const PublicCall& call, const Account& account, VisitCall& visit) const;
  bool IsLoading(const PublicCall& call) const;
  // 202/38, or 500/20 by version.
  http::Reply LoadingReply(const PublicCall& call) const;
  http::Reply LoadingReply(const PublicCall& call, int status, int internal_code) const;
  http::Reply FailureReply(const PublicCall& call, const VisitFailure& failure) const;

  Accounts& accounts_;
  Visits& visits_;
  const MasterKey& master_key_;
  const PublicApiOptions options_;
  std::unique_ptr<Counters> counters_;
  std::atomic<bool> draining_ = false;
};

}  // namespace monitor
