#include "consumers/peers/parts_codec.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "domain/funnel/funnel_codec.h"
#include "domain/funnel/row_key_layout.h"
#include "domain/funnel/row_sum.h"
#include "domain/values/hash.h"
#include "domain/values/packing.h"

namespace monitor {
namespace {

constexpr std::string_view kMagic = "funneld";

std::string Sealed(std::string_view content) {
  Packer io;
  io.Text(kMagic);
  io.Int(kPartsLayout);
  io.Int(funnel::kFactsVersion);
  io.Fixed(ShortHash(content));
  io.Text(content);
  return std::move(io).Done();
}

Received<std::string> Opened(std::string_view bytes) {
  Unpacker io(bytes);
  std::string magic;
  io.Text(magic);
  if (io.failed() || magic != kMagic) return std::unexpected("is not of a funneld");
  std::uint32_t layout = 0, facts = 0;
  io.Int(layout);
  io.Int(facts);
  if (!io.failed() && (layout != kPartsLayout || facts != funnel::kFactsVersion)) {
    const auto version = [](std::uint32_t of_layout, std::uint32_t of_facts) {
      return std::to_string(of_layout) + "." + std::to_string(of_facts);
    };
    return std::unexpected("is of version " + version(layout, facts) + ", and here it is " +
                           version(kPartsLayout, funnel::kFactsVersion) + "; the two must be the same program");
  }
  std::uint64_t hash = 0;
  std::string content;
  io.Fixed(hash);
  io.Text(content);
  if (io.failed() || !io.at_end() || ShortHash(content) != hash) return std::unexpected("is cut or damaged");
  return content;
}

// A map, in either direction.
template <class Io, class Map>
void PositionFields(Io& io, Map& positions) {
  std::vector<std::pair<std::string, std::uint64_t>> entries(positions.begin(), positions.end());
  io.Each(entries, [&](auto& entry) {
    io.Text(entry.first);
    io.Int(entry.second);
  });
  if constexpr (Io::kReads) positions = Positions(entries.begin(), entries.end());
}

template <class Io, class Numbers>
void NumberFields(Io& io, Numbers& numbers) {
  io.Each(numbers, [&](auto& number) { io.Int(number); });
}

template <class Io, class Told>
void ShareFields(Io& io, Told& told) {
  auto& share = told.share;
  io.Text(share.instance);
  io.Text(share.topic);
  io.Flag(share.keeps_up);
  io.Int(share.partitions);
  io.Each(share.held, [&](auto& held) {
    io.Int(held.partition);
    io.Int(held.offset);
    io.Flag(held.behind);
  });
  PositionFields(io, share.as_of);
  io.Text(share.version);
  io.Maybe(told.account, [&](auto& account) {
    io.Time(account.configured_at, TimeMs{});
    io.Text(account.time_zone);
  });
}

template <class Io, class Asked>
void AskedFields(Io& io, Asked& asked) {
  auto& query = asked.query;
  io.Id(asked.account);
  io.Int(asked.of_partitions);
  NumberFields(io, asked.partitions);
  io.Each(query.by, [&](auto& breakdown) { io.Choice(breakdown); });
  io.Each(query.where, [&](auto& filter) {
    io.Choice(filter.of);
    io.Each(filter.values, [&](auto& value) { funnel::KeyFields(io, value); });
  });
  io.Choice(query.window);
  io.Int(query.counting);
  io.Maybe(query.from, [&](auto& time) { io.Time(time, TimeMs{}); });
  io.Maybe(query.to, [&](auto& time) { io.Time(time, TimeMs{}); });
}

template <class Io, class OnePart, class Rows>
void PartFields(Io& io, OnePart& part, Rows& rows) {
  auto& counted = part.counted;
  NumberFields(io, counted.partitions);
  NumberFields(io, counted.behind);
  PositionFields(io, counted.as_of);
  io.Text(counted.version);
  io.Maybe(part.newest_event, [&](auto& time) { io.Time(time, TimeMs{}); });
  io.Flag(part.complete);
  io.Maybe(part.facts_gone_before, [&](auto& time) { io.Time(time, TimeMs{}); });
  io.Text(rows);
}

template <class Io, class Outlines>
void AccountFields(Io& io, Outlines& accounts) {
  io.Each(accounts, [&](auto& account) {
    io.Id(account.id);
    io.Time(account.configured_at, TimeMs{});
    io.Text(account.time_zone);
    io.Text(account.json);
  });
}

template <class Message, class Fields>
std::string Encode(const Message& message, Fields fields) {
  Packer io;
  fields(io, message);
  return Sealed(std::move(io).Done());
}

template <class Message, class Fields>
Received<Message> Decode(std::string_view bytes, Fields fields) {
  const auto content = Opened(bytes);
  if (!content) return std::unexpected(content.error());
  Unpacker io(*content);
  Message message;
  fields(io, message);
  if (io.failed() || !io.at_end()) return std::unexpected("is something else than was asked for");
  return message;
}

bool Ascends(const std::vector<int>& partitions) {
  return std::ranges::adjacent_find(partitions, std::ranges::greater_equal()) == partitions.end();
}

bool IsCalendars(const std::optional<TimeMs>& time) {
  using std::chrono::sys_days, std::chrono::year;
  return !time || (*time >= sys_days(year(1) / 1 / 1) && *time < sys_days(year(10'000) / 1 / 1));
}

// Who may ask is anybody who may read: what funnel_request.cpp does not ask for must not be counted by, either.
bool IsAskable(const RowsAsked& asked) {
  const funnel::Query& query = asked.query;
  std::set<funnel::Breakdown> by(query.by.begin(), query.by.end()), where;
  for (const funnel::Filter& filter : query.where) where.insert(filter.of);
  const bool once = by.size() == query.by.size() && where.size() == query.where.size();
  const bool ordered = !query.from || !query.to || *query.from <= *query.to;
  return once && ordered && IsCalendars(query.from) && IsCalendars(query.to) && Ascends(asked.partitions);
}

}  // namespace

std::string EncodeShare(const ShareTold& told) {
  return Encode(told, [](auto& io, auto& share) { ShareFields(io, share); });
}

Received<ShareTold> DecodeShare(std::string_view bytes) {
  return Decode<ShareTold>(bytes, [](auto& io, auto& share) { ShareFields(io, share); });
}

std::string EncodeRowsAsked(const RowsAsked& asked) {
  return Encode(asked, [](auto& io, auto& message) { AskedFields(io, message); });
}

Received<RowsAsked> DecodeRowsAsked(std::string_view bytes) {
  auto asked = Decode<RowsAsked>(bytes, [](auto& io, auto& message) { AskedFields(io, message); });
  if (asked && asked->query.counting != funnel::kGross && asked->query.counting != funnel::kNet) {
    return std::unexpected("counts neither gross nor net");
  }
  if (asked && !IsAskable(*asked)) return std::unexpected("is no question that is ever asked");
  return asked;
}

std::string EncodePart(const Part& part) {
  const std::string rows = funnel::EncodeRows(part.rows);
  return Encode(part, [&](auto& io, auto& message) { PartFields(io, message, rows); });
}

Received<Part> DecodePart(std::string_view bytes) {
  std::string packed;
  auto part = Decode<Part>(bytes, [&](auto& io, auto& message) { PartFields(io, message, packed); });
  if (!part) return part;
  auto rows = funnel::DecodeRows(packed);
  if (!rows || !Ascends(part->counted.partitions) || !Ascends(part->counted.behind)) {
    return std::unexpected("is something else than was asked for");
  }
  part->rows = *std::move(rows);
  return part;
}

std::string EncodeAccounts(const std::vector<AccountOutline>& accounts) {
  return Encode(accounts, [](auto& io, auto& message) { AccountFields(io, message); });
}

Received<std::vector<AccountOutline>> DecodeAccounts(std::string_view bytes) {
  return Decode<std::vector<AccountOutline>>(bytes, [](auto& io, auto& message) { AccountFields(io, message); });
}

}  // namespace monitor
