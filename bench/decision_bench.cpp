// What a decision costs: an account with 200 published engagements, one visitor's session going from page to page; and
// beside it what reading that request's JSON costs. The aim is a decision under 20 µs. Usage: decision_bench
// [SESSIONS=500]
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "domain/deciding/decide.h"
#include "domain/deciding/session_texts.h"
#include "domain/deciding/snapshots.h"
#include "domain/values/json.h"

namespace monitor {
namespace {

constexpr int kCampaigns = 20;
constexpr int kEngagementsEach = 10;
constexpr int kPages = 40;  // of one session

constexpr std::string_view kBody =
    R"({"clientProperties":{"deviceFamily":"DESKTOP","os":"LINUX","appVersion":"1.2.3"},)"
    R"("entryPoints":["https://shop.example/sale/balls?id=77","sec://sale","lang://en"],)"
    R"("engagementAttributes":[{"type":"cart","total":"55.5","numItems":2,"products":[)"
    R"({"product":{"name":"Ball","category":"Sport","sku":"b-1","price":"20.5"},)"
    R"("quantity":2}]}],"pageId":"5959334327"})";

const char* const kLibraries = R"JSON({"accountId":"bench","appInstallations":[{"id":"web"}],"skills":[{"id":1}],
  "goals":[{"id":1,"type":"purchase"}],
  "onsiteLocations":[{"id":1,"include":[{"url":{"regex":"shop.example/(sale|news)"}}]},
    {"id":2,"include":[{"section":"sale"}],"exclude":[{"section":"help"}]},{"id":3,"include":[{"section":"help"}]}],
  "visitorProfiles":[{"id":1,"conditions":[{"type":"platform","in":["DESKTOP"]}]},
    {"id":2,"conditions":[{"type":"referral","contains":"search","exclude":true}]}],
  "visitorBehaviors":[{"id":1,"conditions":[{"type":"cartValue","from":50}]},
    {"id":2,"conditions":[{"type":"timeOnLocation","location":2,"seconds":0}]},
    {"id":3,"conditions":[{"type":"cartProducts","category":"Sport"}]}],
  "schedules":[{"id":1,"timeZone":"Europe/Berlin","shifts":[
    {"days":["MON","TUE","WED","THU","FRI","SAT","SUN"],"from":"00:00","to":"24:00"}]}],
  "settings":{"caps":{"eventsPerSession":null}},"campaigns":[)JSON";

std::string Document() {
  const char* const types[] = {"overlay", "sticky", "slideout", "app"};
  std::string text = kLibraries;
  for (int c = 1; c <= kCampaigns; ++c) {
    text += (c > 1 ? "," : "") + std::string("{\"id\":") + std::to_string(c) +
            R"(,"scheduleId":1,"goalId":1,"visitorProfiles":[1,2],"engagements":[)";
    for (int e = 0; e < kEngagementsEach; ++e) {
      const int id = c * 100 + e;
      // Three are embedded, the others compete for the zones.
      const char* type = e == 0 && c <= 3 ? "embedded" : types[(c + e) % 2 == 0 ? 0 : (e % 3 == 0 ? 3 : 1)];
      text += (e ? "," : "") + std::string("{\"id\":") + std::to_string(id) + R"(,"channel":"messaging","type":")" +
              type + R"(","skillId":1,"onsiteLocations":[)" + std::to_string(1 + id % 3) + R"(],"visitorBehaviors":[)" +
              std::to_string(1 + e % 3) + "]}";
    }
    text += "]}";
  }
  return text + "]}";
}

VisitRequest Request(int session, int page) {
  VisitRequest request;
  request.kind = VisitRequest::Kind::kEngagement;
  request.app_installation = AppInstallationId("web");
  request.visitor = VisitorId("0123456789abcdef0123456789abcd" + std::to_string(session % 90 + 10));
  request.fresh_session = SessionId("session-" + std::to_string(session));
  if (page > 0) request.session = request.fresh_session;
  request.page = PageId(std::to_string(1'000'000'000 + page));
  request.user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0";
  request.entry_points = {"https://shop.example/sale/balls?id=77", "sec://sale", "lang://en"};
  request.client_properties =
      ClientProperties{DeviceFamily::kDesktop, "", R"({"deviceFamily":"DESKTOP","os":"LINUX","appVersion":"1.2.3"})"};
  request.attributes = {{AttributeType::kCart,
                         R"({"type":"cart","total":"55.5","numItems":2,"products":[{"product":{"name":"Ball",)"
                         R"("category":"Sport","sku":"b-1","price":"20.5"},"quantity":2}]})"}};
  return request;
}

// Of this thread: what else the machine does is left out.
double CpuMicroseconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

struct Cost {
  double first_us = 0;  // of a session
  double later_us = 0;
  double packing_us = 0, unpacking_us = 0;  // the session's and the visitor's state between two requests
  std::size_t offers = 0;
  std::size_t session_bytes = 0, visitor_bytes = 0;  // at the end
};

// As a visitor rests between its requests.
void Rest(const Account& account, SessionState& session, VisitorState& visitor, Cost& cost) {
  const double begin = CpuMicroseconds();
  ForgetTexts(account, session);
  const std::string session_bytes = PackSession(session), visitor_bytes = PackVisitor(visitor);
  const double between = CpuMicroseconds();
  session = UnpackSession(session_bytes).value();
  visitor = UnpackVisitor(visitor_bytes).value();
  cost.unpacking_us += CpuMicroseconds() - between;
  cost.packing_us += between - begin;
  cost.session_bytes = session_bytes.size();
  cost.visitor_bytes = visitor_bytes.size();
}

Cost Measure(const AccountState& account, int sessions) {
  Cost cost;
  for (int s = 0; s < sessions; ++s) {
    VisitorState visitor;
    SessionState session;
    for (int page = 0; page < kPages; ++page) {
      const VisitRequest request = Request(s, page);
      const TimeMs now = FromUnixMs(1'795'514'400'000 + page * 7'000);
      const double start = CpuMicroseconds();
      const auto decision = DecideRequest(request, now, {account, visitor, session, {}});
      (page == 0 ? cost.first_us : cost.later_us) += CpuMicroseconds() - start;
      cost.offers += decision->details.size();
      Rest(*account.account, session, visitor, cost);
    }
  }
  cost.first_us /= sessions;
  cost.later_us /= sessions * (kPages - 1);
  cost.packing_us /= sessions * kPages;
  cost.unpacking_us /= sessions * kPages;
  return cost;
}

double MeasureReading(int reads) {
  std::size_t members = 0;
  const double start = CpuMicroseconds();
  for (int i = 0; i < reads; ++i) members += json::Document::Parse(kBody)->root().members().size();
  return members > 0 ? (CpuMicroseconds() - start) / reads : 0;
}

int Main(int sessions) {
  auto parsed = ParseAccount(Document());
  if (!parsed) {
    for (const DocumentError& error : parsed.error())
      std::fprintf(stderr, "%s: %s\n", error.path.c_str(), error.message.c_str());
    return 1;
  }
  AccountState account;
  account.account = *std::move(parsed);
  Measure(account, sessions);  // warm
  const Cost cost = Measure(account, sessions);
  const double reading_us = MeasureReading(200 * sessions);
  std::printf("%-58s %8s %8s\n", "200 published engagements, one core", "µs", "ratio");
  std::printf("%-57s %8.2f %8.1f\n", "reading the request's JSON", reading_us, 1.0);
  std::printf("%-57s %8.2f %8.1f\n", "decision, its events and their fold", cost.later_us, cost.later_us / reading_us);
  std::printf("%-57s %8.2f %8.1f\n", "the first of a session", cost.first_us, cost.first_us / reading_us);
  std::printf("%-57s %8.2f %8.1f\n", "its state packed", cost.packing_us, cost.packing_us / reading_us);
  std::printf("%-57s %8.2f %8.1f\n", "and unpacked", cost.unpacking_us, cost.unpacking_us / reading_us);
  std::printf("bytes of a session of %d pages: %zu, of its visitor: %zu\n", kPages, cost.session_bytes,
              cost.visitor_bytes);
  std::printf("offers a decision: %.1f\n", static_cast<double>(cost.offers) / (sessions * kPages));
  std::printf("decisions: %d\n", 2 * sessions * kPages);
  return 0;
}

}  // namespace
}  // namespace monitor

int main(int argc, char** argv) { return monitor::Main(argc > 1 ? std::atoi(argv[1]) : 500); }
