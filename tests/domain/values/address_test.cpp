#include "domain/values/address.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

TEST(Address, TakesBothFamilies) {
  EXPECT_TRUE(ParseAddress("203.0.113.9"));
  EXPECT_TRUE(ParseAddress("2001:db8::1"));
  EXPECT_EQ(ParseAddress("::ffff:203.0.113.9"), ParseAddress("203.0.113.9"));
  EXPECT_NE(ParseAddress("::1"), ParseAddress("0.0.0.1"));
  EXPECT_EQ(ParseAddress("1:2:3:4:5:6:7::"), ParseAddress("1:2:3:4:5:6:7:0"));
  EXPECT_EQ(ParseAddress("::2:3:4:5:6:7:8"), ParseAddress("0:2:3:4:5:6:7:8"));
}

TEST(Address, RefusesEverythingElse) {
  for (std::string_view text : {"", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", " 1.2.3.4", "1.2.3.4:80", "[::1]",
                                "fe80::1%eth0", "1.2.3.4/8", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:::2"}) {
    EXPECT_FALSE(ParseAddress(text)) << text;
  }
  EXPECT_FALSE(ParseAddress(std::string_view("1.2.3.4\0", 8)));
}

TEST(Address, IsPrintedInTheShortFormOfItsFamily) {
  EXPECT_EQ(FormatAddress(*ParseAddress("::ffff:203.0.113.9")), "203.0.113.9");
  EXPECT_EQ(FormatAddress(*ParseAddress("2001:0DB8:0:0:0:0:0:1")), "2001:db8::1");
}

TEST(Cidr, RefusesPrefixesThatAreNone) {
  for (std::string_view text : {"10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8 ", "::/129", "/8", "10/8"}) {
    EXPECT_FALSE(ParseCidr(text)) << text;
  }
  EXPECT_TRUE(ParseCidr("::/0"));
  EXPECT_TRUE(ParseCidr("10.1.2.3/8")) << "bits below the prefix are ignored";
  EXPECT_TRUE(ParseCidr("10.1.2.3/8")->Contains(*ParseAddress("10.200.0.1")));
}

}  // namespace
}  // namespace monitor
