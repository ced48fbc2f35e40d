#include "consumers/query/funnel_request.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

std::expected<FunnelRequest, std::string> Read(std::string_view query, const char* zone = "UTC") {
  return ParseFunnelRequest(http::Query(query), *TimeZone::Find(zone));
}

TEST(FunnelRequest, WithoutParametersItAsksForAllOfTheNet) {
  for (const char* query : {"", "account=demo", "by=&window=&count=&format=&from=&to="}) {
    const auto request = Read(query);
    ASSERT_TRUE(request) << query;
    EXPECT_TRUE(request->query.by.empty());
    EXPECT_EQ(request->query.window, funnel::Window::kAll);
    EXPECT_EQ(request->query.counting, funnel::kNet);
    EXPECT_FALSE(request->query.from || request->query.to);
    EXPECT_EQ(request->format, FunnelFormat::kJson);
  }
}

TEST(FunnelRequest, BreakdownsAreAListOfKnownWordsEachOnce) {
  using enum funnel::Breakdown;
  EXPECT_EQ(Read("by=zone,app")->query.by, (std::vector{kZone, kApp}));
  for (const char* query : {"by=foo", "by=Campaign", "by=zone,", "by=,zone", "by=zone,,app", "by=,", "by=zone,zone"}) {
    EXPECT_FALSE(Read(query)) << query;
  }
}

TEST(FunnelRequest, AnUnknownOrDoubledParameterIsRefusedByName) {
  for (const char* query : {"wheres=campaign:41", "windows=day", "BY=zone", "=x", "account=demo&limits="}) {
    EXPECT_TRUE(http::Query(query).Fault(kFunnelParameters)) << query;
  }
  const auto fault = [](std::string_view query) { return http::Query(query).Fault(kFunnelParameters); };
  EXPECT_EQ(fault("windows=day"), "windows: is no parameter here");
  EXPECT_EQ(fault("by=zone&by=app"), "by: is given twice");
  EXPECT_EQ(fault("by=zone&%62y=app"), "by: is given twice");
  EXPECT_EQ(fault("account=&by=&window=&count=&format=&from=&to="), std::nullopt);
}

TEST(FunnelRequest, BoundsAreOnAnHourOfTheAccountsZone) {
  EXPECT_TRUE(Read("from=2026-11-24T10:00:00Z&to=1795521600000"));
  EXPECT_TRUE(Read("from=2026-11-24T10:00:00%2B01:00"));
  EXPECT_TRUE(Read("from=2026-11-24T10:00:00+01:00"));
  EXPECT_TRUE(Read("from=2026-11-24T10:00:00.000000Z"));
  EXPECT_FALSE(Read("from=2026-11-24T10:15:00Z"));
  EXPECT_TRUE(Read("from=2026-11-24T10:15:00Z", "Asia/Kathmandu"));
  EXPECT_FALSE(Read("from=2026-11-24T10:00:00Z", "Asia/Kathmandu"));
  for (const char* query : {"from=1", "to=abc", "to=2026-11-24", "to=99999999999999999999", "from=7200000&to=3600000",
                            "from=-62135600400000", "to=253402300800000", "from=2026-11-24T10:00:00.0009Z",
                            "to=2026-11-24T11:00:00.000000001%2B01:00"}) {
    EXPECT_FALSE(Read(query)) << query;
  }
  EXPECT_TRUE(Read("from=3600000&to=3600000"));
}

TEST(FunnelRequest, FiltersAreDimensionsWithTheirValues) {
  const auto request = Read("where=campaign:41|42,device:MOBILE,app:a%3Ab");
  ASSERT_TRUE(request) << request.error();
  const auto& where = request->query.where;
  ASSERT_EQ(where.size(), 3u);
  EXPECT_EQ(where[0].of, funnel::Breakdown::kCampaign);
  ASSERT_EQ(where[0].values.size(), 2u);
  EXPECT_EQ(where[0].values[1].campaign_id, 42);
  EXPECT_EQ(where[1].values[0].device, DeviceFamily::kMobile);
  EXPECT_EQ(where[2].values[0].app_installation, "a:b");
  for (const char* query :
       {"where=campaign", "where=campaign:", "where=campaign:x", "where=campaign:41|", "where=campaign:41,",
        "where=campaign:41,campaign:42", "where=campaign:41|41", "where=device:mobile", "where=zone:nowhere",
        "where=campaigns:41", "where=:41", "where=app:", "where=,"}) {
    EXPECT_FALSE(Read(query)) << query;
  }
}

TEST(FunnelRequest, OrderIsByAColumnOfNumbers) {
  const auto request = Read("orderBy=-acceptRate&limit=10");
  ASSERT_TRUE(request) << request.error();
  EXPECT_EQ(request->order.column->name, "acceptRate");
  EXPECT_TRUE(request->order.column->descending);
  EXPECT_EQ(request->order.limit, 10u);
  for (const char* query :
       {"orderBy=prospects", "orderBy=value.USD", "orderBy=displayToAcceptMs", "orderBy=windowStart",
        "by=campaign&orderBy=campaignId", "by=campaign&orderBy=-lift", "orderBy=-displayToAcceptMs.p99"}) {
    EXPECT_TRUE(Read(query)) << query;
  }
  for (const char* query : {"orderBy=-", "orderBy=accept", "orderBy=campaignId", "orderBy=lift", "orderBy=value.US",
                            "by=zone&orderBy=zone", "orderBy=+prospects", "orderBy=prospects,exposed", "limit=0",
                            "limit=-1", "limit=many", "after=00", "after=zz"}) {
    EXPECT_FALSE(Read(query)) << query;
  }
}

TEST(FunnelRequest, AnErrorNamesItsParameter) {
  for (std::string_view name :
       {"by", "window", "count", "format", "from", "to", "where", "orderBy", "limit", "after"}) {
    const auto request = Read(std::string(name) + "=nonsense");
    ASSERT_FALSE(request) << name;
    EXPECT_TRUE(request.error().starts_with(std::string(name) + ": ")) << request.error();
  }
}

}  // namespace
}  // namespace monitor
