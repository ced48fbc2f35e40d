#include "api/requests/attribute_validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace monitor {
namespace {

using ::testing::StartsWith;

std::expected<AttributeOrImpression, FieldError> Read(std::string_view text) {
  auto document = json::Document::Parse(text);
  EXPECT_TRUE(document) << text;
  return ReadAttribute(document->root(), FieldPath(), 0);
}

std::string Normalised(std::string_view text) {
  auto read = Read(text);
  EXPECT_TRUE(read) << text << " " << (read ? "" : read.error().message);
  return read ? std::get<Attribute>(*read).json : "";
}

std::string Refused(std::string_view text) {
  auto read = Read(text);
  EXPECT_FALSE(read) << text;
  return read ? "" : read.error().message;
}

void ExpectKept(std::string_view text) { EXPECT_EQ(Normalised(text), text); }

TEST(Attributes, AmountsBecomeDecimalStrings) {
  EXPECT_EQ(Normalised(R"({"type":"cart","total":129.50,"numItems":2})"),
            R"({"type":"cart","total":"129.5","numItems":2})");
  EXPECT_EQ(Normalised(R"({"type":"cart","total":"1.5e2","numItems":"2"})"),
            R"({"type":"cart","total":"150","numItems":2})");
}

TEST(Attributes, AmountsAreRoundedAndMayHaveLeadingZeros) {
  const std::pair<const char*, const char*> totals[] = {{"0.30000000000000004", "0.3"},
                                                        {"59.989999999999995", "59.99"},
                                                        {"1e-7", "0"},
                                                        {"\"01\"", "1"},
                                                        {"\"-007.50\"", "-7.5"}};
  for (const auto& [sent, kept] : totals) {
    EXPECT_EQ(Normalised(R"({"type":"purchase","total":)" + std::string(sent) + "}"),
              R"({"type":"purchase","total":")" + std::string(kept) + "\"}");
  }
}

TEST(Attributes, AnEmptyNumberIsAbsent) {
  EXPECT_EQ(Normalised(R"({"type":"purchase","total":"","currency":""})"), R"({"type":"purchase","currency":""})");
  EXPECT_EQ(Normalised(R"({"type":"ctmrinfo","info":{"companySize":""}})"), R"({"type":"ctmrinfo","info":{}})");
  EXPECT_THAT(Refused(R"({"type":"cart","total":"","numItems":1})"), StartsWith("total: is required"));
}

TEST(Attributes, ScalarsAreTextsWhereTextsAreExpected) {
  EXPECT_EQ(Normalised(R"({"type":"purchase","orderId":0,"currency":true})"),
            R"({"type":"purchase","orderId":"0","currency":"true"})");
  EXPECT_EQ(Normalised(R"({"type":"purchase","orderId":1.50e3})"), R"({"type":"purchase","orderId":"1.50e3"})");
  EXPECT_EQ(Normalised(R"({"type":"searchInfo","keywords":[1,false,"x"]})"),
            R"({"type":"searchInfo","keywords":["1","false","x"]})");
  for (const char* value : {"{}", "[]", "[\"x\"]"}) {
    EXPECT_THAT(Refused(R"({"type":"purchase","orderId":)" + std::string(value) + "}"), StartsWith("orderId: "));
  }
}

TEST(Attributes, DescribingTextsAreCutIdsAreRefused) {
  const std::string kept = std::string(4'095, 'x') + "ü";
  EXPECT_EQ(Normalised(R"({"type":"error","error":{"message":")" + kept + "üx\"}}"),
            R"({"type":"error","error":{"message":")" + kept + "\"}}");
  EXPECT_EQ(Normalised(R"({"type":"searchInfo","keywords":[")" + kept + "x\"]}"),
            R"({"type":"searchInfo","keywords":[")" + kept + "\"]}");
  EXPECT_THAT(Refused(R"({"type":"error","error":{"code":")" + kept + "x\"}}"), StartsWith("error.code: "));
}

TEST(Attributes, AmountsHaveAtMost15IntegerDigits) {
  EXPECT_EQ(Normalised(R"({"type":"purchase","total":999999999999999.123456})"),
            R"({"type":"purchase","total":"999999999999999.123456"})");
  for (const char* total : {"1000000000000000", "1e15", "\"1e999\"", "\"abc\"", "\" 1\"", "\"+1\"", "\".5\"", "\"1.\"",
                            "\"0x10\"", "\"NaN\"", "\"1,5\"", "true", "[]"}) {
    EXPECT_THAT(Refused(R"({"type":"purchase","total":)" + std::string(total) + "}"), StartsWith("total: ")) << total;
  }
}

TEST(Attributes, IntegersBecomeJsonIntegers) {
  for (const char* number : {"30", "30.0", "3e1", "\"30\"", "\"30.00\"", "300e-1", "3.0E+1"}) {
    EXPECT_EQ(Normalised(R"({"type":"ctmrinfo","info":{"companySize":)" + std::string(number) + "}}"),
              R"({"type":"ctmrinfo","info":{"companySize":30}})")
        << number;
  }
  for (const char* number :
       {"1.5", "\"1.5\"", "\"x\"", "\"1e400\"", "9223372036854775808", "1e-1", "true", "{}", "\" 3\""}) {
    EXPECT_THAT(Refused(R"({"type":"ctmrinfo","info":{"companySize":)" + std::string(number) + "}}"),
                StartsWith("info.companySize: "))
        << number;
  }
}

TEST(Attributes, IntegerTextIsExpandedBeforeItIsJudged) {
  EXPECT_EQ(ParseInteger("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(ParseInteger("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(ParseInteger("9223372036854775808"), std::nullopt);
  EXPECT_EQ(ParseInteger("-9223372036854775809"), std::nullopt);
  EXPECT_EQ(ParseInteger("0e999999999999999999999"), 0);
  EXPECT_EQ(ParseInteger("0.000e5"), 0);
  EXPECT_EQ(ParseInteger("-0"), 0);
  EXPECT_EQ(ParseInteger("12000e-3"), 12);
  EXPECT_EQ(ParseInteger("0.012e3"), 12);
  for (const char* text : {"", "-", "1e", "1e+", "e1", "1.", "--1", "1 ", "1e99999999999999999999", "1e-99999999999"}) {
    EXPECT_EQ(ParseInteger(text), std::nullopt) << text;
  }
}

TEST(Attributes, UnknownFieldsAreKeptAsSent) {
  ExpectKept(R"({"type":"lead","lead":{"topic":"t","mine":{"n":1.50,"z":null}},"other":[1e2,"x"]})");
}

TEST(Attributes, NullOfAKnownFieldIsLeftOut) {
  EXPECT_EQ(Normalised(R"({"type":"lead","lead":{"topic":null,"leadId":"7"}})"),
            R"({"type":"lead","lead":{"leadId":"7"}})");
  EXPECT_THAT(Refused(R"({"type":"cart","total":null,"numItems":1})"), StartsWith("total: "));
}

TEST(Attributes, TypeIsRequiredAndKnown) {
  EXPECT_THAT(Refused("{}"), StartsWith("type: "));
  EXPECT_THAT(Refused(R"({"type":"Cart"})"), StartsWith("type: "));
  EXPECT_THAT(Refused(R"({"type":1})"), StartsWith("type: "));
  EXPECT_THAT(Refused("[]"), StartsWith("body: "));
}

TEST(Attributes, StringsHaveAtMost4096Characters) {
  Normalised(R"({"type":"lead","lead":{"topic":")" + std::string(4096, 'x') + "\"}}");
  EXPECT_THAT(Refused(R"({"type":"lead","lead":{"topic":")" + std::string(4097, 'x') + "\"}}"),
              StartsWith("lead.topic: "));
}

TEST(Attributes, CartNeedsTotalAndNumItems) {
  EXPECT_EQ(Normalised(R"({"type":"cart","total":1,"numItems":1,"currency":"USD","products":[{"product":)"
                       R"({"name":"n","category":"c","sku":"s","price":"9.90"},"quantity":"2"}]})"),
            R"({"type":"cart","total":"1","numItems":1,"currency":"USD","products":[{"product":)"
            R"({"name":"n","category":"c","sku":"s","price":"9.9"},"quantity":2}]})");
  EXPECT_THAT(Refused(R"({"type":"cart","numItems":1})"), StartsWith("total: "));
  EXPECT_THAT(Refused(R"({"type":"cart","total":1})"), StartsWith("numItems: "));
  EXPECT_THAT(Refused(R"({"type":"cart","total":1,"numItems":1,"products":[{"quantity":1}]})"),
              StartsWith("products[0].product: "));
  EXPECT_THAT(Refused(R"({"type":"cart","total":1,"numItems":1,"products":[null]})"), StartsWith("products[0]: "));
  EXPECT_THAT(Refused(R"({"type":"cart","total":1,"numItems":1,"products":{}})"), StartsWith("products: "));
}

TEST(Attributes, HoldAtMost200Products) {
  std::string products;
  for (int i = 0; i < 200; ++i) products += R"({"product":{}},)";
  Normalised(R"({"type":"prodView","products":[)" + products.substr(0, products.size() - 1) + "]}");
  EXPECT_THAT(Refused(R"({"type":"prodView","products":[)" + products + R"({"product":{}}]})"),
              StartsWith("products: "));
}

TEST(Attributes, PurchaseMayHaveACartThatNeedsProducts) {
  ExpectKept(R"({"type":"purchase","currency":"EUR","orderId":"o1"})");
  EXPECT_EQ(Normalised(R"({"type":"purchase","total":"20","cart":{"products":[],"numItems":0.0}})"),
            R"({"type":"purchase","total":"20","cart":{"products":[],"numItems":0}})");
  EXPECT_THAT(Refused(R"({"type":"purchase","cart":{}})"), StartsWith("cart.products: "));
}

TEST(Attributes, ProdViewKnowsStock) {
  EXPECT_EQ(Normalised(R"({"type":"prodView","currency":"USD","products":[{"product":{"name":"n","price":5,)"
                       R"("statusInStock":"yes","quantityInStock":"12"}}]})"),
            R"({"type":"prodView","currency":"USD","products":[{"product":{"name":"n","price":"5",)"
            R"("statusInStock":"yes","quantityInStock":12}}]})");
  EXPECT_THAT(Refused(R"({"type":"prodView","products":[{}]})"), StartsWith("products[0].product: "));
}

TEST(Attributes, CtmrinfoHasAllItsFields) {
  EXPECT_EQ(
      Normalised(R"({"type":"ctmrinfo","info":{"ctype":"vip","cstatus":"ok","balance":-400.10,"currency":"USD",)"
                 R"("customerId":"1","socialId":"2","imei":"3","userName":"u","companySize":500,"companyBranch":"b",)"
                 R"("accountName":"a","role":"r","lastPaymentDate":{"year":2026,"month":"1","day":2},)"
                 R"("registrationDate":{"year":2020},"loginStatus":1,"storeZipCode":"z","storeNumber":"n"}})"),
      R"({"type":"ctmrinfo","info":{"ctype":"vip","cstatus":"ok","balance":"-400.1","currency":"USD",)"
      R"("customerId":"1","socialId":"2","imei":"3","userName":"u","companySize":500,"companyBranch":"b",)"
      R"("accountName":"a","role":"r","lastPaymentDate":{"year":2026,"month":1,"day":2},)"
      R"("registrationDate":{"year":2020},"loginStatus":1,"storeZipCode":"z","storeNumber":"n"}})");
  EXPECT_THAT(Refused(R"({"type":"ctmrinfo","info":{"storeNumber":[12]}})"), StartsWith("info.storeNumber: "));
  EXPECT_THAT(Refused(R"({"type":"ctmrinfo","info":{"lastPaymentDate":{"day":"x"}}})"),
              StartsWith("info.lastPaymentDate.day: "));
}

TEST(Attributes, MarketingChannelsAre0To4AndCampaignIDIsAnAlias) {
  EXPECT_EQ(Normalised(R"({"type":"mrktInfo","info":{"channel":"4","affiliate":"a","campaignID":"c"}})"),
            R"({"type":"mrktInfo","info":{"channel":4,"affiliate":"a","campaignId":"c"}})");
  EXPECT_EQ(Normalised(R"({"type":"mrktInfo","info":{"campaignID":"alias","campaignId":"main"}})"),
            R"({"type":"mrktInfo","info":{"campaignId":"main"}})");
  EXPECT_THAT(Refused(R"({"type":"mrktInfo","info":{"channel":5}})"), StartsWith("info.channel: "));
  EXPECT_THAT(Refused(R"({"type":"mrktInfo","info":{"channel":-1}})"), StartsWith("info.channel: "));
  EXPECT_THAT(Refused(R"({"type":"mrktInfo","info":{"campaignID":[7]}})"), StartsWith("info.campaignID: "));
  EXPECT_THAT(Refused(R"({"type":"mrktInfo","info":{"campaignId":"main","campaignID":[7]}})"),
              StartsWith("info.campaignID: "));
}

TEST(Attributes, PersonalKnowsGenderByWordAndNumber) {
  const std::pair<const char*, const char*> genders[] = {
      {"\"MALE\"", "MALE"}, {"0", "MALE"}, {"\"1\"", "FEMALE"}, {"2.0", "OTHER"}, {"\"OTHER\"", "OTHER"}};
  for (const auto& [sent, word] : genders) {
    EXPECT_EQ(Normalised(R"({"type":"personal","personal":{"gender":)" + std::string(sent) + "}}"),
              R"({"type":"personal","personal":{"gender":")" + std::string(word) + "\"}}");
  }
  for (const char* sent : {"3", "-1", "\"male\"", "\"\"", "true", "{}"}) {
    EXPECT_THAT(Refused(R"({"type":"personal","personal":{"gender":)" + std::string(sent) + "}}"),
                StartsWith("personal.gender: "))
        << sent;
  }
}

TEST(Attributes, PersonalHasContactsAndAge) {
  EXPECT_EQ(Normalised(R"({"type":"personal","personal":{"firstname":"f","lastname":"l","age":{"age":34.0,"year":1990,)"
                       R"("month":"4","day":1},"contacts":[{"email":"e","phone":"p","phoneType":"HOME_FAX",)"
                       R"("address":{"country":"c","region":"r"}}],"company":"c","language":"en"}})"),
            R"({"type":"personal","personal":{"firstname":"f","lastname":"l","age":{"age":34,"year":1990,)"
            R"("month":4,"day":1},"contacts":[{"email":"e","phone":"p","phoneType":"HOME_FAX",)"
            R"("address":{"country":"c","region":"r"}}],"company":"c","language":"en"}})");
  EXPECT_THAT(Refused(R"({"type":"personal","personal":{"contacts":[{},{"phoneType":"home"}]}})"),
              StartsWith("personal.contacts[1].phoneType: "));
  EXPECT_THAT(Refused(R"({"type":"personal","personal":{"contacts":[null]}})"), StartsWith("personal.contacts[0]: "));
  EXPECT_THAT(Refused(R"({"type":"personal","personal":{"age":34}})"), StartsWith("personal.age: "));
}

TEST(Attributes, ServiceStatusesAre0To13) {
  EXPECT_EQ(Normalised(R"({"type":"service","service":{"topic":"t","status":"13","category":"c","serviceId":"s"}})"),
            R"({"type":"service","service":{"topic":"t","status":13,"category":"c","serviceId":"s"}})");
  EXPECT_THAT(Refused(R"({"type":"service","service":{"status":14}})"), StartsWith("service.status: "));
}

TEST(Attributes, ErrorsMayBeResolved) {
  ExpectKept(R"({"type":"error","error":{"contextId":"c","message":"m","code":"e","level":3,"resolved":true}})");
  EXPECT_THAT(Refused(R"({"type":"error","error":{"resolved":"yes"}})"), StartsWith("error.resolved: "));
  EXPECT_THAT(Refused(R"({"type":"error","error":{"code":{}}})"), StartsWith("error.code: "));
}

TEST(Attributes, SearchInfoHoldsKeywords) {
  ExpectKept(R"({"type":"searchInfo","keywords":["a","b"]})");
  EXPECT_THAT(Refused(R"({"type":"searchInfo","keywords":["a",null]})"), StartsWith("keywords[1]: "));
  EXPECT_THAT(Refused(R"({"type":"searchInfo","keywords":"a"})"), StartsWith("keywords: "));
}

TEST(Impressions, AllFiveAreKnown) {
  const std::pair<const char*, ImpressionKind> kinds[] = {{"impDisplay", ImpressionKind::kDisplay},
                                                          {"impAccept", ImpressionKind::kAccept},
                                                          {"impExpanded", ImpressionKind::kExpanded},
                                                          {"impTimeout", ImpressionKind::kTimeout},
                                                          {"impClose", ImpressionKind::kClose}};
  for (const auto& [type, kind] : kinds) {
    auto read = Read(R"({"type":")" + std::string(type) + R"(","campaign":1,"engId":2})");
    ASSERT_TRUE(read);
    EXPECT_EQ(std::get<SentImpression>(*read).kind, kind);
    EXPECT_EQ(std::get<SentImpression>(*read).context_id, std::nullopt);
  }
}

TEST(Impressions, AreValidated) {
  EXPECT_THAT(Refused(R"({"type":"impDisplay","engId":2})"), StartsWith("campaign: "));
  EXPECT_THAT(Refused(R"({"type":"impDisplay","campaign":1})"), StartsWith("engId: "));
  EXPECT_THAT(Refused(R"({"type":"impDisplay","campaign":1.5,"engId":2})"), StartsWith("campaign: "));
  EXPECT_THAT(Refused(R"({"type":"impDisplay","campaign":1,"engId":2,"revision":"x"})"), StartsWith("revision: "));
  EXPECT_THAT(Refused(R"({"type":"impDisplay","campaign":1,"engId":2,"eContext":{}})"), StartsWith("eContext: "));
  EXPECT_THAT(Refused(R"({"type":"impDisplay","campaign":1,"engId":2,"eContext":[1]})"), StartsWith("eContext[0]: "));
  EXPECT_THAT(Refused(R"({"type":"impDisplay","campaign":1,"engId":2,"eContext":[{"type":"engagementContext"}]})"),
              StartsWith("eContext[0].id: "));
  EXPECT_THAT(
      Refused(R"({"type":"impDisplay","campaign":1,"engId":2,"eContext":[{"type":"engagementContext","id":[1]}]})"),
      StartsWith("eContext[0].id: "));
}

}  // namespace
}  // namespace monitor
