#include "consumers/view/view_keys.h"

#include <chrono>

namespace monitor::view {
namespace {

constexpr std::uint64_t kSignBit = 1ull << 63;
constexpr std::size_t kDayBytes = sizeof(std::uint64_t);

std::string CampaignAndKept(const funnel::DisplayList& list) {
  return Number(static_cast<std::uint64_t>(list.campaign_id)) + (list.kept ? '\1' : '\0');
}

// Of a key that begins with a bucket.
std::size_t AccountEnd(std::string_view key) { return key.find('\0', 1); }

}  // namespace

std::string Number(std::uint64_t value) {
  std::string bytes(8, '\0');
  for (int i = 7; i >= 0; --i, value >>= 8) bytes[static_cast<std::size_t>(i)] = static_cast<char>(value & 0xff);
  return bytes;
}

std::optional<std::uint64_t> ParseNumber(std::string_view bytes) {
  if (bytes.size() != 8) return std::nullopt;
  std::uint64_t value = 0;
  for (char byte : bytes) value = (value << 8) | static_cast<std::uint8_t>(byte);
  return value;
}

std::string AccountPrefix(Bucket bucket, std::string_view account) {
  std::string key(1, static_cast<char>(bucket));
  key.append(account).push_back('\0');
  return key;
}

std::string VisitorKey(Bucket bucket, const AccountId& account, const VisitorId& visitor) {
  return AccountPrefix(bucket, account.str()) + visitor.str();
}

std::string SessionsPrefix(const std::string& visitor_key) { return visitor_key + '\0'; }

std::string SessionPrefix(const std::string& visitor_key, const SessionId& session) {
  return SessionsPrefix(visitor_key) + session.str() + '\0';
}

std::string FactsKey(const std::string& session_prefix, std::uint64_t ordinal) {
  return session_prefix + Number(ordinal);
}

std::string DayNumber(std::int64_t day) { return Number(static_cast<std::uint64_t>(day) ^ kSignBit); }

std::optional<std::int64_t> ParseDay(std::string_view bytes) {
  const auto number = ParseNumber(bytes);
  if (!number) return std::nullopt;
  return static_cast<std::int64_t>(*number ^ kSignBit);
}

std::string DayOf(const std::string& zone, std::int64_t day) { return zone + '\0' + DayNumber(day); }

std::string AccountText(std::string_view account) { return std::string(account) + '\0'; }

std::string AccountPrefixOf(const std::string& session_prefix) {
  return session_prefix.substr(0, AccountEnd(session_prefix) + 1);
}

std::string SessionPlace(const std::string& session_prefix) {
  return session_prefix.substr(AccountEnd(session_prefix) + 1);
}

std::string OddKey(const std::string& session_prefix) {
  return AccountPrefixOf(session_prefix) + kOddPlace + SessionPlace(session_prefix);
}

std::string SpanKey(const std::string& visitor_key, const SessionId& session) {
  return SessionsPrefix(visitor_key) + 'd' + session.str() + '\0';
}

std::string ConversationKey(const std::string& visitor_key, std::string_view conversation) {
  const auto digest = Sha256(conversation);
  return (SessionsPrefix(visitor_key) + 'v').append(reinterpret_cast<const char*>(digest.data()), digest.size());
}

std::string OddStampKey(const std::string& account_text) { return account_text + DayOf("", 0); }

std::string DaysKey(const std::string& session_prefix, const std::string& zone, std::int64_t day) {
  return AccountPrefixOf(session_prefix) + DayOf(zone, day) + SessionPlace(session_prefix);
}

std::optional<StampAddress> ParseStampKey(std::string_view key) {
  const std::size_t zone_end = key.find('\0');
  if (zone_end == key.npos) return std::nullopt;
  const auto day = ParseDay(key.substr(zone_end + 1, kDayBytes));
  if (!day) return std::nullopt;
  return StampAddress{
      .zone = std::string(key.substr(0, zone_end)), .day = *day, .forgotten = key.size() > zone_end + 1 + kDayBytes};
}

std::string ContextsPrefix(const std::string& visitor_key, const SessionId& session) {
  return SessionsPrefix(visitor_key) + 'c' + session.str() + '\0';
}

std::string SessionDisplaysPrefix(const std::string& visitor_key, const SessionId& session) {
  return SessionsPrefix(visitor_key) + 's' + session.str() + '\0';
}

std::string ContextKey(const std::string& visitor_key, const SessionId& session, std::uint32_t context_id) {
  return ContextsPrefix(visitor_key, session) + Number(context_id);
}

std::string EndsKey(const std::string& visitor_key, const funnel::DisplayList& list) {
  if (!list.session) return SessionsPrefix(visitor_key) + 'l' + CampaignAndKept(list);
  return SessionDisplaysPrefix(visitor_key, *list.session) + CampaignAndKept(list);
}

std::string DisplayPrefix(const std::string& visitor_key, const funnel::DisplayList& list) {
  return SessionsPrefix(visitor_key) + 't' + CampaignAndKept(list);
}

std::string DisplayKey(const std::string& display_prefix, TimeMs time) {
  return display_prefix + Number(static_cast<std::uint64_t>(ToUnixMs(time)) ^ kSignBit);
}

std::string MarkKey(const std::string& visitor_key, std::string_view name) {
  const auto digest = Sha256(name);
  return SessionsPrefix(visitor_key).append(reinterpret_cast<const char*>(digest.data()), digest.size());
}

std::string AccountKey(std::string_view account, Bucket bucket) {
  return std::string(account) + '\0' + static_cast<char>(bucket);
}

std::string RetiredUntilKey(std::string_view account) { return "retired/" + std::string(account); }

unsigned BreakdownBits(const std::vector<funnel::Breakdown>& by) {
  unsigned bits = 0;
  for (const funnel::Breakdown breakdown : by) bits |= 1U << static_cast<unsigned>(breakdown);
  return bits;
}

SessionOwner OwnerOf(const std::string& session_prefix) {
  const std::size_t session_end = session_prefix.size() - 1;
  const std::size_t visitor_end = session_prefix.rfind('\0', session_end - 1);
  return {.visitor_key = session_prefix.substr(0, visitor_end),
          .session = SessionId(session_prefix.substr(visitor_end + 1, session_end - visitor_end - 1))};
}

std::optional<FactsAddress> ParseFactsKey(std::string_view key) {
  const std::size_t account_end = AccountEnd(key);
  if (account_end == key.npos) return std::nullopt;
  const std::size_t visitor_end = key.find('\0', account_end + 1);
  if (visitor_end == key.npos) return std::nullopt;
  const std::size_t session_end = key.find('\0', visitor_end + 1);
  if (session_end == key.npos) return std::nullopt;
  const auto ordinal = ParseNumber(key.substr(session_end + 1));
  if (!ordinal) return std::nullopt;
  return FactsAddress{.visitor = key.substr(account_end + 1, visitor_end - account_end - 1),
                      .session = key.substr(visitor_end + 1, session_end - visitor_end - 1),
                      .ordinal = *ordinal};
}

}  // namespace monitor::view
