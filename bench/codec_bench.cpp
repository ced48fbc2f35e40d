// What it costs to write an event's data as JSON and to read it again: the four types that requests bring, sealed by a
// cipher that only copies. Usage: codec_bench [ROUNDS=20000]
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "domain/events/event_codec.h"
#include "session_events.h"

namespace monitor {
namespace {

class CopyingCipher : public FieldCipher {
 public:
  std::string Seal(std::string_view plain) const override { return std::string(plain); }
  std::optional<std::string> Open(std::string_view sealed) const override { return std::string(sealed); }
};

// Of this thread: what else the machine does is left out.
double CpuMicroseconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

int Main(int rounds) {
  const CopyingCipher cipher;
  double encoding_us = 0, decoding_us = 0;
  std::size_t bytes = 0;
  const std::vector<Event> events = bench::SessionEvents(VisitorId("0123456789abcdef0123456789abcdef"), 1);
  for (int i = 0; i < rounds; ++i) {
    for (const Event& event : events) {
      const double begin = CpuMicroseconds();
      const std::string data = EncodeEventData(event, cipher);
      const double between = CpuMicroseconds();
      if (!DecodeEventData({TypeName(event.data), NewestSchemaVersion(TypeName(event.data))}, data, cipher)) return 1;
      decoding_us += CpuMicroseconds() - between;
      encoding_us += between - begin;
      bytes += data.size();
    }
  }
  const double count = static_cast<double>(rounds) * static_cast<double>(events.size());
  std::printf("%-58s %8s\n", "an event's data, one core", "µs");
  std::printf("%-57s %8.2f\n", "written", encoding_us / count);
  std::printf("%-57s %8.2f\n", "read", decoding_us / count);
  std::printf("bytes an event: %.0f\nevents: %.0f\n", static_cast<double>(bytes) / count, count);
  return 0;
}

}  // namespace
}  // namespace monitor

int main(int argc, char** argv) { return monitor::Main(argc > 1 ? std::atoi(argv[1]) : 20'000); }
