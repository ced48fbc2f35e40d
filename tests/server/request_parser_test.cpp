#include "server/request_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace monitor::http {
namespace {

using Outcome = RequestParser::Outcome;

ParserLimits SmallBodies() { return {.max_body_bytes = 64}; }

int StatusOf(std::string_view text) {
  RequestParser parser(SmallBodies());
  return parser.Parse(text) == Outcome::kRefused ? parser.status() : 0;
}

std::string WithHeader(std::string_view header) {
  return "POST /p HTTP/1.1\r\nHost: h\r\n" + std::string(header) + "\r\n\r\n";
}

TEST(RequestParser, ReadsARequestWithABody) {
  RequestParser parser(SmallBodies());
  const std::string text =
      "POST /api/a%20b?v=1.1&x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nX-Request-Id: \t 7 \r\n\r\n{}tail";
  ASSERT_EQ(parser.Parse(text), Outcome::kComplete);
  EXPECT_EQ(parser.message().method, Method::kPost);
  EXPECT_EQ(parser.message().path, "/api/a%20b");
  EXPECT_EQ(parser.message().query, "v=1.1&x");
  EXPECT_EQ(parser.message().body, "{}");
  ASSERT_NE(parser.message().Find("x-request-ID"), nullptr);
  EXPECT_EQ(*parser.message().Find("x-request-ID"), "7");
  EXPECT_EQ(text.substr(parser.consumed()), "tail");
  EXPECT_TRUE(parser.message().keep_alive);
}

TEST(RequestParser, TakesARequestInPiecesOfAnySize) {
  const std::string text =
      "PUT /p?q=1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nT: t\r\n\r\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    RequestParser parser(SmallBodies());
    std::string received;
    Outcome outcome = Outcome::kNeedMore;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      ASSERT_EQ(outcome, Outcome::kNeedMore) << piece;
      std::string longer = received + text.substr(at, piece);
      received.swap(longer);  // the bytes move, as a growing buffer's do
      outcome = parser.Parse(received);
    }
    ASSERT_EQ(outcome, Outcome::kComplete) << piece;
    EXPECT_EQ(parser.message().body, "abcd");
    EXPECT_EQ(parser.message().query, "q=1");
    EXPECT_EQ(parser.consumed(), text.size());
  }
}

TEST(RequestParser, ReadsOneRequestAfterTheOther) {
  RequestParser parser(SmallBodies());
  std::string text = WithHeader("Content-Length: 1") + "a" + "\r\nGET /second HTTP/1.0\r\n\r\n";
  ASSERT_EQ(parser.Parse(text), Outcome::kComplete);
  text.erase(0, parser.consumed());
  parser.Reset();
  ASSERT_EQ(parser.Parse(text), Outcome::kComplete);
  EXPECT_EQ(parser.message().path, "/second");
  EXPECT_EQ(parser.message().body, "");
  EXPECT_FALSE(parser.message().keep_alive);
}

TEST(RequestParser, BeginsEveryChunkedBodyAnew) {
  RequestParser parser(SmallBodies());
  std::string text;
  for (const char* body : {"3\r\nabc\r\n0\r\n\r\n", "1\r\nd\r\n0\r\n\r\n"}) {
    text += WithHeader("Transfer-Encoding: chunked") + body;
  }
  for (const char* body : {"abc", "d"}) {
    ASSERT_EQ(parser.Parse(text), Outcome::kComplete);
    EXPECT_EQ(parser.message().body, body);
    text.erase(0, parser.consumed());
    parser.Reset();
  }
  EXPECT_EQ(text, "");
}

TEST(RequestParser, SaysOnceThatTheClientWaitsToContinue) {
  RequestParser parser(SmallBodies());
  std::string text = WithHeader("Content-Length: 2\r\nExpect: 100-Continue");
  EXPECT_EQ(parser.Parse(text), Outcome::kContinue);
  text += "{";
  EXPECT_EQ(parser.Parse(text), Outcome::kNeedMore);
  text += "}";
  EXPECT_EQ(parser.Parse(text), Outcome::kComplete);
}

TEST(RequestParser, DoesNotAskForABodyThatIsThereOrTooLarge) {
  RequestParser parser(SmallBodies());
  EXPECT_EQ(parser.Parse(WithHeader("Content-Length: 2\r\nExpect: 100-continue") + "{}"), Outcome::kComplete);
  EXPECT_EQ(StatusOf(WithHeader("Content-Length: 65\r\nExpect: 100-continue")), 413);
  EXPECT_EQ(StatusOf(WithHeader("Content-Length: 2\r\nExpect: 200-ok")), 417);
}

TEST(RequestParser, RefusesWhatTwoServersCouldReadDifferently) {
  for (const char* header :
       {"Content-Length: 1\r\nContent-Length: 1", "Content-Length: 1, 1", "Content-Length: +1", "Content-Length: -1",
        "Content-Length: 0x1", "Content-Length:", "Content-Length: 1\r\nTransfer-Encoding: chunked",
        "Content-Length: 99999999999999999999", "A : b", ": b", "no colon", " folded: x", "A: b\r\n folded",
        "A: b\nB: c", "A: b\rc", "Host: second"}) {
    EXPECT_EQ(StatusOf(WithHeader(header) + "a"), 400) << header;
  }
  EXPECT_EQ(StatusOf(WithHeader(std::string_view("A: b\0c", 6))), 400);
  EXPECT_EQ(StatusOf(WithHeader("Transfer-Encoding: gzip, chunked")), 501);
  EXPECT_EQ(StatusOf(WithHeader("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")), 501);
  EXPECT_EQ(StatusOf("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\n\r\n"), 400);
}

TEST(RequestParser, KeepsControlCharactersOfValuesThatDelimitNothing) {
  RequestParser parser(SmallBodies());
  const std::string text = WithHeader("A: b\x01\t\x1b[31m\x7f");
  ASSERT_EQ(parser.Parse(text), Outcome::kComplete);
  ASSERT_NE(parser.message().Find("A"), nullptr);
  EXPECT_EQ(*parser.message().Find("A"), "b\x01\t\x1b[31m\x7f");
}

TEST(RequestParser, RefusesMalformedRequestLines) {
  for (const char* line : {"GET", "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", "G(T / HTTP/1.1", "GET p HTTP/1.1",
                           "GET /a b HTTP/1.1", "GET /\x01 HTTP/1.1", " / HTTP/1.1", "GET / FTP/1.1", "\r\n"}) {
    EXPECT_EQ(StatusOf(std::string(line) + "\r\nHost: h\r\n\r\n"), 400) << line;
  }
  EXPECT_EQ(StatusOf("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505);
  EXPECT_EQ(StatusOf("\x16\x03\x01\x02 a TLS hello\n"), 400);
}

TEST(RequestParser, KnowsAbsoluteTargetsAndForeignMethods) {
  RequestParser parser(SmallBodies());
  ASSERT_EQ(parser.Parse("BREW HTTP://host:80/pot?strong HTTP/1.1\r\nHost: host\r\n\r\n"), Outcome::kComplete);
  EXPECT_EQ(parser.message().method, Method::kOther);
  EXPECT_EQ(parser.message().path, "/pot");
  EXPECT_EQ(parser.message().query, "strong");
}

TEST(RequestParser, BoundsEverything) {
  EXPECT_EQ(StatusOf("GET /" + std::string(17 << 10, 'a')), 414);
  EXPECT_EQ(StatusOf(WithHeader("A: " + std::string(65 << 10, 'a'))), 431);
  EXPECT_EQ(StatusOf(WithHeader("A: " + std::string(44'000, 'a'))), 0);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "A: b\r\n";
  EXPECT_EQ(StatusOf(WithHeader(many + "B: c")), 431);
  std::string large;
  for (int i = 0; i < 65; ++i) large += "A: " + std::string(1'024, 'a') + "\r\n";
  EXPECT_EQ(StatusOf(WithHeader(large + "B: c")), 431);
  EXPECT_EQ(StatusOf(WithHeader("Content-Length: 64")), 0);
  EXPECT_EQ(StatusOf(WithHeader("Content-Length: 4000000000")), 413);
  const std::string chunked = WithHeader("Transfer-Encoding: chunked");
  EXPECT_EQ(StatusOf(chunked + "41\r\n"), 413);
  EXPECT_EQ(StatusOf(chunked + "40\r\n" + std::string(64, 'a') + "\r\n0\r\n\r\n"), 0);
  EXPECT_EQ(StatusOf(chunked + "40\r\n" + std::string(64, 'a') + "\r\n1\r\n"), 413);
  EXPECT_EQ(StatusOf(chunked + "1;" + std::string(300, 'x')), 400);
  EXPECT_EQ(StatusOf(chunked + "0\r\nT: " + std::string(65 << 10, 'x')), 431);
}

TEST(RequestParser, RefusesMalformedChunks) {
  const std::string chunked = WithHeader("Transfer-Encoding: chunked");
  for (const char* body : {"\r\n", "x\r\n", "-1\r\n", "1\n", "1\r\naXX", "ffffffffffffffffff\r\n", "0\r\n\n"}) {
    EXPECT_EQ(StatusOf(chunked + body), 400) << body;
  }
}

TEST(Query, DecodesOnceAndTakesTheFirst) {
  const Query query("a=1&a=2&%76=%31%2e0&b=&b=3&c&d=%zz&e=x%2525y&=z&f=a=b&g=+");
  EXPECT_EQ(query.Get("a"), "1");
  EXPECT_EQ(query.Get("v"), "1.0");
  EXPECT_EQ(query.Get("b"), std::nullopt);  // empty counts as absent, and it was the first
  EXPECT_EQ(query.Get("c"), std::nullopt);
  EXPECT_EQ(query.Get("d"), "%zz");
  EXPECT_EQ(query.Get("e"), "x%25y");
  EXPECT_EQ(query.Get("f"), "a=b");
  EXPECT_EQ(query.Get("g"), "+");
  EXPECT_EQ(query.Get("h"), std::nullopt);
}

TEST(PercentDecode, RefusesHalfACode) {
  EXPECT_EQ(PercentDecode("a%20%C3%a4"), "a \xC3\xA4");
  EXPECT_EQ(PercentDecode("%"), std::nullopt);
  EXPECT_EQ(PercentDecode("%2"), std::nullopt);
  EXPECT_EQ(PercentDecode("%2g"), std::nullopt);
}

}  // namespace
}  // namespace monitor::http
