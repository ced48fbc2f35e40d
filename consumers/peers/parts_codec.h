// The bytes by which instances tell one another what they have and what they counted: rows as sums and histograms,
// which add. Not an exchange format: an instance refuses those of another layout, or of facts that it would have
// counted otherwise, and says so.
//
// Bytes that are no whole message give an error, in words that follow "what it tells", never a partial value. Pure.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consumers/peers/share.h"
#include "consumers/view/view_store.h"
#include "domain/funnel/funnel_rows.h"

namespace monitor {

constexpr std::uint32_t kPartsLayout = 2;

// Of an account, as far as a question's bounds go.
struct AccountTold {
  TimeMs configured_at;
  std::string time_zone;
  bool operator==(const AccountTold&) const = default;
};

struct ShareTold {
  Share share;
  std::optional<AccountTold> account;  // the one that was asked for; nullopt: it is not known there
  bool operator==(const ShareTold&) const = default;
};

struct RowsAsked {
  AccountId account;
  int of_partitions = 0;        // that the topic has
  std::vector<int> partitions;  // ascending
  funnel::Query query;
};

struct Part {
  Counted counted;
  // Of the account's sessions, that this process took and committed before it counted; nullopt: none yet.
  std::optional<TimeMs> newest_event;
  bool complete = true;                          // false: there is more than the query allows; no rows then
  std::optional<TimeMs> facts_gone_before = {};  // as FunnelReport's
  std::vector<funnel::Row> rows;
};

template <class Message>
using Received = std::expected<Message, std::string>;

std::string EncodeShare(const ShareTold& told);
Received<ShareTold> DecodeShare(std::string_view bytes);
std::string EncodeRowsAsked(const RowsAsked& asked);
Received<RowsAsked> DecodeRowsAsked(std::string_view bytes);
std::string EncodePart(const Part& part);
Received<Part> DecodePart(std::string_view bytes);
// Without alerts: webhooks are nobody's business who may read the funnel.
std::string EncodeAccounts(const std::vector<AccountOutline>& accounts);
Received<std::vector<AccountOutline>> DecodeAccounts(std::string_view bytes);

}  // namespace monitor
