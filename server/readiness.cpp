#include "server/readiness.h"

#include <algorithm>

#include "domain/values/json.h"

namespace monitor::http {

namespace {

bool IsWrong(const Check& check) { return !check.fault.empty(); }

}  // namespace

bool Serves(const std::vector<Check>& checks) {
  return std::ranges::none_of(checks, [](const Check& check) { return IsWrong(check) && check.serves_nobody; });
}

Reply ReadyReply(const std::vector<Check>& checks) {
  const bool serves = Serves(checks);
  const bool whole = std::ranges::none_of(checks, IsWrong);
  Reply reply{.status = serves ? 200 : 503};
  json::Writer writer(reply.body);
  writer.BeginObject().Key("status").String(!serves ? "unready" : whole ? "ready" : "degraded");
  writer.Key("checks").BeginObject();
  for (const Check& check : checks) writer.Key(check.name).String(IsWrong(check) ? check.fault : "ok");
  writer.EndObject().EndObject();
  return reply;
}

}  // namespace monitor::http
