// The keys of the view store, all in one place. BUCKET is one byte, numbers are 8 bytes big-endian, ids hold no NUL
// (events with such ids are unreadable), so that byte order is bucket, account, visitor, session, log order.
//
//   family    key                                                        value
//   facts     BUCKET account 0 visitor 0 session 0 0                     the session's traits
//             BUCKET account 0 visitor 0 session 0 ORDINAL               the facts of the visitor's ORDINAL-th event
//   days      BUCKET account 0 zone 0 DAY visitor 0 session 0            one byte, 1: the session began on an earlier
//   one
//             BUCKET account 0 0 visitor 0 session 0                     empty: an odd session (session_days.h)
//   visitors  BUCKET account 0 visitor                                   VisitorTally
//             BUCKET account 0 visitor 0 "c" session 0 CONTEXT           ContextState
//             BUCKET account 0 visitor 0 "d" session 0                   SessionSpan (session_days.h)
//             BUCKET account 0 visitor 0 "v" SHA-256(conversation)       the session in which it started
//             BUCKET account 0 visitor 0 "s" session 0 CAMPAIGN KEPT     displays: the session's first and last
//             BUCKET account 0 visitor 0 "l" CAMPAIGN KEPT               displays with none as late or later after
//             BUCKET account 0 visitor 0 "t" CAMPAIGN KEPT TIME          a display that is later than all before it
//   marks     BUCKET account 0 visitor 0 SHA-256(mark's name)            one byte: Counting
//   stamps    account 0 zone 0 DAY                                       STAMP of the day's newest change
//             account 0 zone 0 DAY "t"                                   STAMP up to which its changes are forgotten
//             account 0 0 DAY (of 1970)                                  STAMP of the newest change of an odd session
//   changes   account 0 zone 0 DAY STAMP BUCKET account 0 visitor 0 session 0
//                                                                        ORDINAL: from there on the facts are new
//             account 0 zone 0 DAY STAMP                                 empty: whatever was kept of the day is void
//   rows      COVERED account 0 zone 0 DAY KIND COUNTING BREAKDOWNS      KeptDay (kept_rows.h)
//   retired   PART account 0 zone 0 COUNTING BREAKDOWNS DAY DAY          StretchRows (retired_rows.h), of sessions that
//                                                                        stood from one of the days to the other
//   accounts  account 0 BUCKET                                           account outline, or empty: events are here
//   progress  "seq/" BUCKET origin                                       highest seq
//             "offset/" partition (decimal)                              next offset
//             "position/" origin                                         position
//             "time/" origin                                             ms of the position's own event; 0: not known
//             "coverage"                                                 partitions, then a byte a bucket: 1 if
//                                                                        positions are about it; absent: about all
//             "retired/" account                                         ms: before it facts may be gone
//             "stamp"                                                    STAMP of the newest commit
//             "version"                                                  of all of these, decimal
//             "id"                                                       the view's own: random, made with it, kept
//
// KEPT is one byte, 1 if net has these displays, too; TIME is in ms, DAY in days of the session's zone since 1970,
// their sign bits turned over to be in order. STAMP numbers the commits. COVERED is a hash of the buckets that the rows
// are of, BREAKDOWNS one byte, a bit for each, PART which buckets are together (retired_rows.h). Displays are kept for
// conversions to come (funnel.h); queries read the others.
//
// A mark's name can be thousands of characters long (an order id), hence its hash.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/funnel/funnel.h"
#include "domain/funnel/funnel_rows.h"
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
// "zone 0 DAY": of a bucket's account (its prefix first) in days, of an account (AccountText) in stamps, changes, rows.
std::string DayOf(const std::string& zone, std::int64_t day);
std::string DayNumber(std::int64_t day);
std::optional<std::int64_t> ParseDay(std::string_view bytes);
std::string AccountText(std::string_view account);
// What stands before a session's place among others of its account, and that place: "visitor 0 session 0".
std::string AccountPrefixOf(const std::string& session_prefix);
std::string SessionPlace(const std::string& session_prefix);
inline const std::string kOddPlace(1, '\0');  // of the odd sessions, in place of a day
std::string OddKey(const std::string& session_prefix);
std::string OddStampKey(const std::string& account_text);
std::string DaysKey(const std::string& session_prefix, const std::string& zone, std::int64_t day);
std::string SpanKey(const std::string& visitor_key, const SessionId& session);
std::string ConversationKey(const std::string& visitor_key, std::string_view conversation);
// A key of the family stamps, behind the account, taken apart; nullopt: of neither kind.
struct StampAddress {
  std::string zone;
  std::int64_t day = 0;
  bool forgotten = false;  // it tells how far changes are forgotten
  bool odd() const { return zone.empty(); }
};
std::optional<StampAddress> ParseStampKey(std::string_view key);
// What all the session's context keys begin with, and all of its display lists'.
std::string ContextsPrefix(const std::string& visitor_key, const SessionId& session);
std::string SessionDisplaysPrefix(const std::string& visitor_key, const SessionId& session);
std::string ContextKey(const std::string& visitor_key, const SessionId& session, std::uint32_t context_id);
std::string EndsKey(const std::string& visitor_key, const funnel::DisplayList& list);
std::string DisplayPrefix(const std::string& visitor_key, const funnel::DisplayList& list);
std::string DisplayKey(const std::string& display_prefix, TimeMs time);
std::string MarkKey(const std::string& visitor_key, std::string_view name);
std::string AccountKey(std::string_view account, Bucket bucket);
std::string RetiredUntilKey(std::string_view account);
// The byte for a query's breakdowns.
unsigned BreakdownBits(const std::vector<funnel::Breakdown>& by);
// Whose session it is.
struct SessionOwner {
  std::string visitor_key;
  SessionId session;
};
SessionOwner OwnerOf(const std::string& session_prefix);

// A facts key taken apart; views into it.
struct FactsAddress {
  std::string_view visitor, session;
  std::uint64_t ordinal = 0;
};
std::optional<FactsAddress> ParseFactsKey(std::string_view key);

}  // namespace monitor::view
