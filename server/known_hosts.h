// Which names a listener answers to (interfaces.md section 1). A page in a browser can have its own name resolved to
// 127.0.0.1 and then talk to a listener there as if it were the page's server; the request's Host still tells the name.
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http_server.h"

namespace monitor::http {

// `host`: a Host header's value, with or without a port. True for an IP literal (IPv6 in brackets), `localhost` and one
// of `hosts`, without regard to case.
bool IsKnownHost(std::string_view host, const std::vector<std::string>& hosts);

// What is wrong with a list of names, in one sentence that begins with the one; nullopt if nothing is.
std::optional<std::string> HostsFault(const std::vector<std::string>& hosts);

// Gives `handler` the requests to a known host only; others, and those without a Host, are answered 421/5.
Handler ForKnownHosts(std::vector<std::string> hosts, Handler handler);

}  // namespace monitor::http
