// Bytes arrive in any pieces: the outcome must be the one of the whole, and nothing is read past the request's end.
#include <cstdlib>
#include <string>

#include "server/request_parser.h"

namespace {

using monitor::http::RequestParser;

struct Seen {
  RequestParser::Outcome outcome;
  std::size_t consumed = 0;
  int status = 0;
  std::string path, query, body;
  bool operator==(const Seen&) const = default;
};

Seen Look(const RequestParser& parser, RequestParser::Outcome outcome) {
  Seen seen{outcome};
  if (outcome == RequestParser::Outcome::kComplete) {
    seen.consumed = parser.consumed();
    seen.path = parser.message().path;
    seen.query = parser.message().query;
    seen.body = parser.message().body;
  }
  if (outcome == RequestParser::Outcome::kRefused) seen.status = parser.status();
  return seen;
}

bool IsFinal(RequestParser::Outcome outcome) {
  return outcome == RequestParser::Outcome::kComplete || outcome == RequestParser::Outcome::kRefused;
}

Seen InPieces(const std::string& bytes, std::size_t step) {
  RequestParser parser({.max_body_bytes = 4'096, .max_request_line_bytes = 1'024, .max_head_bytes = 4'096});
  auto outcome = RequestParser::Outcome::kNeedMore;
  for (std::size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    // An exact copy, so that ASan sees a read past what has arrived.
    const std::string received = bytes.substr(0, end);
    outcome = parser.Parse(received);
    if (outcome == RequestParser::Outcome::kContinue) outcome = parser.Parse(received);
    if (IsFinal(outcome) || end == bytes.size()) return Look(parser, outcome);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 8'192) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const Seen whole = InPieces(bytes, bytes.size());
  if (whole.consumed > size) std::abort();
  if (whole.outcome == RequestParser::Outcome::kComplete && InPieces(bytes, 7) != whole) std::abort();
  return 0;
}
