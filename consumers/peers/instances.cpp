#include "consumers/peers/instances.h"

#include <algorithm>
#include <exception>
#include <map>
#include <random>
#include <utility>

#include "domain/funnel/row_sum.h"
#include "domain/values/hash.h"
#include "kafka/back_off.h"
#include "server/log.h"

namespace monitor {
namespace {

constexpr std::size_t kMaxAccounts = 10'000;  // of which what was told is remembered

std::string DrawName() {
  std::random_device random;
  std::string name;
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t drawn = random();
    name += Hex({reinterpret_cast<const char*>(&drawn), sizeof drawn});
  }
  return name;
}

std::vector<std::unique_ptr<Peer>> PeersOf(const InstancesOptions& options) {
  std::vector<std::unique_ptr<Peer>> peers;
  for (const std::string& url : options.peers) peers.push_back(std::make_unique<Peer>(url, options.token));
  return peers;
}

// Asks for 0, 1, … below `count` at the same time, for the first on the caller's thread. Who can not be asked for want
// of memory has not answered.
template <class Ask>
void EachAtOnce(std::size_t count, Ask ask) {
  const auto one = [&ask](std::size_t i) {
    try {
      ask(i);
    } catch (const std::exception& thrown) {  // nobody above a thread could catch it
      log::Warning("peer_not_asked", {{"detail", std::string(thrown.what())}});
    }
  };
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < count; ++i) {
    try {
      others.emplace_back([&one, i] { one(i); });
    } catch (const std::exception&) {  // no more threads: one after the other
      one(i);
    }
  }
  if (count > 0) one(0);
}

// What it has is of something else; empty: it is not.
std::string WhyNotAdded(const Share& share, const Share& own) {
  if (share.topic != own.topic) return "reads the topic " + share.topic + ", and this instance " + own.topic;
  if (share.partitions == own.partitions || share.partitions == 0 || own.partitions == 0) return {};
  return "reads " + std::to_string(share.partitions) + " partitions, and this instance " +
         std::to_string(own.partitions);
}

void TakeNewer(std::optional<AccountTold>& known, const std::optional<AccountTold>& told) {
  if (told && (!known || known->configured_at < told->configured_at)) known = told;
}

}  // namespace

Instances::Instances(const Generations& generations, InstancesOptions options)
    : generations_(generations),
      options_(std::move(options)),
      name_{.instance = DrawName(), .topic = options_.topic},
      peers_(PeersOf(options_)) {
  if (!peers_.empty()) thread_ = std::jthread([this](const std::stop_token& stop) { Watch(stop); });
}

Instances::~Instances() = default;

void Instances::Watch(const std::stop_token& stop) {
  do {
    (void)LookAt(std::nullopt, true, [&] { return stop.stop_requested(); });  // a view's fault is told by its reader
  } while (!kafka::PauseFor(options_.look_every, stop));
}

std::expected<std::string, std::string> Instances::Ask(Peer& peer, std::string target,
                                                       const std::function<bool()>& abandoned) const {
  return peer.Ask({.target = std::move(target), .body = {}, .patience = options_.patience, .abandoned = abandoned});
}

std::optional<ShareTold> Instances::AskShare(Peer& peer, const Share& own, std::optional<std::string_view> account,
                                             const std::function<bool()>& abandoned) const {
  const std::string query = account ? "?account=" + PercentEncode(*account) : std::string();
  const auto answer = Ask(peer, "/api/parts" + query, abandoned);
  if (abandoned()) return std::nullopt;
  auto told = answer ? DecodeShare(*answer) : std::unexpected(answer.error());
  const std::string fault = told     ? WhyNotAdded(told->share, own)
                            : answer ? "what it tells " + told.error()
                                     : told.error();
  peer.Tell(fault);
  return fault.empty() ? std::optional(*std::move(told)) : std::nullopt;
}

std::expected<Instances::Moment, std::string> Instances::Look(std::optional<std::string_view> account,
                                                              const std::function<bool()>& abandoned) {
  if (!peers_.empty()) return LookAt(account, false, abandoned);
  Moment moment{.now = generations_.Now()};
  const ViewStore& view = *moment.now.view;
  moment.whole = {view.CommittedPositions(), view.Version(), moment.now.source.missing};
  moment.keep_up = KeepsUp(moment.now);
  if (!account) return moment;
  const auto found = view.Account(*account);
  if (!found) return std::unexpected(found.error());
  if (*found) moment.account = {.configured_at = (*found)->configured_at, .time_zone = (*found)->time_zone};
  return moment;
}

std::expected<Instances::Moment, std::string> Instances::LookAt(std::optional<std::string_view> account,
                                                                bool also_silent,
                                                                const std::function<bool()>& abandoned) {
  Moment moment{.now = generations_.Now()};
  auto own = TellShare(moment.now, name_, account);
  if (!own) return std::unexpected(own.error());
  std::vector<std::optional<ShareTold>> told(peers_.size());
  EachAtOnce(peers_.size(), [&](std::size_t i) {
    if (also_silent || peers_[i]->Fault().empty()) told[i] = AskShare(*peers_[i], own->share, account, abandoned);
  });

  std::vector<Share> shares{std::move(own->share)};
  moment.counters = {nullptr};
  moment.account = own->account;
  moment.partitions = shares.front().partitions;
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    if (!told[i]) {
      moment.silent = peers_[i]->url() + " " + peers_[i]->Fault();
      continue;
    }
    Share& share = told[i]->share;
    const bool known = std::ranges::find(shares, share.instance, &Share::instance) != shares.end();
    if (known) continue;  // this one itself, or another URL of one
    if (moment.partitions == 0) moment.partitions = share.partitions;
    if (share.partitions != moment.partitions) continue;  // one of them knows none yet
    TakeNewer(moment.account, told[i]->account);
    shares.push_back(std::move(share));
    moment.counters.push_back(peers_[i].get());
  }
  moment.counted = Divide(shares);
  moment.whole = Together(moment.counted, moment.partitions);
  moment.keep_up = std::ranges::all_of(shares, [](const Share& one) { return one.keeps_up || one.held.empty(); });
  std::lock_guard lock(mutex_);
  last_found_ = moment.whole;
  if (!account) return moment;
  const auto known = told_of_.find(*account);
  if (known != told_of_.end()) TakeNewer(moment.account, known->second);
  if (moment.account && told_of_.size() < kMaxAccounts)
    told_of_.insert_or_assign(std::string(*account), *moment.account);
  return moment;
}

Whole Instances::LastFound() const {
  if (peers_.empty()) {
    const Answering now = generations_.Now();
    return {now.view->CommittedPositions(), now.view->Version(), now.source.missing};
  }
  std::lock_guard lock(mutex_);
  return last_found_;
}

std::optional<Part> Instances::AskPart(Peer& peer, const RowsAsked& asked,
                                       const std::function<bool()>& abandoned) const {
  // Who no longer answers the one that asks every second is not waited for.
  const auto in_vain = [&] { return abandoned() || !peer.Fault().empty(); };
  const auto answer = peer.Ask({.target = "/api/parts/rows",
                                .body = EncodeRowsAsked(asked),
                                .patience = options_.rows_patience,
                                .abandoned = in_vain});
  auto part = answer ? DecodePart(*answer) : std::unexpected(answer.error());
  if (part && std::ranges::includes(asked.partitions, part->counted.partitions)) return *std::move(part);
  if (abandoned()) return std::nullopt;
  log::Warning("part_missing",
               {{"peer", peer.url()}, {"detail", part ? "it counted what it was not asked for" : part.error()}});
  return std::nullopt;
}

std::expected<Instances::Sum, std::string> Instances::Count(const Moment& moment, const AccountId& account,
                                                            const funnel::Query& query,
                                                            const std::function<bool()>& abandoned) {
  if (moment.counters.empty()) {
    const auto newest_event = moment.now.view->NewestSessionEvent(account);
    auto report = moment.now.view->Funnel(account, query, moment.now.source.buckets, abandoned);
    if (!report) return std::unexpected(report.error());
    return Sum{.whole = {std::move(report->as_of), std::move(report->version), moment.now.source.missing},
               .rows = std::move(report->rows),
               .complete = report->complete,
               .facts_gone_before = report->facts_gone_before,
               .newest_event = newest_event};
  }
  std::vector<Part> parts(moment.counters.size());
  std::string fault;
  EachAtOnce(parts.size(), [&](std::size_t i) {
    const RowsAsked asked{account, moment.partitions, moment.counted[i].partitions, query};
    if (asked.partitions.empty()) return;
    if (Peer* const peer = moment.counters[i]) {
      if (auto part = AskPart(*peer, asked, abandoned)) parts[i] = *std::move(part);
      return;
    }
    auto part = CountPart(moment.now, asked, abandoned);
    part ? void(parts[i] = *std::move(part)) : void(fault = part.error());
  });
  if (!fault.empty()) return std::unexpected(fault);

  Sum sum;
  std::vector<Counted> counted;
  funnel::RowSum rows;
  for (Part& part : parts) {
    counted.push_back(std::move(part.counted));
    rows.Add(std::move(part.rows));
    sum.newest_event = std::max(sum.newest_event, part.newest_event);
    sum.facts_gone_before = std::max(sum.facts_gone_before, part.facts_gone_before);
    sum.complete &= part.complete && rows.bytes() <= query.max_bytes;
  }
  sum.complete &= !abandoned();
  sum.whole = Together(counted, moment.partitions);
  if (!sum.complete) return sum;
  sum.rows = rows.Take();
  if (sum.rows.empty() && query.by.empty() && query.window == funnel::Window::kAll) sum.rows.emplace_back();
  return sum;
}

std::expected<std::vector<AccountOutline>, std::string> Instances::Accounts(const std::function<bool()>& abandoned) {
  auto own = generations_.View()->Accounts();
  if (!own || peers_.empty()) return own;
  std::vector<std::vector<AccountOutline>> told(peers_.size());
  EachAtOnce(peers_.size(), [&](std::size_t i) {
    if (!peers_[i]->Fault().empty()) return;
    const auto answer = Ask(*peers_[i], "/api/parts/accounts", abandoned);
    if (auto accounts = answer ? DecodeAccounts(*answer) : std::unexpected(answer.error())) {
      told[i] = *std::move(accounts);
    }
  });
  std::map<AccountId, AccountOutline> newest;
  told.push_back(*std::move(own));
  for (std::vector<AccountOutline>& accounts : told) {
    for (AccountOutline& account : accounts) {
      const auto [known, is_new] = newest.try_emplace(account.id, account);
      if (!is_new && known->second.configured_at < account.configured_at) known->second = std::move(account);
    }
  }
  std::vector<AccountOutline> all;
  for (auto& [id, account] : newest) all.push_back(std::move(account));
  return all;
}

Instances::Keeper Instances::KeeperOf(const Moment& moment, const AccountId& account) {
  if (moment.counters.empty()) return {.is_this = true};
  if (moment.partitions == 0) return {};
  const int partition = BucketOf(PartitionKey(account, VisitorId())) % moment.partitions;
  for (std::size_t i = 0; i < moment.counted.size(); ++i) {
    if (!std::ranges::binary_search(moment.counted[i].partitions, partition)) continue;
    return {.is_this = moment.counters[i] == nullptr, .peer = moment.counters[i]};
  }
  return {};
}

std::string Instances::Trouble() const {
  std::string trouble;
  for (const auto& peer : peers_) {
    const std::string fault = peer->Fault();
    if (!fault.empty()) trouble += (trouble.empty() ? "" : "; ") + peer->url() + " " + fault;
  }
  return trouble;
}

}  // namespace monitor
