-- wrk: new sessions of the account "flooded", some hundred a second from each of its connections, far above its cap.
local request_of_new_session = wrk.format("POST", "/api/account/flooded/app/web/engagement?v=1.1", {}, "{}")

function delay()
  return 10
end

function request()
  return request_of_new_session
end
