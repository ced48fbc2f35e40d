#include "visits.h"

#include <charconv>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace monitor::bench {
namespace {

// The member's value, without quotes; "" if there is none. For the flat answers of the API, not for any JSON.
std::string_view Member(std::string_view body, std::string_view quoted_name) {
  const std::size_t at = body.find(quoted_name);
  if (at == std::string_view::npos) return {};
  std::string_view value = body.substr(at + quoted_name.size());
  const std::size_t begin = value.find_first_not_of(": \"");
  if (begin == std::string_view::npos) return {};
  value.remove_prefix(begin);
  return value.substr(0, value.find_first_of("\",}] "));
}

std::uint32_t Number(std::string_view body, std::string_view quoted_name) {
  const std::string_view digits = Member(body, quoted_name);
  std::uint32_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

std::uint64_t CountOffers(std::string_view body) {
  std::uint64_t count = 0;
  for (std::size_t at = 0; (at = body.find("\"contextId\"", at)) != std::string_view::npos; ++at) ++count;
  return count;
}

}  // namespace

std::vector<Page> Visits::ReadPages(const std::string& path) {
  std::ifstream file(path);
  std::vector<Page> pages;
  for (std::string line; std::getline(file, line);) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos) throw std::runtime_error(path + ": a line without a tab");
    pages.push_back({line.substr(0, tab), line.substr(tab + 1)});
  }
  if (pages.empty()) throw std::runtime_error(path + ": no pages can be read");
  return pages;
}

Visits::Visits(std::string account, std::vector<Page> pages, Kind kind, int steps)
    : base_("/api/account/" + std::move(account) + "/app/web/"), pages_(std::move(pages)), kind_(kind), steps_(steps) {}

void Visits::Write(Visitor& visitor, std::uint64_t random, std::string& into) {
  const Page& page = pages_[random % pages_.size()];
  if (visitor.steps >= steps_ && !visitor.reports_next) {
    visitor.session.clear();
    visitor.offer = {};
    visitor.steps = 0;
  }
  const bool reports = !visitor.session.empty() && (kind_ == Kind::kReport || visitor.reports_next);
  if (reports) {
    WriteReport(visitor, ReportBody(visitor, page), into);
  } else {
    WriteEngagement(visitor, page, into);
  }
  if (kind_ != Kind::kMixed || !reports) ++visitor.steps;
  visitor.reports_next = kind_ == Kind::kMixed && !reports;
  visitor.reported = reports;
}

void Visits::WriteHead(const Visitor& visitor, std::string_view method, std::string_view resource,
                       std::size_t body_bytes, std::string& into) const {
  into.clear();
  into.append(method).append(" ").append(base_).append(resource).append("?v=1.1");
  if (!visitor.id.empty()) into.append("&vid=").append(visitor.id);
  if (!visitor.session.empty()) into.append("&sid=").append(visitor.session);
  into.append(
      " HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0\r\n"
      "Content-Type: application/json\r\nContent-Length: ");
  into.append(std::to_string(body_bytes)).append("\r\n\r\n");
}

void Visits::WriteEngagement(const Visitor& visitor, const Page& page, std::string& into) const {
  WriteHead(visitor, "POST", "engagement", page.engagement.size(), into);
  into.append(page.engagement);
}

void Visits::WriteReport(const Visitor& visitor, std::string_view body, std::string& into) const {
  WriteHead(visitor, "PUT", "report", body.size(), into);
  into.append(body);
}

std::string Visits::ReportBody(const Visitor& visitor, const Page& page) const {
  std::string body = R"({"pageId":")";
  body.append(visitor.page).append(R"(","engagementAttributes":[)").append(page.attributes);
  if (const std::string impression = Impression(visitor); !impression.empty()) body.append(",").append(impression);
  return body.append("]}");
}

// "" without an offer.
std::string Visits::Impression(const Visitor& visitor) const {
  const Offer& offer = visitor.offer;
  if (offer.context == 0) return {};
  return std::string(R"({"type":")") + (kind_ == Kind::kMixed ? "impDisplay" : "impAccept") + R"(","campaign":)" +
         std::to_string(offer.campaign) + R"(,"engId":)" + std::to_string(offer.engagement) + R"(,"revision":)" +
         std::to_string(offer.revision) + R"(,"eContext":[{"type":"engagementContext","id":")" +
         std::to_string(offer.context) + R"("}]})";
}

void Visits::Take(Visitor& visitor, int status, std::string_view body, Tally& tally) const {
  const std::string_view session = Member(body, "\"sessionId\"");
  if ((status != 200 && status != 201) || session.empty()) {
    ++tally.errors;
    return;
  }
  if (status == 201) {
    ++tally.created;
    if (!visitor.session.empty()) ++tally.lost;
  }
  if (!visitor.reported) ++tally.engagements;
  visitor.id = Member(body, "\"visitorId\"");
  visitor.session = session;
  visitor.page = Member(body, "\"pageId\"");
  if (const std::uint64_t offers = CountOffers(body)) {
    tally.offers += offers;
    visitor.offer = {Number(body, "\"campaignId\""), Number(body, "\"engagementId\""),
                     Number(body, "\"engagementRevision\""), Number(body, "\"contextId\"")};
  }
}

}  // namespace monitor::bench
