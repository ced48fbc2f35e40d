// What the visitors of a shop ask, and what they make of the answers: ids, sessions, pages and offers are those that
// the server told. No I/O besides reading the file of pages, and no clock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace monitor::bench {

// What of an offer a report names; 0: there is none.
struct Offer {
  std::uint32_t campaign = 0, engagement = 0, revision = 0, context = 0;
};

struct Visitor {
  std::string id, session, page;  // empty: not told yet
  Offer offer;                    // the newest
  std::uint16_t steps = 0;        // of the session: requests, with kMixed pages
  bool reports_next = false;      // kMixed
  bool reported = false;          // the request on its way, or the last, was a report
  bool busy = false;              // a request of it is on its way
};

enum class Kind : std::uint8_t {
  kEngagement,  // each request a new page
  kReport,      // a session begins with an engagement; then reports with a cart and a click
  kMixed,       // each page an engagement, then a report that its offer was displayed
};

// One page of the shop; the rest of a request's body is the visitor's.
struct Page {
  std::string engagement;  // a whole body
  std::string attributes;  // of a report: one or more, without the brackets around them
};

struct Tally {
  std::uint64_t created = 0, lost = 0, errors = 0;  // lost: sessions that should have gone on
  std::uint64_t engagements = 0, offers = 0;        // answers to engagement requests, and what they offered
};

class Visits {
 public:
  // A line of the file for each page: the two texts of Page, a tab between. Throws std::runtime_error.
  static std::vector<Page> ReadPages(const std::string& path);

  // A session ends after `steps` and another of the same visitor begins.
  Visits(std::string account, std::vector<Page> pages, Kind kind, int steps);

  // The visitor's next request in bytes, in place of what `into` holds.
  void Write(Visitor& visitor, std::uint64_t random, std::string& into);
  // A report of a session that there is, with this body.
  void WriteReport(const Visitor& visitor, std::string_view body, std::string& into) const;
  // `status` and `body` are the answer to what was written last.
  void Take(Visitor& visitor, int status, std::string_view body, Tally& tally) const;

 private:
  void WriteHead(const Visitor& visitor, std::string_view method, std::string_view resource, std::size_t body_bytes,
                 std::string& into) const;
  void WriteEngagement(const Visitor& visitor, const Page& page, std::string& into) const;
  std::string ReportBody(const Visitor& visitor, const Page& page) const;
  std::string Impression(const Visitor& visitor) const;

  std::string base_;
  std::vector<Page> pages_;
  Kind kind_;
  int steps_;
};

}  // namespace monitor::bench
