#include "domain/funnel/funnel_codec.h"

#include <gtest/gtest.h>

#include "domain/values/hash.h"

namespace monitor::funnel {
namespace {

const Entry kEntry{.campaign_id = 41, .engagement_id = 4101, .engagement_revision = 7, .language = "en-US"};

// A view of an older version is made anew, one of the same version is read: other bytes want another kFactsVersion.
TEST(FunnelCodec, BytesChangeOnlyWithTheirVersion) {
  ASSERT_EQ(kFactsVersion, 5u);
  const EventFacts facts{
      3,
      FromUnixMs(5),
      {Eligible{{"web", kEntry}, true}, Impression{{"web", kEntry}, ImpressionKind::kAccept, 9, true, true},
       Conversation{{"web", kEntry}, "c", 9}, GoalsReached{{41}, true},
       Conversion{kGross, {"web", kEntry}, DeviceFamily::kMobile, 7, Decimal::Parse("1.5"), "EUR"}}};
  EXPECT_EQ(Hex(EncodeFacts(facts)),
            "0a0103776562528a400e040005656e2d5553010203776562528a400e040005656e2d55530109030303776562528a400e040005656e"
            "2d555301630a04015201050103776562528a400e040005656e2d555303010e03312e3503455552");
  EXPECT_EQ(Hex(EncodeSessionTraits({DeviceFamily::kTablet, true, "UTC", "EUR", Attribution::kFirst, 7, 60})),
            "02010355544303455552010e78");
  EXPECT_EQ(Hex(EncodeVisitorTally({2, FromUnixMs(5), true})), "020a01");
  EXPECT_EQ(Hex(EncodeDisplays({{3, FromUnixMs(5), SessionId("s"), DeviceFamily::kMobile, {"web", kEntry}, 9}})),
            "030a01730303776562528a400e040005656e2d555309");
  EXPECT_EQ(Hex(EncodeContextState({FromUnixMs(5), FromUnixMs(6), kNet})), "010a010c02");
}

TEST(FunnelCodec, RefusesDamagedFacts) {
  const EventFacts facts{3, FromUnixMs(5), {Impression{.dimensions = {"web", kEntry}, .context_id = 9}}};
  const std::string bytes = EncodeFacts(facts);
  EXPECT_EQ(DecodeFacts(3, bytes), facts);
  for (std::size_t size = 1; size < bytes.size(); ++size) EXPECT_FALSE(DecodeFacts(3, bytes.substr(0, size)) == facts);

  const PastDisplay display{3, FromUnixMs(5), SessionId("s"), std::nullopt, {"web", kEntry}, 9};
  const std::string displays = EncodeDisplays({display, display});
  EXPECT_EQ(DecodeDisplays(displays), (std::vector{display, display}));
  EXPECT_FALSE(DecodeDisplays(displays.substr(0, displays.size() - 1)));
  const ContextState context{.first_display = FromUnixMs(5), .converted = kGross};
  EXPECT_EQ(DecodeContextState(EncodeContextState(context)), context);
  EXPECT_FALSE(DecodeContextState(EncodeContextState(context) + "x"));
}

}  // namespace
}  // namespace monitor::funnel
