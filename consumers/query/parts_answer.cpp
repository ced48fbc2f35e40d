#include "consumers/query/parts_answer.h"

#include <utility>

#include "consumers/peers/own_part.h"
#include "consumers/query/alerts_format.h"

namespace monitor {
namespace {

http::Reply Bytes(std::string body) {
  http::Reply reply = Json(std::move(body));
  reply.content_type = "application/octet-stream";
  return reply;
}

}  // namespace

http::Reply TellPeers(QueryParts& parts, const QueryCall& call) {
  const auto account = call.query.Get("account");
  if (account && !IsWellFormedAccountId(*account)) return Error(400, kInvalid, "account: is no account's id");
  const auto told = TellShare(parts.generations.Now(), parts.instances.name(), account);
  return told ? Bytes(EncodeShare(*told)) : ViewUnreadable();
}

http::Reply CountForPeers(QueryParts& parts, const QueryCall& call) {
  const auto asked = DecodeRowsAsked(call.request.body());
  if (!asked) return Error(400, kInvalid, "body: " + asked.error());
  const auto abandoned = [&] { return call.request.abandoned(); };
  const auto part = CountPart(parts.generations.Now(), *asked, abandoned);
  if (abandoned()) return Abandoned();
  return part ? Bytes(EncodePart(*part)) : ViewUnreadable();
}

http::Reply TellPeersAccounts(QueryParts& parts, const QueryCall&) {
  const auto accounts = parts.generations.View()->Accounts();
  return accounts ? Bytes(EncodeAccounts(*accounts)) : ViewUnreadable();
}

http::Reply TellPeersAlerts(QueryParts& parts, const QueryCall& call) {
  const auto id = call.query.Get("account");
  if (!id) return Error(400, kInvalid, "account: missing");
  const auto account = parts.generations.View()->Account(*id);
  if (!account) return ViewUnreadable();
  return Json(AlertsJson(account->value_or(AccountOutline{.id = AccountId(*id)}), parts.alerts));
}

}  // namespace monitor
