#include "api/public/public_call.h"

#include <algorithm>
#include <charconv>

#include "domain/values/client_address.h"
#include "domain/values/json_number.h"
#include "eventstore/random.h"

namespace monitor {
namespace {

constexpr std::size_t kMaxRequestIdCharacters = 128;
constexpr std::size_t kRequestIdBytes = 16;
constexpr std::size_t kMaxUserAgentBytes = 1'024;
constexpr std::size_t kTraceparentSize = 55;

bool EqualsIgnoringCase(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

}  // namespace

std::optional<ApiVersion> ParseApiVersion(std::string_view text) {
  if (!SplitJsonNumber(text)) return std::nullopt;  // from_chars takes "1." and "01", too
  double number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{}) return std::nullopt;
  if (number == 1.0) return ApiVersion::k1_0;
  if (number == 1.1) return ApiVersion::k1_1;
  return std::nullopt;
}

std::string RequestIdOf(const http::Request* request) {
  const auto sent = request ? request->Header("X-Request-Id") : std::nullopt;
  const bool usable = sent && !sent->empty() && sent->size() <= kMaxRequestIdCharacters &&
                      std::ranges::all_of(*sent, [](char c) { return c >= '!' && c <= '~'; });
  return usable ? std::string(*sent) : RandomHex(kRequestIdBytes);
}

std::optional<std::string_view> PublicCall::visitor() const {
  if (visitor_in_ == VisitorIn::kPath) return argument(1);
  return visitor_in_ == VisitorIn::kQuery ? query_.Get("vid") : std::nullopt;
}

bool PublicCall::visitor_is_well_formed() const {
  const auto id = visitor();
  return !id || IsWellFormedVisitorId(*id);
}

bool PublicCall::session_is_well_formed() const {
  const auto id = session();
  return !id || IsWellFormedSessionId(*id);
}

std::optional<ApiVersion> PublicCall::version() const { return ParseApiVersion(query_.Get("v").value_or("")); }

bool PublicCall::on_behalf() const { return EqualsIgnoringCase(query_.Get("obh").value_or(""), "true"); }

std::string PublicCall::peer_address() const {
  std::string_view forwarded = request_.Header("X-Forwarded-For").value_or("");
  if (const std::size_t comma = forwarded.rfind(','); comma != std::string_view::npos) {
    forwarded.remove_prefix(comma + 1);
  }
  while (forwarded.starts_with(' ')) forwarded.remove_prefix(1);
  return BareAddress(forwarded);
}

std::string PublicCall::user_agent() const {
  std::string agent(request_.Header("User-Agent").value_or("").substr(0, kMaxUserAgentBytes));
  std::ranges::replace_if(agent, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return agent;
}

std::string PublicCall::traceparent() const {
  const std::string_view text = request_.Header("traceparent").value_or("");
  if (text.size() != kTraceparentSize) return {};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 2 || i == 35 || i == 52;
    const bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (hyphen ? text[i] != '-' : !hex) return {};
  }
  return std::string(text);
}

}  // namespace monitor
