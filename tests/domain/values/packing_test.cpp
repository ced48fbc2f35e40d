#include "domain/values/packing.h"

#include <gtest/gtest.h>

#include <limits>

namespace monitor {
namespace {

std::string PackedId(std::string_view id) {
  Packer out;
  out.Id(id);
  return std::move(out).Done();
}

TEST(Packing, GivesIdsBackAsTheyWereWritten) {
  for (const char* id :
       {"", "0", "7", "01", "1234567890", "18446744073709551615", "4611686018427387903", "-1", "a", "ab", "AB", "abc",
        "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdeF", "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "3F2504E0-4f89-11d3-9a0c-0305e82c3301", "3f2504e0-4f89-11d3-9a0c-0305e82c330-",
        "3f2504e04f89-11d3-9a0c-0305e82c3301-", "a page, or \xC3\xA4"}) {
    const std::string bytes = PackedId(id);
    Unpacker io(bytes);
    std::string read;
    io.Id(read);
    EXPECT_EQ(read, id);
    EXPECT_TRUE(io.at_end() && !io.failed()) << id;
  }
}

TEST(Packing, WritesIdsOfDigitsSmall) {
  EXPECT_EQ(PackedId("1234567890").size(), 5u);
  EXPECT_EQ(PackedId("0123456789abcdef0123456789abcdef").size(), 17u);
  EXPECT_EQ(PackedId("3f2504e0-4f89-11d3-9a0c-0305e82c3301").size(), 17u);
}

template <class Number>
void ExpectGivenBack(Number number) {
  Packer out;
  out.Int(number);
  const std::string bytes = std::move(out).Done();
  Unpacker io(bytes);
  Number read = 0;
  io.Int(read);
  EXPECT_EQ(read, number);
  EXPECT_TRUE(io.at_end() && !io.failed());
}

TEST(Packing, GivesNumbersBack) {
  for (std::int64_t number : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{63}, std::int64_t{-64},
                              std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    ExpectGivenBack(number);
  }
  ExpectGivenBack(std::uint64_t{0});
  ExpectGivenBack(std::numeric_limits<std::uint64_t>::max());
  ExpectGivenBack(std::numeric_limits<std::uint16_t>::max());
  ExpectGivenBack(std::numeric_limits<std::int32_t>::min());
}

TEST(Packing, TakesNoNumberThatIsTooLarge) {
  Packer out;
  out.Int(std::uint64_t{65'536});
  const std::string bytes = std::move(out).Done();
  Unpacker io(bytes);
  std::uint16_t read = 0;
  io.Int(read);
  EXPECT_TRUE(io.failed());
}

TEST(Packing, GivesAmountsBack) {
  for (const char* text : {"0", "129.5", "-0.000001", "999999999999999.999999", "-999999999999999.999999"}) {
    Packer out;
    out.Amount(*Decimal::Parse(text));
    const std::string bytes = std::move(out).Done();
    Unpacker io(bytes);
    Decimal read;
    io.Amount(read);
    EXPECT_EQ(read.ToString(), text);
    EXPECT_FALSE(io.failed());
  }
}

struct Everything {
  std::vector<std::string> words;
  std::optional<std::int64_t> maybe;
  TimeMs time{};
  bool flag = false;
  std::uint64_t fixed = 0;

  bool operator==(const Everything&) const = default;
};

template <class Io, class State>
void Fields(Io& io, State& state) {
  io.Each(state.words, [&](auto& word) { io.Word(word); });
  io.Maybe(state.maybe, [&](auto& number) { io.Int(number); });
  io.Time(state.time, FromUnixMs(1'000));
  io.Flag(state.flag);
  io.Fixed(state.fixed);
}

TEST(Packing, ReadsWhatItWroteAndNothingLess) {
  const Everything written{{"en-US", "", "en-US", "de-DE", ""}, -5, FromUnixMs(-7), true, 1};
  Packer out;
  Fields(out, written);
  const std::string bytes = std::move(out).Done();
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    Everything read;
    Unpacker io(std::string_view(bytes).substr(0, size));
    Fields(io, read);
    EXPECT_EQ(io.failed(), size < bytes.size()) << size;
    if (size == bytes.size()) {
      EXPECT_EQ(read, written);
    }
  }
}

TEST(Packing, BelievesNoLengthThatIsNotThere) {
  Packer out;
  out.Int(std::uint64_t{1} << 40);
  const std::string bytes = std::move(out).Done();
  std::vector<std::string> list;
  Unpacker io(bytes);
  io.Each(list, [&](std::string& text) { io.Text(text); });
  EXPECT_TRUE(io.failed());
  EXPECT_TRUE(list.empty());
}

}  // namespace
}  // namespace monitor
