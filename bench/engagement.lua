-- wrk: engagement requests, each a new page of a live session, with a body of some 600 bytes. The sessions are the lines
-- "VID SID" of the file named by SESSIONS; wrk's threads take turns.

local path = "/api/account/bench/app/web/engagement?v=1.1"
local body = [[{"consumerId":null,"clientProperties":{"deviceFamily":"DESKTOP","os":"WINDOWS","osVersion":"11","appVersion":"4.2.0"},
"entryPoints":["https://shop.example/outdoor/boots?utm_source=mail&utm_campaign=autumn","sec://shop","sec://boots","lang://en-US"],
"engagementAttributes":[{"type":"prodView","currency":"EUR","products":[{"product":{"name":"Ridge GTX","category":"boots","sku":"B-4711","price":189.9}}]},
{"type":"cart","total":189.9,"currency":"EUR","numItems":1,"products":[{"product":{"name":"Ridge GTX","category":"boots","sku":"B-4711","price":189.9},"quantity":1}]}]}]]

local threads = 0

function setup(thread)
  thread:set("offset", threads * 7919)
  threads = threads + 1
end

function init()
  targets = {}
  for line in io.lines(os.getenv("SESSIONS")) do
    local vid, sid = line:match("(%S+) (%S+)")
    targets[#targets + 1] = wrk.format("POST", path .. "&vid=" .. vid .. "&sid=" .. sid, {["Content-Type"] = "application/json"}, body)
  end
  turn = offset % #targets
end

local pause_ms = tonumber(os.getenv("PAUSE_MS") or "0")
if pause_ms > 0 then
  function delay()
    return pause_ms
  end
end

function request()
  turn = turn % #targets + 1
  return targets[turn]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
