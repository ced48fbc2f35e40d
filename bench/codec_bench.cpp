// What it costs to write an event's data as JSON and to read it again: the four types that requests bring, sealed by a
// cipher that only copies. Usage: codec_bench [ROUNDS=20000]
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "domain/events/event_codec.h"

namespace monitor {
namespace {

class CopyingCipher : public FieldCipher {
 public:
  std::string Seal(std::string_view plain) const override { return std::string(plain); }
  std::optional<std::string> Open(std::string_view sealed) const override { return std::string(sealed); }
};

std::vector<Event> Events() {
  const EventScope scope{AccountId("bench"), VisitorId("0123456789abcdef0123456789abcdef"),
                         SessionId("fedcba9876543210fedcba9876543210"), AppInstallationId("web")};
  const Entry entry{.campaign_id = 41,
                    .engagement_id = 4101,
                    .engagement_revision = 7,
                    .zone = Zone::kProactive,
                    .channel = Channel::kMessaging,
                    .language = "en-US"};
  SessionCreated created{.device_family = DeviceFamily::kDesktop,
                         .ip_address = "203.0.113.0",
                         .user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0",
                         .time_zone = "Europe/Berlin",
                         .currency = "EUR",
                         .max_age_s = 21'600};
  ActivityReported activity;
  activity.page_id = PageId("5959334327");
  activity.entry_points = {"https://shop.example/boots/boots-77?utm_source=mail&utm_campaign=autumn", "sec://boots",
                           "sec://product", "lang://en-US"};
  activity.client_properties =
      ClientProperties{DeviceFamily::kDesktop, "", R"({"deviceFamily":"DESKTOP","os":"WINDOWS","appVersion":"4.2.0"})"};
  activity.engagement_attributes = {
      {AttributeType::kProdView, R"({"type":"prodView","currency":"EUR","products":[{"product":{"name":"Ridge GTX",)"
                                 R"("category":"boots","sku":"B-4711","price":"189.9"}}]})"},
      {AttributeType::kCart,
       R"({"type":"cart","total":"189.9","currency":"EUR","numItems":1,"products":[{"product":)"
       R"({"name":"Ridge GTX","category":"boots","sku":"B-4711","price":"189.9"},"quantity":1}]})"}};
  activity.engagement_request = true;
  activity.decided_at = FromUnixMs(1'795'514'400'000);
  activity.account_version = 3;
  const EngagementShown shown{.page_id = activity.page_id,
                              .context_id = 1,
                              .entry = entry,
                              .skill_id = 3,
                              .skill_name = "sales",
                              .window_id = "77",
                              .connector_id = 900,
                              .seed = 0x00ff00ff00ff00ff,
                              .configuration_revision = Revision("ba7816bf8f01cfea")};
  const ImpressionReported impression{
      .page_id = activity.page_id, .kind = ImpressionKind::kAccept, .context_id = 1, .entry = entry};
  return {{scope, created}, {scope, activity}, {scope, shown}, {scope, impression}};
}

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
  const std::vector<Event> events = Events();
  for (int i = 0; i < rounds; ++i) {
    for (const Event& event : events) {
      const double begin = CpuMicroseconds();
      const std::string data = EncodeEventData(event, cipher);
      const double between = CpuMicroseconds();
      if (!DecodeEventData(TypeName(event.data), data, cipher)) return 1;
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
