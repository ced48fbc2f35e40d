// URLs as people read them, so that one address is compared as one, whoever wrote it: a browser, a manager, an error
// page (campaigns.md section 2). Hosts by libidn2 (UTS 46, non-transitional), what a host and a port are by libcurl;
// both are named in url.cpp only. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace monitor {

// A whole URL: scheme and host in lower case, an `xn--` host in its Unicode form, the scheme's default port dropped, an
// empty path as `/`, percent-encoded UTF-8 decoded where that changes no meaning. What is no valid URL: as it is.
std::string ReadableUrl(std::string_view url);

// What stands in one, as `contains` has it: the same, but no path is added, and without a scheme only what is
// unmistakable is changed: `xn--` labels and percent-encoded UTF-8.
std::string ReadableUrlPart(std::string_view part);

// Without a scheme nothing tells whether a part begins in the host or in the path, and a host has more forms that are
// the same (UTS 46). `readable` is what ReadableUrlPart returned; its form if it begins in the host, where that is
// another one.
std::optional<std::string> ReadableFromHost(std::string_view readable);

// May something be sent there: https, or http to this very machine (localhost, 127.0.0.0/8, [::1]).
bool IsWebhookUrl(std::string_view url);

// "http://HOST" or "http://HOST:PORT", or https, and nothing behind it but a slash: of a server that is asked under
// paths of its own. As one address is written once: in lower case, without that slash. nullopt: it is none.
std::optional<std::string> ServerUrl(std::string_view url);

}  // namespace monitor
