#include "domain/values/client_address.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

TEST(ClientAddress, IsTakenAsProxiesWriteIt) {
  for (const char* text : {"192.0.2.1", "192.0.2.1:0", "192.0.2.1:65535", "::ffff:192.0.2.1", "[::ffff:192.0.2.1]",
                           "[::ffff:192.0.2.1]:443"}) {
    EXPECT_EQ(BareAddress(text), "192.0.2.1") << text;
  }
  for (const char* text : {"2001:db8::1", "2001:0DB8:0:0:0:0:0:1", "[2001:db8::1]", "[2001:db8::1]:51234"}) {
    EXPECT_EQ(BareAddress(text), "2001:db8::1") << text;
  }
  EXPECT_EQ(BareAddress("::"), "::");
}

TEST(ClientAddress, IsNumericAndNothingElse) {
  for (const char* text : {"",
                           "localhost",
                           "1.2.3",
                           "1.2.3.4.5",
                           "1.2.3.400",
                           "2001:db8::1::2",
                           "fe80::1%e0",
                           " ::1",
                           "192.0.2.1:",
                           "192.0.2.1:65536",
                           "192.0.2.1:x",
                           "192.0.2.1:-1",
                           "192.0.2.1 ",
                           "[192.0.2.1]",
                           "[192.0.2.1]:80",
                           "[2001:db8::1",
                           "2001:db8::1]",
                           "[2001:db8::1]:",
                           "[]",
                           "[2001:db8::1]80",
                           "[2001:db8::1]:65536",
                           ":80",
                           "unknown",
                           "_hidden"}) {
    EXPECT_EQ(BareAddress(text), "") << text;
  }
  EXPECT_EQ(BareAddress(std::string_view("1.2.3.4\0x", 9)), "");
}

TEST(ClientAddress, NetworksCountAsOneClient) {
  EXPECT_EQ(AddressNetwork("::ffff:192.0.2.1"), AddressNetwork("192.0.2.1"));
  EXPECT_EQ(AddressNetwork("2001:db8::1"), AddressNetwork("2001:db8::ffff:0:0:1"));
  EXPECT_NE(AddressNetwork("2001:db8::1"), AddressNetwork("2001:db8:0:1::1"));
}

}  // namespace
}  // namespace monitor
