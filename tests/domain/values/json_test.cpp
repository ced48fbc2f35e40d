#include "domain/values/json.h"

#include <gtest/gtest.h>

#include <random>

namespace monitor::json {
namespace {

using namespace std::literals;

std::string Print(const Value& value) {
  std::string out;
  Writer(out).Copy(value);
  return out;
}

// The text read and written again, or the refusal's message.
std::string Echo(std::string_view text, Limits limits = {}) {
  auto document = Document::Parse(text, limits);
  return document ? Print(document->root()) : "refused: " + document.error().message;
}

bool Accepts(std::string_view text) { return Document::Parse(text).has_value(); }

TEST(JsonReader, KeepsOrderKindsAndNumbersAsWritten) {
  EXPECT_EQ(Echo(R"( {"b": [1, 2.50, -0, 1e+3, true, false, null], "a": {"x": "y"}, "": ""} )"),
            R"({"b":[1,2.50,-0,1e+3,true,false,null],"a":{"x":"y"},"":""})");
  EXPECT_EQ(Echo("7"), "7");
  EXPECT_EQ(Echo(R"("x")"), R"("x")");
  EXPECT_EQ(Echo("[]"), "[]");
  EXPECT_EQ(Echo("{}"), "{}");
}

TEST(JsonReader, FindsMembersAndTakesNullForAbsent) {
  auto document = Document::Parse(R"({"a": 1, "b": null, "c": [2, "three"]})");
  ASSERT_TRUE(document);
  const Value& root = document->root();
  ASSERT_NE(root.Find("a"), nullptr);
  EXPECT_EQ(root.Find("a")->text(), "1");
  EXPECT_EQ(root.Find("b"), nullptr);
  EXPECT_EQ(root.Find("d"), nullptr);
  EXPECT_EQ(root.members().size(), 3u);
  ASSERT_EQ(root.Find("c")->items().size(), 2u);
  EXPECT_EQ(root.Find("c")->items()[1].text(), "three");
  EXPECT_TRUE(root.items().empty());
}

TEST(JsonReader, DecodesEscapesAndSurrogatePairs) {
  auto document = Document::Parse(R"(["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000x"])");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().items()[0].text(), "\"\\/\b\f\n\r\té😀\0x"sv);
}

TEST(JsonReader, ReadsEscapedHalvesOfPairsAsReplacementCharacters) {
  const auto text_of = [](std::string_view json) {
    auto document = Document::Parse(json);
    return document ? std::string(document->root().text()) : "refused";
  };
  EXPECT_EQ(text_of(R"("a\\ud83d")"), "a\\ud83d") << "an escaped backslash begins no escape";
  EXPECT_EQ(text_of(R"("a\\\ud83d")"), "a\\\uFFFD");
  EXPECT_EQ(text_of(R"("a\ud83d")"), "a\uFFFD");
  EXPECT_EQ(text_of(R"("\uDE00b")"), "\uFFFDb");
  EXPECT_EQ(text_of(R"("\ude00\ud83d")"), "\uFFFD\uFFFD");
  EXPECT_EQ(text_of(R"("\ud83d\ud83d\ude00")"), "\uFFFD😀");
  EXPECT_EQ(text_of(R"("é\ud83d\n")"), "é\uFFFD\n");
  EXPECT_EQ(text_of(R"("\ud83d\u0041")"), "\uFFFDA");
  EXPECT_EQ(text_of(R"("\ud83d\u004")"), "refused");
  EXPECT_EQ(text_of(R"("\ud83)"), "refused");
  EXPECT_EQ(Echo(R"({"\ud83d":1,"\ude00":2})"), "refused: a key occurs twice in one object");
}

TEST(JsonReader, TellsWhereANumberIsTooBig) {
  const auto path_of = [](std::string_view json) { return Document::Parse(json).error().path; };
  EXPECT_EQ(path_of(R"({"a":1,"b":[0,{"x":1},{"c":[[],1e400]}]})"), "b[2].c[1]");
  EXPECT_EQ(path_of(R"({"a":{"x":[1,2]},"b":9e308})"), "b");
  EXPECT_EQ(path_of("[[1],[2,[3,1e999]]]"), "[1][1][1]");
  EXPECT_EQ(path_of("1e400"), "");
  EXPECT_EQ(path_of("{\"" + std::string(1'000, 'k') + "\":1e400}"), "") << "too long to be of use";
}

TEST(JsonReader, ReadsLongStringsAcrossVectorBlocks) {
  for (std::size_t size = 0; size < 100; ++size) {
    std::string text = "[\"" + std::string(size, 'x') + "\\n" + std::string(size, 'y') + "\"]";
    EXPECT_EQ(Echo(text), text);
  }
}

TEST(JsonReader, KeepsNumbersOfAnySizeThatDoublesHold) {
  EXPECT_EQ(Echo("[18446744073709551616,123456789012345678901234567890]"),
            "[18446744073709551616,123456789012345678901234567890]");
  EXPECT_EQ(Echo("[1e308,1E-400,0.00000000000000000000000000000000001]"),
            "[1e308,1E-400,0.00000000000000000000000000000000001]");
  EXPECT_EQ(Echo("1e400"), "refused: the number is too big");
  EXPECT_EQ(Echo("-1e99999999999999999999"), "refused: the number is too big");
  EXPECT_EQ(Echo("9e308"), "refused: the number is too big");
  EXPECT_EQ(Echo("1.7976931348623157e308"), "1.7976931348623157e308");
  EXPECT_EQ(Echo("1e-999"), "1e-999");
  EXPECT_TRUE(Accepts("1e-99999999999999999999"));
}

TEST(JsonReader, ZeroIsZeroWhateverItsExponent) {
  for (std::string_view zero : {"0e400", "-0E+999999", "0.00e99999999999999999999"}) {
    const std::string text =
        "[" + std::string(zero) + ",\"0e400 \\\" 0e400\",{\"0e400\":[" + std::string(zero) + ",1]}]";
    const std::string number(zero.substr(0, zero.find_first_of("eE")));
    EXPECT_EQ(Echo(text), "[" + number + ",\"0e400 \\\" 0e400\",{\"0e400\":[" + number + ",1]}]");
  }
  for (std::string_view text : {"[1-0e400]", "[0e400e1]", "[00e400]", "[0e400x]", "[0e400 1]", "[0e400,1e400]",
                                "[0.e400]", "tru0e400", "[0e400", "[0e400,\"0e400]", "[+0e400]"}) {
    EXPECT_FALSE(Accepts(text)) << text;
  }
  EXPECT_TRUE(Accepts("[0e400" + std::string(10'000, ' ') + ",0e400]"));
}

TEST(JsonReader, RefusesWhatIsNotJson) {
  for (std::string_view text : {"",         " ",          "{",
                                "}",        "[",          "[1",
                                "[1,",      "[1,]",       "{\"a\"}",
                                "{\"a\":}", "{\"a\":1,}", "{a:1}",
                                "{'a':1}",  "nul",        "True",
                                "NaN",      "Infinity",   "-",
                                "01",       "1.",         ".5",
                                "1e",       "+1",         "0x1",
                                "\"",       "\"\\x\"",    "\"\\u12g4\"",
                                "\"\n\"",   "// x\n1",    "[1] x",
                                "{}{}",     "1 2",        "\xEF\xBB\xBF{}"}) {
    EXPECT_FALSE(Accepts(text)) << text;
  }
}

TEST(JsonReader, RefusesAnythingBehindANul) {
  EXPECT_FALSE(Accepts("{}\0"sv));
  EXPECT_FALSE(Accepts("{}\0{}"sv));
  EXPECT_FALSE(Accepts("{}  \0 x"sv));
  EXPECT_FALSE(Accepts("[1,\0 2]"sv));
  EXPECT_FALSE(Accepts("[\"a\0b\"]"sv));
  EXPECT_FALSE(Accepts("\0{}"sv));
  EXPECT_TRUE(Accepts("{} \r\n\t "));
}

TEST(JsonReader, RefusesInvalidUtf8) {
  for (std::string_view text : {"[\"\x80\"]", "[\"\xC0\xAF\"]", "[\"\xE2\x82\"]", "[\"\xED\xA0\x80\"]",
                                "[\"\xF4\x90\x80\x80\"]", "[\"\xFF\"]", "{\"\xFE\":1}"}) {
    EXPECT_FALSE(Accepts(text)) << text;
  }
  EXPECT_EQ(Echo("[\"\xED\x9F\xBF\xEE\x80\x80\"]"),
            "[\"\xED\x9F\xBF\xEE\x80\x80\"]");  // on either side of the surrogates
}

TEST(JsonReader, RefusesDepthBeyondTheLimit) {
  auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(Accepts(nested(32)));
  EXPECT_EQ(Echo(nested(33)), "refused: nested too deep");
  EXPECT_EQ(Echo(nested(100'000)), "refused: nested too deep");
  EXPECT_EQ(Echo(std::string(100'000, '[')), "refused: nested too deep");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(Echo(objects), "refused: nested too deep");
}

TEST(JsonReader, RefusesTooManyValues) {
  EXPECT_EQ(Echo("[1,2]", {.max_nodes = 3}), "[1,2]");
  EXPECT_EQ(Echo("[1,2,3]", {.max_nodes = 3}), "refused: too many values");
}

TEST(JsonReader, RefusesDuplicateKeysInSmallAndLargeObjects) {
  EXPECT_EQ(Echo(R"({"a":1,"a":2})"), "refused: a key occurs twice in one object");
  EXPECT_EQ(Echo(R"({"a":1,"\u0061":2})"), "refused: a key occurs twice in one object");
  EXPECT_TRUE(Accepts(R"({"a":{"a":1},"b":{"a":1}})"));
  std::string large = "{";
  for (int i = 0; i < 1'000; ++i) large += "\"k" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(Accepts(large + "\"k1000\":0}"));
  EXPECT_EQ(Echo(large + "\"k500\":0}"), "refused: a key occurs twice in one object");
}

TEST(JsonReader, NamesThePlaceOfTheFault) {
  auto document = Document::Parse(R"({"a": 1, "b": x})");
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().offset, 14u);
  EXPECT_EQ(document.error().message, "a value is expected");
}

TEST(JsonReader, ValuesStayWhenTheDocumentMoves) {
  auto first = Document::Parse(R"({"a":"text"})");
  ASSERT_TRUE(first);
  Document second = std::move(*first);
  EXPECT_EQ(second.root().Find("a")->text(), "text");
}

TEST(JsonReader, SurvivesEveryCutAndEveryChangedByte) {
  const std::string text = R"({"a":[1,-2.5e3,"x\u00e9\ud83d\ude00é",{"b":null}],"c":true})";
  ASSERT_TRUE(Accepts(text));
  for (std::size_t i = 0; i < text.size(); ++i) EXPECT_FALSE(Accepts(text.substr(0, i)));
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = text;
    changed[random() % changed.size()] = static_cast<char>(random());
    auto document = Document::Parse(changed);
    EXPECT_TRUE(!document || Accepts(Print(document->root()))) << changed;
  }
}

TEST(JsonWriter, EscapesExactlyWhatJsonDemands) {
  std::string out;
  Writer(out).String("\"\\/\b\f\n\r\t\x01\x1f\x7f\0é😀 plain text that is long"sv);
  EXPECT_EQ(out, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000é😀 plain text that is long\"");
}

TEST(JsonWriter, ReplacesBytesThatAreNotUtf8) {
  std::string out;
  Writer(out).String(
      "a\xFF"
      "b\xE2\x82"
      "c");
  EXPECT_EQ(out,
            "\"a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\xEF\xBF\xBD"
            "c\"");
  EXPECT_TRUE(Accepts(out));
}

TEST(JsonWriter, PlacesCommas) {
  std::string out;
  Writer writer(out);
  writer.BeginObject().Key("a").BeginArray().Int(1).UInt(2).BeginObject().EndObject().Null().EndArray();
  writer.Key("b").Bool(true).Key("c").Double(0.1).Key("d").Raw("[1]").Key("e").Double(1.0 / 0.0).EndObject();
  EXPECT_EQ(out, R"({"a":[1,2,{},null],"b":true,"c":0.1,"d":[1],"e":null})");
}

TEST(JsonWriter, WhatIsWrittenReadsBackTheSame) {
  std::mt19937 random(7);
  for (int round = 0; round < 2'000; ++round) {
    std::string text;
    for (std::size_t i = random() % 40; i > 0; --i) text += static_cast<char>(random() % 128);
    std::string out;
    Writer(out).BeginArray().String(text).EndArray();
    auto document = Document::Parse(out);
    ASSERT_TRUE(document) << out;
    EXPECT_EQ(document->root().items()[0].text(), text);
  }
}

}  // namespace
}  // namespace monitor::json
