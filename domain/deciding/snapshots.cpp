#include "domain/deciding/snapshots.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "domain/deciding/decide.h"
#include "domain/deciding/visitor_json.h"
#include "domain/values/packing.h"

namespace monitor {
namespace {

// Sets, and lists that hold numbers in order: each as the distance from the one before it.
template <class Io, class Set>
void Ordered(Io& io, Set& set) {
  using Number = Set::value_type;
  Number before = 0;
  if constexpr (Io::kReads) {
    std::vector<Number> numbers;
    io.Each(numbers, [&](Number& number) {
      io.Int(number);
      number = before = static_cast<Number>(number + before);
    });
    set = Set(numbers.begin(), numbers.end());
  } else {
    io.Each(set, [&](Number number) { io.Int(static_cast<Number>(number - std::exchange(before, number))); });
  }
}

template <class Io, class Keys>
void Engagements(Io& io, Keys& keys) {
  EngagementKeys::Key before{0, 0};
  auto fields = [&](auto& key) {
    auto distance = key;
    if constexpr (!Io::kReads) distance = {key.first - before.first, key.second - before.second};
    io.Int(distance.first);
    io.Int(distance.second);
    if constexpr (Io::kReads) key = {before.first + distance.first, before.second + distance.second};
    before = key;
  };
  if constexpr (Io::kReads) {
    std::vector<EngagementKeys::Key> list;
    io.Each(list, fields);
    keys = EngagementKeys(std::move(list));
  } else {
    io.Each(keys, fields);
  }
}

template <class Io, class Number>
void MaybeInt(Io& io, std::optional<Number>& number) {
  io.Maybe(number, [&](auto& value) { io.Int(value); });
}
template <class Io, class Number>
void MaybeInt(Io& io, const std::optional<Number>& number) {
  io.Maybe(number, [&](auto& value) { io.Int(value); });
}

constexpr auto kText = [](auto& io) { return [&io](auto& value) { io.Text(value); }; };
constexpr auto kAmount = [](auto& io) { return [&io](auto& value) { io.Amount(value); }; };

template <class Io, class Offered>
void EntryFields(Io& io, Offered& entry) {
  io.Int(entry.campaign_id);
  io.Int(entry.engagement_id);
  io.Int(entry.engagement_revision);
  io.Choice(entry.zone);
  io.Choice(entry.channel);
  io.Word(entry.language);
}

// ---- a session ------------------------------------------------------------------------------------------------------

template <class Io, class AnyOffered>
void OfferedFields(Io& io, AnyOffered& offered) {
  EntryFields(io, offered.entry);
  io.Word(offered.app_installation);
  MaybeInt(io, offered.skill_id);
  io.Word(offered.skill_name);
  io.Word(offered.window_id);
  MaybeInt(io, offered.connector_id);
}

template <class Io, class State>
void Offers(Io& io, State& state) {
  io.Each(state.offered, [&](auto& offered) { OfferedFields(io, offered); });
  TimeMs before = state.created_at;
  io.Each(state.offers, [&](auto& offer) {
    io.Int(offer.offered);
    if constexpr (Io::kReads) {
      if (offer.offered >= state.offered.size()) return io.Fail();
    }
    io.Int(offer.context_id);
    io.Int(offer.page_index);
    io.Int(offer.pages_known);
    io.Time(offer.shown_at, before);
    before = offer.shown_at;
    io.Int(offer.displays);
    io.Int(offer.accepts);
    io.Flag(offer.closed);
    io.Flag(offer.withdrawn);
  });
}

template <class Io, class List>
void Products(Io& io, List& products) {
  io.Each(products, [&](auto& product) {
    io.Text(product.name);
    io.Text(product.category);
    io.Text(product.sku);
    io.Maybe(product.price, kAmount(io));
  });
}

template <class Io, class Date>
void DateFields(Io& io, Date& date) {
  MaybeInt(io, date.year);
  MaybeInt(io, date.month);
  MaybeInt(io, date.day);
}

template <class Io, class Attributes>
void ServiceStatus(Io& io, Attributes& attributes) {
  if constexpr (Io::kReads) {
    std::vector<std::pair<std::string, std::int64_t>> list;
    io.Each(list, [&](auto& one) {
      io.Text(one.first);
      io.Int(one.second);
    });
    attributes.service_status = {list.begin(), list.end()};
  } else {
    io.Each(attributes.service_status, [&](const auto& one) {
      io.Text(one.first);
      io.Int(one.second);
    });
  }
}

template <class Io, class Attributes>
void AttributeFields(Io& io, Attributes& attributes) {
  io.Maybe(attributes.cart.total, kAmount(io));
  io.Maybe(attributes.cart.previous_total, kAmount(io));
  MaybeInt(io, attributes.cart.num_items);
  Products(io, attributes.cart_products);
  Products(io, attributes.viewed_products);
  io.Each(attributes.keywords, kText(io));
  MaybeInt(io, attributes.marketing_channel);
  for (auto* text : {&attributes.marketing_affiliate, &attributes.marketing_campaign, &attributes.ctype,
                     &attributes.cstatus, &attributes.customer_id, &attributes.role, &attributes.store_zip_code,
                     &attributes.store_number, &attributes.gender}) {
    io.Maybe(*text, kText(io));
  }
  io.Maybe(attributes.balance, kAmount(io));
  MaybeInt(io, attributes.company_size);
  DateFields(io, attributes.registration);
  DateFields(io, attributes.last_payment);
  DateFields(io, attributes.birth);
  MaybeInt(io, attributes.age);
  ServiceStatus(io, attributes);
  io.Each(attributes.fitting_errors, [&](auto& error) {
    io.Fixed(error.key);
    io.Int(error.rule);
  });
}

// A page's row of locations, and what its newest view differs in.
template <class Io, class Memo>
void Rows(Io& io, Memo& memo, std::size_t page) {
  const std::size_t words = memo.visited.size();
  for (std::size_t i = page * words; i < (page + 1) * words; ++i) {
    io.Int(memo.pages[i]);
    std::uint64_t difference = memo.pages[i] ^ memo.views[i];
    io.Int(difference);
    if constexpr (Io::kReads) memo.views[i] = memo.pages[i] ^ difference;
  }
}

constexpr std::uint64_t kMaxWords = 1 << 16;  // of a page's row: four million locations

template <class Io, class State>
void Pages(Io& io, State& state) {
  auto& memo = state.location_memo;
  std::uint64_t words = memo.visited.size();
  io.Int(words);
  if constexpr (Io::kReads) {
    if (words > kMaxWords) return io.Fail();
    memo.visited.resize(words);
  }
  TimeMs before = state.created_at;
  std::size_t index = 0;
  io.Each(state.pages, [&](auto& page) {
    if constexpr (Io::kReads) {
      state.views.push_back({.page = index});
      page.view = index;
      memo.pages.resize((index + 1) * words);
      memo.views.resize((index + 1) * words);
    }
    io.Id(page.id);
    io.Time(page.first_seen, before);
    before = page.first_seen;
    io.Fixed(state.views[index].fingerprint);
    Rows(io, memo, index++);
  });
  io.Each(memo.referrals, [&](auto& word) { io.Int(word); });
}

// Of what judged the texts. Under other rules they would have to be judged anew.
template <class Io, class State>
void JudgedBy(Io& io, State& state) {
  int rules = kDecisionRules;
  io.Int(rules);
  io.Id(state.location_memo.text_revision);
  if constexpr (Io::kReads) {
    if (rules != kDecisionRules) state.location_memo.text_revision = Revision("other rules");
  }
}

// Asking for membership costs a hash each: two bits a group, in a byte for four of them.
template <class Io, class Memo>
void Members(Io& io, Memo& memo) {
  io.Id(memo.revision);
  if constexpr (Io::kReads) {
    std::vector<std::uint8_t> bytes;
    io.Each(bytes, [&](std::uint8_t& byte) { io.Fixed(byte); });
    memo.member.resize(4 * bytes.size());
    for (std::size_t i = 0; i < memo.member.size(); ++i) {
      memo.member[i] = static_cast<std::int8_t>((bytes[i / 4] >> (2 * (i % 4)) & 3) - 1);
    }
  } else {
    std::vector<std::uint8_t> bytes((memo.member.size() + 3) / 4);
    for (std::size_t i = 0; i < memo.member.size(); ++i) {
      bytes[i / 4] = static_cast<std::uint8_t>(bytes[i / 4] | (memo.member[i] + 1) << (2 * (i % 4)));
    }
    io.Each(bytes, [&](std::uint8_t byte) { io.Fixed(byte); });
  }
}

template <class Io, class State>
void SessionFields(Io& io, State& state) {
  io.Int(state.version);
  io.Time(state.created_at, TimeMs{});
  io.Time(state.last_activity_at, state.created_at);
  io.Flag(state.closed);
  io.Flag(state.bot);
  io.Flag(state.returning);
  io.Maybe(state.device_family, [&](auto& family) { io.Choice(family); });
  io.Text(state.ip_address);
  io.Int(state.max_age_s);
  Ordered(io, state.address_matches);
  io.Int(state.address_matches_version);
  io.Int(state.activities);
  io.Int(state.last_context);
  JudgedBy(io, state);
  Pages(io, state);
  Members(io, state.decision_memo);
  io.Int(state.newest_page);
  io.Flag(state.newest_page_sent);
  Offers(io, state);
  Engagements(io, state.established);
  Engagements(io, state.withheld_account);
  Engagements(io, state.withheld_campaign);
  Ordered(io, state.displayed);
  Ordered(io, state.clicked);
  Ordered(io, state.closed_engagements);
  io.Int(state.proactive_displays);
  io.Flag(state.proactive_declined);
  bool any = state.attributes != AttributeState{};
  io.Flag(any);
  if (any) AttributeFields(io, state.attributes);
  io.Each(state.utterances, [&](auto& said) {
    io.Fixed(said.fingerprint);
    io.Time(said.said_at, state.last_activity_at);
  });
}

// What follows from the fields.
void Derive(SessionState& session) {
  auto& memo = session.location_memo;
  const std::size_t words = memo.visited.size();
  for (std::size_t i = 0; i < memo.pages.size(); ++i) memo.visited[i % words] |= memo.pages[i];
  memo.views_seen = session.views.size();
  session.texts_forgotten = true;
}

// ---- a visitor ------------------------------------------------------------------------------------------------------

template <class Io, class Conversation>
void ConversationFields(Io& io, Conversation& open, int layout) {
  io.Id(open.id);
  io.Id(open.identity);
  io.Maybe(open.entry, [&](auto& entry) { EntryFields(io, entry); });
  io.Maybe(open.session, [&](auto& session) { io.Id(session); });
  MaybeInt(io, open.context_id);
  MaybeInt(io, open.connector_id);
  io.Time(open.started_at, TimeMs{});
  if (layout >= 3) io.Word(open.app_installation);
}

template <class Io, class State>
void VisitorFields(Io& io, State& state, int layout) {
  io.Int(state.version);
  io.Int(state.sessions);
  io.Id(state.newest_session);
  io.Each(state.conversations, [&](auto& open) { ConversationFields(io, open, layout); });
  io.Each(state.interactions, [&](auto& one) {
    io.Word(one.session);
    io.Int(one.engagement_id);
  });
  io.Int(state.offers);
  io.Each(state.newest_offers, [&](auto& offer) {
    EntryFields(io, offer.entry);
    io.Word(offer.session);
    io.Int(offer.context_id);
    io.Word(offer.app_installation);
    MaybeInt(io, offer.connector_id);
    auto back = static_cast<std::int64_t>(state.offers - offer.ordinal);
    io.Int(back);
    if constexpr (Io::kReads) offer.ordinal = state.offers - static_cast<std::uint64_t>(back);
  });
  io.Maybe(state.abandon_score, kAmount(io));
  io.Flag(state.erased);
  if (layout >= 2) io.Time(state.seen_at, TimeMs{});
}

}  // namespace

std::string PackSession(const SessionState& session) {
  Packer io;
  io.Int(kSnapshotLayout);
  io.Id(session.id);
  SessionFields(io, session);
  return std::move(io).Done();
}

std::optional<SessionState> UnpackSession(std::string_view bytes) {
  Unpacker io(bytes);
  int layout = 0;
  io.Int(layout);
  if (layout < 1 || layout > kSnapshotLayout) return std::nullopt;
  SessionState session;
  io.Id(session.id);
  SessionFields(io, session);
  if (io.failed() || !io.at_end()) return std::nullopt;
  const auto is_page = [&](std::size_t index) { return index < session.pages.size() || session.pages.empty(); };
  const bool whole = is_page(session.newest_page) && std::ranges::all_of(session.offers, is_page, &Offer::page_index);
  if (!whole) return std::nullopt;
  Derive(session);
  return session;
}

SessionId SessionIdOf(std::string_view bytes) {
  Unpacker io(bytes);
  int layout = 0;
  SessionId id;
  io.Int(layout);
  io.Id(id);
  return io.failed() ? SessionId() : id;
}

std::string PackVisitor(const VisitorState& visitor) {
  Packer io;
  io.Int(kSnapshotLayout);
  VisitorFields(io, visitor, kSnapshotLayout);
  return std::move(io).Done();
}

std::optional<VisitorState> UnpackVisitor(std::string_view bytes) {
  if (bytes.starts_with('{')) return VisitorFromJson(bytes);
  Unpacker io(bytes);
  int layout = 0;
  io.Int(layout);
  if (layout < 1 || layout > kSnapshotLayout) return std::nullopt;
  VisitorState visitor;
  VisitorFields(io, visitor, layout);
  if (io.failed() || !io.at_end()) return std::nullopt;
  return visitor;
}

}  // namespace monitor
