// The keys of the view store, all in one place. BUCKET is one byte, numbers are 8 bytes big-endian, ids hold no NUL
// (events with such ids are unreadable), so that byte order is bucket, account, visitor, session, log order.
//
//   family    key                                                        value
//   facts     BUCKET account 0 visitor 0 session 0 0                     the session's traits
//             BUCKET account 0 visitor 0 session 0 ORDINAL               the facts of the visitor's ORDINAL-th event
//   days      BUCKET account 0 DAY visitor 0 session 0                   empty: the session has facts on that day
//   visitors  BUCKET account 0 visitor                                   VisitorTally
//             BUCKET account 0 visitor 0 "c" session 0 CONTEXT           ContextState
//             BUCKET account 0 visitor 0 "s" session 0 CAMPAIGN KEPT     displays: the session's first and last
//             BUCKET account 0 visitor 0 "l" CAMPAIGN KEPT               displays with none as late or later after
//             BUCKET account 0 visitor 0 "t" CAMPAIGN KEPT TIME          a display that is later than all before it
//   marks     BUCKET account 0 visitor 0 SHA-256(mark's name)            one byte: Counting
//   accounts  account 0 BUCKET                                           account outline, or empty: events are here
//   progress  "seq/" BUCKET origin                                       highest seq
//             "offset/" partition (decimal)                              next offset
//             "position/" origin                                         position
//             "time/" origin                                             ms of the position's own event; 0: not known
//             "coverage"                                                 partitions, then a byte a bucket: 1 if
//                                                                        positions are about it; absent: about all
//             "version"                                                  of all of these, decimal
//             "id"                                                       the view's own: random, made with it, kept
//
// KEPT is one byte, 1 if net has these displays, too; TIME is in ms, DAY in days of UTC since 1970, their sign bits
// turned over to be in order. Displays are kept for conversions to come (funnel.h); queries read days and facts only.
//
// A mark's name can be thousands of characters long (an order id), hence its hash.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/funnel/funnel.h"
#include "domain/values/hash.h"
#include "domain/values/names.h"

namespace monitor::view {

std::string Number(std::uint64_t value);
std::optional<std::uint64_t> ParseNumber(std::string_view bytes);

std::string AccountPrefix(Bucket bucket, std::string_view account);
std::string VisitorKey(Bucket bucket, const AccountId& account, const VisitorId& visitor);
// All of a visitor's sessions, or one.
std::string SessionsPrefix(const std::string& visitor_key);
std::string SessionPrefix(const std::string& visitor_key, const SessionId& session);
std::string FactsKey(const std::string& session_prefix, std::uint64_t ordinal);
// What days' keys of an account begin with on the day of `time`, and a session's key there.
std::string DayPrefix(const std::string& account_prefix, TimeMs time);
std::string DayKey(const std::string& session_prefix, TimeMs time);
// The prefix of the session that a day's key names.
std::string SessionPrefixOf(const std::string& account_prefix, std::string_view day_key);
std::string ContextKey(const std::string& visitor_key, const SessionId& session, std::uint32_t context_id);
std::string EndsKey(const std::string& visitor_key, const funnel::DisplayList& list);
std::string DisplayPrefix(const std::string& visitor_key, const funnel::DisplayList& list);
std::string DisplayKey(const std::string& display_prefix, TimeMs time);
std::string MarkKey(const std::string& visitor_key, std::string_view name);
std::string AccountKey(std::string_view account, Bucket bucket);

// A facts key taken apart; views into it.
struct FactsAddress {
  std::string_view visitor, session;
  std::uint64_t ordinal = 0;
};
std::optional<FactsAddress> ParseFactsKey(std::string_view key);

}  // namespace monitor::view
