#include "server/readiness.h"

#include <algorithm>

#include "domain/values/json.h"

namespace monitor::http {

Reply ReadyReply(const std::vector<Check>& checks) {
  const auto is_wrong = [](const Check& check) { return !check.fault.empty(); };
  const bool serves =
      std::ranges::none_of(checks, [&](const Check& check) { return is_wrong(check) && check.serves_nobody; });
  const bool whole = std::ranges::none_of(checks, is_wrong);
  Reply reply{.status = serves ? 200 : 503};
  json::Writer writer(reply.body);
  writer.BeginObject().Key("status").String(!serves ? "unready" : whole ? "ready" : "degraded");
  writer.Key("checks").BeginObject();
  for (const Check& check : checks) writer.Key(check.name).String(is_wrong(check) ? check.fault : "ok");
  writer.EndObject().EndObject();
  return reply;
}

}  // namespace monitor::http
