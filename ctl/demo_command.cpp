// Realistic traffic against the edge, and the funnel filling in the terminal.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "ctl/command.h"
#include "ctl/demo_visitor.h"
#include "ctl/funnel_table.h"
#include "ctl/funneld.h"

namespace monitor::ctl {
namespace {

constexpr int kWorkers = 8;
constexpr double kReturningShare = 0.25;
constexpr std::chrono::milliseconds kTablePeriod{1'000};

struct DemoOptions {
  DemoTarget target{.url = "https://localhost:8443", .ca_file = "", .account = "demo", .app = "web"};
  FunneldAddress funneld;
  std::uint64_t visitors = 300;
  double rate = 25;  // visits a second, over all
  std::uint64_t seed = 1;
};

// Hands out visits at the rate asked for, and remembers visitors who may come again.
class Visits {
 public:
  explicit Visits(const DemoOptions& options) : options_(options), begin_(std::chrono::steady_clock::now()) {}

  struct Visit {
    std::uint64_t seed;
    std::string visitor_id;  // empty: a new one
  };

  // Waits for the next visit's time; nullopt: there are no more.
  std::optional<Visit> Next() {
    std::uint64_t number;
    Visit visit;
    {
      std::lock_guard lock(mutex_);
      if (handed_out_ >= options_.visitors || Interrupted()) return std::nullopt;
      number = handed_out_++;
      visit.seed = options_.seed * 1'000'003 + number;
      std::mt19937_64 random(visit.seed);
      if (!known_.empty() && std::uniform_real_distribution<>(0, 1)(random) < kReturningShare) {
        visit.visitor_id = known_[random() % known_.size()];
      }
    }
    const auto due = begin_ + std::chrono::duration<double>(static_cast<double>(number) / options_.rate);
    while (std::chrono::steady_clock::now() < due && !Interrupted()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return visit;
  }

  void Ended(const DemoVisitor& visitor, const std::string& error) {
    std::lock_guard lock(mutex_);
    if (error.empty()) known_.push_back(visitor.visitor_id());
    if (!error.empty() && first_error_.empty()) first_error_ = error;
  }

  std::string first_error() {
    std::lock_guard lock(mutex_);
    return first_error_;
  }

 private:
  const DemoOptions& options_;
  const std::chrono::steady_clock::time_point begin_;
  std::mutex mutex_;
  std::uint64_t handed_out_ = 0;
  std::vector<std::string> known_;
  std::string first_error_;
};

void Work(const DemoOptions& options, Visits& visits, DemoTotals& totals) {
  HttpClient client;
  while (auto visit = visits.Next()) {
    DemoVisitor visitor(options.target, client, totals, visit->seed, visit->visitor_id);
    const std::string error = visitor.Play();
    visits.Ended(visitor, error);
  }
}

// Draws the table over the one before on a terminal, under it elsewhere.
class Screen {
 public:
  void Show(const std::string& table) {
    if (isatty(STDOUT_FILENO) && lines_ > 0) std::printf("\033[%zuA\033[J", lines_);
    std::fputs(table.c_str(), stdout);
    std::fflush(stdout);
    lines_ = static_cast<std::size_t>(std::ranges::count(table, '\n'));
  }

 private:
  std::size_t lines_ = 0;
};

void PrintTotalsAsJson(const DemoTotals& totals) {
  std::string out;
  json::Writer writer(out);
  writer.BeginObject();
  for (auto [name, value] : {std::pair("requests", &totals.requests), std::pair("sessions", &totals.sessions),
                             std::pair("offers", &totals.offers), std::pair("displays", &totals.displays),
                             std::pair("clicks", &totals.clicks), std::pair("closes", &totals.closes),
                             std::pair("purchases", &totals.purchases), std::pair("leads", &totals.leads),
                             std::pair("errors", &totals.errors)}) {
    writer.Key(name).UInt(value->load());
  }
  writer.EndObject();
  std::puts(out.c_str());
}

void PrintTotals(const DemoTotals& totals) {
  auto number = [](const std::atomic<std::uint64_t>& value) { return static_cast<unsigned long long>(value.load()); };
  std::printf(
      "demo: %llu requests, %llu sessions, %llu offers, %llu displays, %llu clicks, %llu closes, %llu purchases, %llu "
      "leads, %llu errors\n",
      number(totals.requests), number(totals.sessions), number(totals.offers), number(totals.displays),
      number(totals.clicks), number(totals.closes), number(totals.purchases), number(totals.leads),
      number(totals.errors));
}

int Demo(const CommonOptions& common, const DemoOptions& options) {
  DemoTotals totals;
  Visits visits(options);
  std::atomic<int> working = kWorkers;
  std::vector<std::jthread> workers;
  workers.reserve(kWorkers);
  for (int i = 0; i < kWorkers; ++i) {
    workers.emplace_back([&] {
      Work(options, visits, totals);
      --working;
    });
  }
  Funneld funneld(options.funneld);
  const std::string path = "/api/funnel?by=campaign&account=" + PercentEncode(options.target.account);
  Screen screen;
  std::string shown;
  for (bool last = false; !last;) {
    last = working == 0;
    const auto next = std::chrono::steady_clock::now() + kTablePeriod;
    while (std::chrono::steady_clock::now() < next && (last || working > 0)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const auto answer = funneld.Get(path);
    const auto table = answer ? FunnelTable(*answer) : std::unexpected(answer.error());
    if (table && *table != shown && !common.json) screen.Show(shown = *table);
    if (last && !table) Refuse(table.error());
  }
  common.json ? PrintTotalsAsJson(totals) : PrintTotals(totals);
  if (const std::string error = visits.first_error(); !error.empty()) return Refuse("first error: " + error);
  return kDone;
}

}  // namespace

void AddDemoCommand(CLI::App& app, CommandLine& line) {
  CLI::App* demo = app.add_subcommand(
      "demo",
      "Send realistic traffic to the edge and show the funnel: visitors new and returning, several devices and "
      "languages, displays, clicks, closes, purchases, leads; some leave without a word");
  auto options = std::make_shared<DemoOptions>();
  demo->add_option("--url", options->target.url, "The edge")->capture_default_str();
  demo->add_flag("--proxy-protocol", options->target.proxy_protocol,
                 "Speak PROXY protocol, as the edge's flag asks for");
  demo->add_option("--cacert", options->target.ca_file, "Authority of its certificate (default: the system's)");
  demo->add_option("--account", options->target.account, "Account id")->capture_default_str();
  demo->add_option("--app", options->target.app, "App installation")->capture_default_str();
  demo->add_option("--visitors", options->visitors, "Visits in all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  demo->add_option("--rate", options->rate, "Visits begun a second")
      ->check(CLI::Range(0.001, 1e6))
      ->capture_default_str();
  demo->add_option("--seed", options->seed, "The same seed plays the same visits")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  demo->add_option("--funnel", options->funneld.url, "funneld's query API")->capture_default_str();
  demo->add_option("--token-file", options->funneld.token_file, "File with the token of its http.read_token_file");
  demo->callback([&line, options] { line.exit_code = Demo(line.common, *options); });
}

}  // namespace monitor::ctl
