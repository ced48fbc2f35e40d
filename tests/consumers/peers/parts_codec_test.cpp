#include "consumers/peers/parts_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/funnel/row_sum.h"

namespace monitor {
namespace {

using testing::HasSubstr;

ShareTold SomeShare() {
  return {
      .share = {.instance = "0123",
                .topic = "shop.monitor.events",
                .partitions = 16,
                .held = {{.partition = 0, .offset = 7}, {.partition = 15, .offset = 1'000'000'000'000, .behind = true}},
                .as_of = {{"7f3a9c01.1", 12}, {"b2c4d6e8.3", 1}},
                .version = "an id/17"},
      .account = AccountTold{.configured_at = FromUnixMs(1'700'000'000'000), .time_zone = "Europe/Berlin"}};
}

Part SomePart() {
  Part part{.counted = {.partitions = {0, 3, 7}, .behind = {3}, .as_of = {{"7f3a9c01.1", 12}}, .version = "an id/17"},
            .rows = {}};
  funnel::Row row;
  row.key.campaign_id = 41;
  row.key.device = DeviceFamily::kMobile;
  row.prospects = 9;
  row.converted_control = 1;
  row.value["USD"] += *Decimal::Parse("12.5");
  row.display_to_accept.Add(4'200);
  row.display_to_accept.Add(90'000);
  part.rows = {row, funnel::Row()};
  return part;
}

RowsAsked SomeQuestion() {
  RowsAsked asked{.account = AccountId("demo"), .of_partitions = 16, .partitions = {1, 2}, .query = {}};
  funnel::RowKey mobile, tablet;
  mobile.device = DeviceFamily::kMobile;
  tablet.device = DeviceFamily::kTablet;
  asked.query.by = {funnel::Breakdown::kCampaign, funnel::Breakdown::kLanguage};
  asked.query.where = {{funnel::Breakdown::kDevice, {mobile, tablet}}};
  asked.query.window = funnel::Window::kDay;
  asked.query.counting = funnel::kGross;
  asked.query.from = FromUnixMs(-3'600'000);
  return asked;
}

TEST(PartsCodec, EverythingComesBackFromItsBytes) {
  EXPECT_EQ(DecodeShare(EncodeShare(SomeShare())), SomeShare());
  EXPECT_EQ(DecodeShare(EncodeShare({})), ShareTold());

  const auto part = DecodePart(EncodePart(SomePart()));
  ASSERT_TRUE(part) << part.error();
  EXPECT_EQ(part->counted, SomePart().counted);
  EXPECT_TRUE(part->complete);
  EXPECT_EQ(funnel::EncodeRows(part->rows), funnel::EncodeRows(SomePart().rows));

  const auto asked = DecodeRowsAsked(EncodeRowsAsked(SomeQuestion()));
  ASSERT_TRUE(asked) << asked.error();
  EXPECT_EQ(asked->account, AccountId("demo"));
  EXPECT_EQ(asked->of_partitions, 16);
  EXPECT_EQ(asked->partitions, (std::vector<int>{1, 2}));
  EXPECT_EQ(asked->query.by, SomeQuestion().query.by);
  ASSERT_EQ(asked->query.where.size(), 1u);
  EXPECT_EQ(asked->query.where[0].of, funnel::Breakdown::kDevice);
  EXPECT_EQ(asked->query.where[0].values, SomeQuestion().query.where[0].values);
  EXPECT_EQ(asked->query.window, funnel::Window::kDay);
  EXPECT_EQ(asked->query.counting, funnel::kGross);
  EXPECT_EQ(asked->query.from, FromUnixMs(-3'600'000));
  EXPECT_EQ(asked->query.to, std::nullopt);

  const std::vector<AccountOutline> accounts = {{.id = AccountId("demo"),
                                                 .configured_at = FromUnixMs(5),
                                                 .time_zone = "Asia/Tokyo",
                                                 .json = "{}",
                                                 .alerts = "[1]"},
                                                {.id = AccountId("other")}};
  const auto outlines = DecodeAccounts(EncodeAccounts(accounts));
  ASSERT_TRUE(outlines) << outlines.error();
  ASSERT_EQ(outlines->size(), 2u);
  EXPECT_EQ((*outlines)[0].id, AccountId("demo"));
  EXPECT_EQ((*outlines)[0].configured_at, FromUnixMs(5));
  EXPECT_EQ((*outlines)[0].time_zone, "Asia/Tokyo");
  EXPECT_EQ((*outlines)[0].json, "{}");
  EXPECT_EQ((*outlines)[0].alerts, "");  // webhooks stay where they are
}

TEST(PartsCodec, WhatIsCutOrDamagedIsNoMessage) {
  const std::string bytes = EncodePart(SomePart());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodePart(std::string_view(bytes).substr(0, size))) << size;
  }
  EXPECT_FALSE(DecodePart(bytes + '\0'));
  for (std::size_t place = 0; place < bytes.size(); ++place) {
    for (const char change : {'\1', '\x40', '\xff'}) {
      std::string damaged = bytes;
      damaged[place] = static_cast<char>(damaged[place] ^ change);
      EXPECT_FALSE(DecodePart(damaged)) << place;
    }
  }
  EXPECT_EQ(DecodePart("<html>").error(), "is not of a funneld");
  EXPECT_FALSE(DecodePart(EncodeShare(SomeShare())));
  EXPECT_FALSE(DecodeShare(bytes));
}

// The layout stands behind the name, the version of facts behind it.
TEST(PartsCodec, WhatAnotherVersionCountedIsNotAdded) {
  const std::size_t layout = std::string_view("\7funneld").size();
  for (const std::size_t place : {layout, layout + 1}) {
    std::string newer = EncodePart(SomePart());
    ++newer[place];
    const auto part = DecodePart(newer);
    ASSERT_FALSE(part);
    EXPECT_THAT(part.error(), HasSubstr("is of version ")) << place;
    EXPECT_THAT(part.error(), HasSubstr("the two must be the same program"));
    newer.resize(place + 3);  // the rest may be anything
    EXPECT_EQ(DecodePart(newer).error(), part.error());
  }
}

// Anybody who may read may ask: each of these would take as long as its sender likes, or leave the calendar.
TEST(PartsCodec, WhatIsNeverAskedIsNotAnswered) {
  const auto is_refused = [](auto change) {
    RowsAsked asked = SomeQuestion();
    change(asked);
    return !DecodeRowsAsked(EncodeRowsAsked(asked));
  };
  EXPECT_FALSE(is_refused([](RowsAsked& asked) { asked.query.to = asked.query.from; }));
  EXPECT_TRUE(is_refused([](RowsAsked& asked) { asked.query.by.resize(100'000, funnel::Breakdown::kCampaign); }));
  EXPECT_TRUE(is_refused([](RowsAsked& asked) { asked.query.where.push_back(asked.query.where.front()); }));
  EXPECT_TRUE(is_refused([](RowsAsked& asked) { asked.query.from = TimeMs::min(); }));
  EXPECT_TRUE(is_refused([](RowsAsked& asked) { asked.query.to = TimeMs::max(); }));
  EXPECT_TRUE(is_refused([](RowsAsked& asked) { asked.query.to = FromUnixMs(-7'200'000); }));
  EXPECT_TRUE(is_refused([](RowsAsked& asked) { asked.partitions.resize(100'000, 2); }));
}

TEST(PartsCodec, PartitionsOfAPartAscend) {
  for (const std::vector<int>& partitions : {std::vector<int>{1, 1}, {2, 1}}) {
    Part part = SomePart();
    part.counted.partitions = partitions;
    EXPECT_FALSE(DecodePart(EncodePart(part)));
  }
}

}  // namespace
}  // namespace monitor
