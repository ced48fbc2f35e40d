// This instance and those that are listed, asked as one (funnel.md section 5; docs/decisions/peers.md): first who has
// which partition, and how far; then each for the rows of those that it is to count, which are added. Of who does not
// answer in time the partitions are missing. What is asked by others is own_part.h's and asks nobody.
//
// Threads: any; a question waits for its answers, which come at once from all. Another thread asks every second who
// answers, so that questions do not wait for those who do not.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "consumers/peers/own_part.h"
#include "consumers/peers/peer.h"

namespace monitor {

struct InstancesOptions {
  std::vector<std::string> peers;  // URLs of ServerUrl's form; this one's own may be among them
  std::string token;               // that they ask for; empty: none
  std::string topic;
  std::chrono::milliseconds patience = std::chrono::seconds(2);        // with what a peer has at hand
  std::chrono::milliseconds rows_patience = std::chrono::seconds(30);  // with what it has to count
  std::chrono::milliseconds look_every = std::chrono::seconds(1);
};

class Instances {
 public:
  // `generations` must outlive it.
  Instances(const Generations& generations, InstancesOptions options);
  ~Instances();

  const InstanceName& name() const { return name_; }

  // Errors are those of this instance's disk, in one sentence.

  // Who has what, at one moment.
  struct Moment {
    Answering now;  // of this instance
    Whole whole;
    std::optional<AccountTold> account;  // as whoever has its newest document knows it
    std::string silent;                  // a peer that did not answer, and why; empty: all did
    bool keep_up = false;                // all that have something do (own_part.h)

    int partitions = 0;            // of the topic
    std::vector<Peer*> counters;   // nullptr: this instance
    std::vector<Counted> counted;  // in the order of these
  };
  std::expected<Moment, std::string> Look(std::optional<std::string_view> account,
                                          const std::function<bool()>& abandoned);
  // What Look last found of them all, without waiting; nothing before the first time. A hint.
  Whole LastFound() const;

  struct Sum {
    Whole whole;
    std::vector<funnel::Row> rows;  // by key
    bool complete = true;           // false: there is more than the query allows, or nobody waited for it any more
    std::optional<TimeMs> facts_gone_before;  // as FunnelReport's, of any of them; no rows then
    std::optional<TimeMs> newest_event;       // of the account's sessions, as far as they are in the rows; see Part
  };
  std::expected<Sum, std::string> Count(const Moment& moment, const AccountId& account, const funnel::Query& query,
                                        const std::function<bool()>& abandoned);

  // Who counts the partition of the account's own events, its documents: it judges the account's alerts.
  struct Keeper {
    bool is_this = false;
    Peer* peer = nullptr;  // nor any: nobody does
  };
  static Keeper KeeperOf(const Moment& moment, const AccountId& account);

  // What one tells in `target`, a path and query, of what it has at hand; the error as Peer's.
  std::expected<std::string, std::string> Ask(Peer& peer, std::string target,
                                              const std::function<bool()>& abandoned) const;

  // By id; of each what whoever has its newest document knows.
  std::expected<std::vector<AccountOutline>, std::string> Accounts(const std::function<bool()>& abandoned);

  // Of peers that do not answer, in words; empty: all do.
  std::string Trouble() const;
  std::span<const std::unique_ptr<Peer>> peers() const { return peers_; }

 private:
  std::expected<Moment, std::string> LookAt(std::optional<std::string_view> account, bool also_silent,
                                            const std::function<bool()>& abandoned);
  std::optional<ShareTold> AskShare(Peer& peer, const Share& own, std::optional<std::string_view> account,
                                    const std::function<bool()>& abandoned) const;
  std::optional<Part> AskPart(Peer& peer, const RowsAsked& asked, const std::function<bool()>& abandoned) const;
  void Watch(const std::stop_token& stop);

  const Generations& generations_;
  const InstancesOptions options_;
  const InstanceName name_;
  const std::vector<std::unique_ptr<Peer>> peers_;
  mutable std::mutex mutex_;
  Whole last_found_;
  std::map<std::string, AccountTold, std::less<>> told_of_;  // accounts, by others who may be away by now
  std::jthread thread_;                                      // last: it uses all of the above
};

}  // namespace monitor
