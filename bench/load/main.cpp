// The benchmarks' load generator: one thread, connections that are kept alive, and visitors whose ids, sessions, pages
// and offers come from the answers. It is told what to do by lines on standard input and answers each with a line of
// JSON, so that the visitors live on from one measurement to the next. bench/run starts it; by hand:
//
//   load_generator PORT tcp|tls CONNECTIONS ACCOUNT PAGES engagement|report|mixed STEPS
//
//     make COUNT [EACH]            so many visitors; 1 to STEPS requests (mixed: pages) in the session of each, or EACH
//     visit SECONDS                them in random order, a closed loop
//     visit SECONDS RATE [FOLDER]  an open loop; FOLDER: each second is followed by one of appends to the disk alone
//     once SECONDS                 each at most once, in random order
//     new SECONDS [RATE]           new visitors only
//     series FILE                  one new visitor and its reports, of which each line is a body, one after the other
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <numeric>
#include <random>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "loop.h"

namespace monitor::bench {
namespace {

constexpr int kTries = 64;              // to find a visitor that is not busy
constexpr std::size_t kAtOnce = 2'000;  // of visitors that are made

float Percentile(const std::vector<float>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

void PrintPercentiles(const char* name, std::vector<float> values) {
  std::sort(values.begin(), values.end());
  std::printf(R"(,"%s":{"count":%zu,"p50":%.1f,"p99":%.1f,"p999":%.1f,"max":%.1f})", name, values.size(),
              Percentile(values, 0.5), Percentile(values, 0.99), Percentile(values, 0.999), Percentile(values, 1));
}

void Print(const LoadResult& result) {
  const Tally& tally = result.tally;
  std::printf(R"({"requests":%lu,"seconds":%.6f,"opened":%d,"errors":%lu,"lost":%lu,"created":%lu,"engagements":%lu,)"
              R"("offers":%lu,"generator_cpu_seconds":%.3f)",
              result.requests, result.seconds, result.opened, tally.errors, tally.lost, tally.created,
              tally.engagements, tally.offers, result.cpu_seconds);
  PrintPercentiles("waits_us", result.waits_us);
  PrintPercentiles("raw_us", result.raw_us);
  std::printf("}\n");
}

class Generator {
 public:
  Generator(LoadOptions options, Visits visits, int steps)
      : options_(options), visits_(std::move(visits)), steps_(steps) {}

  void Obey(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    LoadOptions options = options_;
    if (command == "series") {
      std::string path;
      words >> path;
      return Series(path);
    }
    if (command == "make") {
      std::size_t count = 0;
      int each = 0;
      if (!(words >> count) || count == 0) throw std::runtime_error("not understood: " + line);
      words >> each;
      return Make(count, each);
    }
    words >> options.seconds >> options.rate >> options.raw_folder;
    if (options.seconds <= 0) throw std::runtime_error("not understood: " + line);
    if (command == "visit") return Visit(options);
    if (command == "once") return Once(options);
    if (command == "new") return New(options);
    throw std::runtime_error("not understood: " + line);
  }

 private:
  static bool Never() { return false; }

  // Some after the others: of so many all get their first request, then those that are to have more their second, and
  // so on. So nobody is asked for again who may have left the server's memory meanwhile.
  void Make(std::size_t count, int each) {
    visitors_ = std::vector<Visitor>(count);
    std::size_t begin = 0, at = 0;
    bool more = false;
    const auto wanted = [&](std::size_t index) {
      return each > 0 ? each : 1 + static_cast<int>(std::minstd_rand(static_cast<unsigned>(index + 1))() >> 8) % steps_;
    };
    const NextVisitor next = [&]() -> Visitor* {
      while (begin < count) {
        const std::size_t end = std::min(count, begin + kAtOnce);
        if (at == end) {
          if (!std::exchange(more, false)) begin = end;
          at = begin;
          continue;
        }
        Visitor& visitor = visitors_[at];
        if (visitor.busy) return nullptr;
        ++at;
        if (visitor.steps >= wanted(at - 1) && !visitor.reports_next) continue;
        more = true;
        return &visitor;
      }
      return nullptr;
    };
    Print(RunLoad(options_, visits_, next, [&] { return begin >= count; }));
  }

  void Visit(const LoadOptions& options) {
    if (visitors_.empty()) throw std::runtime_error("visit: nobody was made");
    const NextVisitor next = [&]() -> Visitor* {
      for (int i = 0; i < kTries; ++i) {
        Visitor& visitor = visitors_[random_() % visitors_.size()];
        if (!visitor.busy) return &visitor;
      }
      return nullptr;
    };
    Print(RunLoad(options, visits_, next, Never));
  }

  void Once(const LoadOptions& options) {
    std::vector<std::uint32_t> order(visitors_.size());
    std::iota(order.begin(), order.end(), 0u);
    std::shuffle(order.begin(), order.end(), random_);
    std::size_t at = 0;
    const NextVisitor next = [&] { return at < order.size() ? &visitors_[order[at++]] : nullptr; };
    Print(RunLoad(options, visits_, next, [&] { return at == order.size(); }));
  }

  void New(const LoadOptions& options) {
    std::vector<Visitor> fresh(static_cast<std::size_t>(options.connections));
    const NextVisitor next = [&] {
      Visitor* visitor = &*std::find_if(fresh.begin(), fresh.end(), [](const Visitor& one) { return !one.busy; });
      *visitor = {};
      return visitor;
    };
    Print(RunLoad(options, visits_, next, Never));
  }

  // The waits in order, in milliseconds.
  void Series(const std::string& path) {
    Connection connection(options_.target);
    Visitor visitor;
    Tally tally;
    std::string request;
    std::vector<double> waits_ms;
    const auto ask = [&] {
      const auto begin = std::chrono::steady_clock::now();
      if (!connection.Open() || !connection.Send(request)) throw std::runtime_error("series: nobody answers");
      auto progress = Connection::Progress::kMore;
      while (progress == Connection::Progress::kMore && connection.Wait()) progress = connection.Receive();
      if (progress != Connection::Progress::kWhole) throw std::runtime_error("series: no answer");
      visits_.Take(visitor, connection.status(), connection.body(), tally);
      return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    };
    visits_.Write(visitor, 0, request);
    ask();
    std::ifstream file(path);
    for (std::string body; std::getline(file, body);) {
      visits_.WriteReport(visitor, body, request);
      waits_ms.push_back(ask());
    }
    std::printf(R"({"opened":%d,"errors":%lu,"lost":%lu,"waits_ms":[)", connection.opened(), tally.errors, tally.lost);
    for (std::size_t i = 0; i < waits_ms.size(); ++i) std::printf("%s%.4f", i ? "," : "", waits_ms[i]);
    std::printf("]}\n");
  }

  LoadOptions options_;
  Visits visits_;
  int steps_;
  std::vector<Visitor> visitors_;
  std::mt19937_64 random_{29};  // whom; the same in every run
};

int Number(std::string_view text, int least, int most) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    throw std::runtime_error("not a number from " + std::to_string(least) + " to " + std::to_string(most) + ": " +
                             std::string(text));
  }
  return number;
}

Kind KindOf(std::string_view word) {
  if (word == "engagement") return Kind::kEngagement;
  if (word == "report") return Kind::kReport;
  if (word == "mixed") return Kind::kMixed;
  throw std::runtime_error("not a kind of visits: " + std::string(word));
}

int Main(int argc, char** argv) {
  if (argc != 8) {
    std::fprintf(stderr,
                 "usage: load_generator PORT tcp|tls CONNECTIONS ACCOUNT PAGES engagement|report|mixed STEPS\n");
    return 2;
  }
  try {
    LoadOptions options;
    options.target = {static_cast<std::uint16_t>(Number(argv[1], 1, 65'535)), std::strcmp(argv[2], "tls") == 0};
    options.connections = Number(argv[3], 1, 10'000);
    const int steps = Number(argv[7], 1, 10'000);
    Generator generator(options, Visits(argv[4], Visits::ReadPages(argv[5]), KindOf(argv[6]), steps), steps);
    for (std::string line; std::getline(std::cin, line);) {
      generator.Obey(line);
      std::fflush(stdout);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load_generator: %s\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace monitor::bench

int main(int argc, char** argv) { return monitor::bench::Main(argc, argv); }
