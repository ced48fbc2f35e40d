#include "domain/values/url.h"

#include <gtest/gtest.h>

#include <utility>

namespace monitor {
namespace {

struct Pair {
  const char* written;
  const char* readable;
};

TEST(ReadableUrl, IsOneFormHoweverItWasWritten) {
  for (const auto& [written, readable] : {
           Pair{"https://shop.example/straße", "https://shop.example/straße"},
           Pair{"https://shop.example/stra%C3%9Fe", "https://shop.example/straße"},
           Pair{"https://shop.example/stra%c3%9fe", "https://shop.example/straße"},
           Pair{"HTTPS://SHOP.example/A", "https://shop.example/A"},
           Pair{"https://shop.example", "https://shop.example/"},
           Pair{"https://shop.example?q", "https://shop.example/?q"},
           Pair{"https://shop.example#f", "https://shop.example/#f"},
           Pair{"https://shop.example:443/a", "https://shop.example/a"},
           Pair{"http://shop.example:80", "http://shop.example/"},
           Pair{"http://shop.example:443/", "http://shop.example:443/"},
           Pair{"https://shop.example:8443/", "https://shop.example:8443/"},
           Pair{"https://xn--mnchen-3ya.example/", "https://münchen.example/"},
           Pair{"https://XN--MNCHEN-3YA.EXAMPLE/", "https://münchen.example/"},
           Pair{"https://MÜNCHEN.example/", "https://münchen.example/"},
           Pair{"https://mu\u0308nchen.example/", "https://münchen.example/"},
           Pair{"https://xn--strae-oqa.example/", "https://straße.example/"},
           Pair{"https://例え.jp/%E4%BE%8B", "https://例え.jp/例"},
           Pair{"https://example。com/", "https://example.com/"},
           Pair{"https://user:pw@xn--mnchen-3ya.example:443/", "https://user:pw@münchen.example/"},
           Pair{"https://[2001:DB8::1]:443/", "https://[2001:db8::1]/"},
           Pair{"https://a.example/?x=%C3%BC#%C3%BC", "https://a.example/?x=ü#ü"},
           Pair{"https://a.example/%41%20b", "https://a.example/A b"},
       }) {
    EXPECT_EQ(ReadableUrl(written), readable) << written;
    EXPECT_EQ(ReadableUrl(readable), readable) << "once more";
  }
}

TEST(ReadableUrl, KeepsWhatWouldMeanSomethingElse) {
  for (const char* url : {
           "https://a.example/%2F%3F%23%25%26%2B%3D",
           "https://a.example/%2f",
           "https://a.example/%00%0A%7F",
           "https://a.example/%C2%85",  // U+0085, a control character
           "https://a.example/%C3",
           "https://a.example/%C3x",
           "https://a.example/%C3%C3",
           "https://a.example/%9F",
           "https://a.example/%C0%AF",
           "https://a.example/%E0%80%AF",
           "https://a.example/%ED%A0%80",
           "https://a.example/%F4%90%80%80",
           "https://a.example/%F0%9F%98",
           "https://a.example/%",
           "https://a.example/%4",
           "https://a.example/%zz",
           "https://a.example/%2541",
           "https://a.example/a+b?c+d",
           "https://a.example/a/../b",
           "https://a.example//",
           "https://a.example/?",
           "https://a.example/#",
       }) {
    EXPECT_EQ(ReadableUrl(url), url);
  }
}

TEST(ReadableUrl, LeavesHostsThatAreRefusedAndWhatIsNoUrl) {
  for (const char* url :
       {"https://xn--zzzzzz.example/", "https://☃.example/", "https://a b/%C3%9F", "https://", "https:///a", "foo:///a",
        "https://a.example:port/", "shop.example/stra%C3%9Fe", "", "https:a"}) {
    EXPECT_EQ(ReadableUrl(url), url);
  }
}

TEST(ReadableUrlPart, AddsNothingToItsEnd) {
  for (const auto& [written, readable] : {
           Pair{"https://shop.example", "https://shop.example"},
           Pair{"https://SHOP.example:443", "https://shop.example"},
           Pair{"https://xn--mnchen-3ya.example/stra%C3%9Fe", "https://münchen.example/straße"},
           Pair{"http://192.168", "http://192.168"},
           Pair{"https://24", "https://24"},
           Pair{"https://0x7f", "https://0x7f"},
           Pair{"xn--mnchen-3ya.example/a", "münchen.example/a"},
           Pair{".XN--MNCHEN-3YA.", ".münchen."},
           Pair{"/stra%C3%9Fe", "/straße"},
           Pair{"xn--zzzzzz", "xn--zzzzzz"},
           Pair{"Straße?a=%26", "Straße?a=%26"},
           Pair{"", ""},
       }) {
    EXPECT_EQ(ReadableUrlPart(written), readable) << written;
  }
}

TEST(ReadableUrlPart, MayBeginInAHost) {
  for (const auto& [part, from_host] : {
           Pair{"mu\u0308nchen.example/a", "münchen.example/a"},
           Pair{".mu\u0308nchen.", ".münchen."},
           Pair{"MU\u0308NCHEN.example:8443", "münchen.example:8443"},
           Pair{"ｓｈｏｐ.example?q", "shop.example?q"},
           Pair{"münchen。example", "münchen.example"},
           Pair{"MÜNCHEN.example/Ü", "münchen.example/Ü"},
       }) {
    EXPECT_EQ(ReadableFromHost(ReadableUrlPart(part)), from_host) << part;
  }
  for (const char* same : {"", ".", "...", "shop.example", "SHOP.example", "münchen.example", "/mu\u0308nchen", "☃☃☃.",
                           "https://mu\u0308nchen", "a b ü", "xn--zzzzzz", "-mu\u0308nchen"}) {
    EXPECT_EQ(ReadableFromHost(ReadableUrlPart(same)), std::nullopt) << same;
  }
}

TEST(IsWebhookUrl, IsHttpsOrThisVeryMachine) {
  for (const char* fits :
       {"https://hooks.example/a?b=c", "HTTPS://hooks.example", "https://10.0.0.1:8443/", "http://localhost:8080/hook",
        "http://LOCALHOST/", "http://127.0.0.1:1/", "http://127.200.0.9/", "http://[::1]:8080/", "http://127.1/"}) {
    EXPECT_TRUE(IsWebhookUrl(fits)) << fits;
  }
  for (const char* no : {"", "hooks.example", "//hooks.example", "https://", "http://hooks.example/",
                         "http://10.0.0.1/", "http://127.0.0.1.example/", "http://localhost.example/", "http://[::2]/",
                         "ftp://localhost/", "http://localhost@hooks.example/", "file:///etc/passwd",
                         "https://a b.example/", "https://hooks.example:99999/", "https://a\n.example/"}) {
    EXPECT_FALSE(IsWebhookUrl(no)) << no;
  }
  EXPECT_FALSE(IsWebhookUrl(std::string_view("https://a.example/\0b", 20)));
}

TEST(ServerUrl, IsASchemeAHostAndPerhapsAPort) {
  EXPECT_EQ(ServerUrl("http://10.0.0.2:8090"), "http://10.0.0.2:8090");
  EXPECT_EQ(ServerUrl("HTTP://Funneld-2:8090/"), "http://funneld-2:8090");
  EXPECT_EQ(ServerUrl("https://funneld.example"), "https://funneld.example");
  EXPECT_EQ(ServerUrl("http://[::1]:8090"), "http://[::1]:8090");
  for (const char* no : {"", "10.0.0.2:8090", "funneld-2", "http://", "http:/10.0.0.2:8090", "ftp://10.0.0.2",
                         "http://10.0.0.2:8090/api", "http://10.0.0.2:8090/?a=b", "http://10.0.0.2:8090#a",
                         "http://10.0.0.2:80900", "http://10.0.0.2:0", "http://10.0.0.2:", "http://a b:8090",
                         "http://me:secret@10.0.0.2:8090", "http://10.0.0.2:8090,http://10.0.0.3:8090"}) {
    EXPECT_EQ(ServerUrl(no), std::nullopt) << no;
  }
}

}  // namespace
}  // namespace monitor
