#include "domain/values/url.h"

#include <curl/curl.h>
#include <idn2.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "domain/values/address.h"

namespace monitor {
namespace {

using Url = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;
using UrlText = std::unique_ptr<char, decltype(&curl_free)>;

constexpr std::string_view kAfterScheme = "://";

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), Lower);
  return lower;
}

// A URL as libcurl reads it; it guesses no scheme.
class UrlParts {
 public:
  explicit UrlParts(std::string_view url) : url_(curl_url(), curl_url_cleanup) {
    valid_ = !url.contains('\0') && curl_url_set(url_.get(), CURLUPART_URL, std::string(url).c_str(), 0) == CURLUE_OK;
  }

  bool valid() const { return valid_; }
  // In lower case; empty: it has none.
  std::string Of(CURLUPart which) const {
    char* out = nullptr;
    const bool found = curl_url_get(url_.get(), which, &out, 0) == CURLUE_OK;
    return found ? LowerCase(UrlText(out, curl_free).get()) : std::string();
  }

 private:
  Url url_;
  bool valid_ = false;
};

// The host's Unicode form; nullopt if libidn2 refuses it.
std::optional<std::string> UnicodeHost(const std::string& host) {
  using Text = std::unique_ptr<char, decltype(&idn2_free)>;
  char* out = nullptr;
  if (idn2_to_ascii_8z(host.c_str(), &out, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK) return std::nullopt;
  const Text ascii(std::exchange(out, nullptr), idn2_free);
  if (idn2_to_unicode_8z8z(ascii.get(), &out, IDN2_NONTRANSITIONAL) != IDN2_OK) return std::nullopt;
  return std::string(Text(out, idn2_free).get());
}

bool IsPlainHost(std::string_view lower) {
  return !lower.contains("xn--") && std::ranges::all_of(lower, [](char c) { return (c & 0x80) == 0; });
}

std::string ReadableHost(std::string_view host) {
  std::string lower = LowerCase(host);
  if (IsPlainHost(lower)) return lower;
  return UnicodeHost(lower).value_or(lower);
}

// "host" or "host:port", the port left out if it is the scheme's own; nullopt if it is none.
std::optional<std::string> ReadableHostAndPort(const std::string& scheme, std::string_view text) {
  const Url url(curl_url(), curl_url_cleanup);
  const std::string whole = scheme + std::string(kAfterScheme) + std::string(text) + "/";
  if (curl_url_set(url.get(), CURLUPART_URL, whole.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) return std::nullopt;
  // The host as it stands there: libcurl's own would have 192.168 written out as an address.
  const std::size_t bracket = text.rfind(']');
  std::string readable = ReadableHost(text.substr(0, text.find(':', bracket == std::string_view::npos ? 0 : bracket)));
  char* out = nullptr;
  if (curl_url_get(url.get(), CURLUPART_PORT, &out, CURLU_NO_DEFAULT_PORT) == CURLUE_OK) {
    readable.append(":").append(UrlText(out, curl_free).get());
  }
  return readable;
}

// The byte that `text` has percent-encoded at `i`.
std::optional<unsigned char> EncodedByte(std::string_view text, std::size_t i) {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = Lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  };
  if (i + 3 > text.size() || text[i] != '%' || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0) return std::nullopt;
  return static_cast<unsigned char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
}

// The character that is percent-encoded from `i` on, if it means the same decoded; else nothing.
std::string DecodedCharacter(std::string_view text, std::size_t i) {
  constexpr std::string_view kKept = "/?#%&+=";
  const auto first = EncodedByte(text, i);
  if (!first) return {};
  if (*first < 0x80) {
    const char c = static_cast<char>(*first);
    return c < ' ' || c == 0x7F || kKept.contains(c) ? std::string() : std::string(1, c);
  }
  const std::size_t size = *first >= 0xF0 ? 4 : *first >= 0xE0 ? 3 : 2;
  std::uint32_t point = *first & (0xFF >> (size + 1));
  std::string character(1, static_cast<char>(*first));
  for (std::size_t at = i + 3; character.size() < size; at += 3) {
    const auto next = EncodedByte(text, at);
    if (!next || (*next & 0xC0) != 0x80) return {};
    point = point << 6 | (*next & 0x3F);
    character += static_cast<char>(*next);
  }
  // RFC 3629: the shortest form, no surrogates, nothing above U+10FFFF; and U+0080 to U+009F are control characters.
  constexpr std::uint32_t kLeast[] = {0, 0, 0xA0, 0x800, 0x10000};
  const bool valid = *first >= 0xC2 && *first <= 0xF4 && point >= kLeast[size] && point <= 0x10FFFF &&
                     !(point >= 0xD800 && point < 0xE000);
  return valid ? character : std::string();
}

void AppendDecoded(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t escape = std::min(text.find('%', i), text.size());
    out.append(text, i, escape - i);
    i = escape;
    if (i == text.size()) return;
    if (const std::string character = DecodedCharacter(text, i); !character.empty()) {
      out += character;
      i += 3 * character.size();
    } else {
      out += text[i++];
    }
  }
}

// Labels that begin with `xn--`, wherever they stand.
std::string WithReadableLabels(std::string_view text) {
  constexpr std::string_view kLabel = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
  std::string out;
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find_first_of(kLabel), text.size());
    out.append(text, 0, begin);
    text.remove_prefix(begin);
    const std::string_view label = text.substr(0, text.find_first_not_of(kLabel));
    const std::string lower = LowerCase(label);
    out += lower.starts_with("xn--") ? UnicodeHost(lower).value_or(lower) : std::string(label);
    text.remove_prefix(label.size());
  }
  return out;
}

// nullopt: no URL with a host.
std::optional<std::string> ReadableWithScheme(std::string_view url, std::string_view path_if_none) {
  const std::size_t colon = url.find(kAfterScheme);
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string scheme = LowerCase(url.substr(0, colon));
  url.remove_prefix(colon + kAfterScheme.size());
  std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  url.remove_prefix(authority.size());
  const std::size_t at = authority.rfind('@');  // what is before it: as it is
  const std::size_t host = at == std::string_view::npos ? 0 : at + 1;
  const auto host_and_port = ReadableHostAndPort(scheme, authority.substr(host));
  if (!host_and_port) return std::nullopt;
  std::string out = scheme + std::string(kAfterScheme);
  out.append(authority, 0, host).append(*host_and_port);
  if (!url.starts_with('/')) out += path_if_none;
  AppendDecoded(url, out);
  return out;
}

}  // namespace

std::string ReadableUrl(std::string_view url) { return ReadableWithScheme(url, "/").value_or(std::string(url)); }

std::string ReadableUrlPart(std::string_view part) {
  if (auto readable = ReadableWithScheme(part, "")) return *std::move(readable);
  std::string out;
  AppendDecoded(WithReadableLabels(part), out);
  return out;
}

std::optional<std::string> ReadableFromHost(std::string_view readable) {
  const std::string_view host = readable.substr(0, readable.find_first_of("/?#:"));
  const std::size_t begin = std::min(host.find_first_not_of('.'), host.size());  // it may begin or end between labels
  const std::string_view labels = host.substr(begin, host.find_last_not_of('.') + 1 - begin);
  if (IsPlainHost(labels)) return std::nullopt;
  const auto form = UnicodeHost(std::string(labels));
  if (!form || *form == labels) return std::nullopt;
  std::string out(readable);
  return out.replace(begin, labels.size(), *form);
}

bool IsWebhookUrl(std::string_view url) {
  const UrlParts parts(url);
  if (!parts.valid()) return false;
  const std::string scheme = parts.Of(CURLUPART_SCHEME), host = parts.Of(CURLUPART_HOST);
  if (scheme == "https") return !host.empty();
  const auto address = ParseAddress(host.starts_with('[') ? host.substr(1, host.size() - 2) : host);
  const bool is_here =
      address && (ParseCidr("127.0.0.0/8")->Contains(*address) || ParseCidr("::1")->Contains(*address));
  return scheme == "http" && (host == "localhost" || is_here);
}

std::optional<std::string> ServerUrl(std::string_view url) {
  const UrlParts parts(url);
  if (!parts.valid() || parts.Of(CURLUPART_HOST).empty() || parts.Of(CURLUPART_PORT) == "0") return std::nullopt;
  std::string plain = parts.Of(CURLUPART_SCHEME);
  if (plain != "http" && plain != "https") return std::nullopt;
  plain.append(kAfterScheme).append(parts.Of(CURLUPART_HOST));
  if (const std::string port = parts.Of(CURLUPART_PORT); !port.empty()) plain.append(":").append(port);
  // A user, a path or a query would make it longer.
  const std::string given = LowerCase(url);
  return given == plain || given == plain + '/' ? std::optional(plain) : std::nullopt;
}

}  // namespace monitor
