#include "domain/events/event_size.h"

#include <type_traits>

namespace monitor {
namespace {

// Every type is taken apart as a whole: one that gets a member more does not build until it is measured here.
template <class T>
  requires std::is_trivially_copyable_v<T>
std::size_t Bytes(const T&) {
  return 0;
}
std::size_t Bytes(const std::string& text) {
  static const std::size_t kInside = std::string().capacity();
  return text.capacity() > kInside ? text.capacity() + 1 : 0;
}
template <class Tag>
std::size_t Bytes(const NamedString<Tag>& name) {
  return Bytes(name.str());
}
template <class T>
std::size_t Bytes(const std::optional<T>& value);
template <class T>
std::size_t Bytes(const std::vector<T>& list);
std::size_t Bytes(const Attribute& attribute);
std::size_t Bytes(const Identity& identity);
std::size_t Bytes(const ClientProperties& properties);
std::size_t Bytes(const Entry& entry);
std::size_t Bytes(const GoalReached& goal);

template <class... Members>
std::size_t Sum(const Members&... members) {
  return (Bytes(members) + ...);
}

std::size_t Bytes(const Attribute& attribute) {
  const auto& [type, json] = attribute;
  return Bytes(json);
}

std::size_t Bytes(const Identity& identity) {
  const auto& [iss, sub, acr, hash] = identity;
  return Sum(iss, sub, acr, hash);
}

std::size_t Bytes(const ClientProperties& properties) {
  const auto& [device, referrer, json] = properties;
  return Sum(referrer, json);
}

std::size_t Bytes(const Entry& entry) {
  const auto& [campaign, engagement, revision, zone, channel, language] = entry;
  return Bytes(language);
}

std::size_t Bytes(const GoalReached& goal) {
  const auto& [campaign, id, type, attribute, key, value, currency] = goal;
  return Sum(key, currency);
}

template <class T>
std::size_t Bytes(const std::optional<T>& value) {
  return value ? Bytes(*value) : 0;
}

template <class T>
std::size_t Bytes(const std::vector<T>& list) {
  std::size_t bytes = list.capacity() * sizeof(T);
  if constexpr (!std::is_trivially_copyable_v<T>) {
    for (const T& item : list) bytes += Bytes(item);
  }
  return bytes;
}

std::size_t Bytes(const SessionCreated& data) {
  const auto& [client, device, ip, agent, bot, returning, zone, currency, mode, period, max_age] = data;
  return Sum(client, ip, agent, zone, currency);
}

std::size_t Bytes(const ActivityReported& data) {
  const auto& [page, generated, entry_points, attributes, goals, identities, client, repeat, request, at, version,
               conversation, address_matches, withdrawn, rules] = data;
  return Sum(page, entry_points, attributes, goals, identities, client, conversation, address_matches, withdrawn);
}

std::size_t Bytes(const ImpressionReported& data) {
  const auto& [page, kind, context, entry, revision, repeat, sent] = data;
  return Sum(page, entry);
}

std::size_t Bytes(const ControlGroupAssigned& data) {
  const auto& [scope, campaign, eligible, revision] = data;
  return Sum(eligible, revision);
}

std::size_t Bytes(const EligibilityEstablished& data) {
  const auto& [eligible] = data;
  return Bytes(eligible);
}

std::size_t Bytes(const EngagementShown& data) {
  const auto& [page, context, entry, skill, skill_name, window, connector, seed, revision] = data;
  return Sum(page, entry, skill_name, window, revision);
}

std::size_t Bytes(const ConversationStarted& data) {
  const auto& [id, identity, entry, session, context, app, connector] = data;
  return Sum(id, identity, entry, session, app);
}

std::size_t Bytes(const ConversationEnded& data) {
  const auto& [id, identity, entry, session, context, app, connector] = data;
  return Sum(id, identity, entry, session, app);
}

std::size_t Bytes(const SessionClosed& data) {
  const auto& [reason] = data;
  return Bytes(reason);
}

std::size_t Bytes(const AdminActionRecorded& data) {
  const auto& [by, action, target, outcome] = data;
  return Sum(by, action, target, outcome);
}

std::size_t Bytes(const AccountConfigured& data) {
  const auto& [revision, document, by] = data;
  return Sum(revision, document, by);
}

}  // namespace

std::size_t AllocatedBytes(const Event& event) {
  const auto& [account, visitor, session, app] = event.scope;
  return Sum(account, visitor, session, app) + std::visit([](const auto& data) { return Bytes(data); }, event.data);
}

}  // namespace monitor
