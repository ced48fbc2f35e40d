#include "domain/deciding/attribute_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

class Attributes : public ::testing::Test {
 protected:
  void Fold(AttributeType type, const char* json) { FoldAttribute(state, Attribute{type, json}); }
  static std::optional<Decimal> Amount(const char* text) { return Decimal::Parse(text); }

  AttributeState state;
};

TEST_F(Attributes, OfACartRememberTheCartBefore) {
  Fold(AttributeType::kCart, R"({"type":"cart","total":"120.5","numItems":2,"products":[
      {"product":{"name":"Ball","category":"Sport","sku":"b-1","price":"20.25"},"quantity":2}]})");
  EXPECT_EQ(state.cart.total, Amount("120.5"));
  EXPECT_FALSE(state.cart.previous_total);
  Fold(AttributeType::kCart, R"({"type":"cart","total":"99","numItems":0})");
  EXPECT_EQ(state.cart.total, Amount("99"));
  EXPECT_EQ(state.cart.previous_total, Amount("120.5"));
  EXPECT_EQ(state.cart.num_items, 0);
  EXPECT_THAT(state.cart_products, ElementsAre(Product{"Ball", "Sport", "b-1", Amount("20.25")}))
      << "a field that is not sent again keeps its value";
  Fold(AttributeType::kCart, R"({"type":"cart","total":"1","numItems":1,"products":[]})");
  EXPECT_THAT(state.cart_products, SizeIs(0)) << "arrays are taken as a whole";
}

TEST_F(Attributes, OfTheCustomerMergeFieldByField) {
  Fold(AttributeType::kCtmrinfo, R"({"type":"ctmrinfo","info":{"ctype":"vip","balance":"-400.99","companySize":500,
      "customerId":"42","registrationDate":{"year":2013,"month":5,"day":23}}})");
  Fold(AttributeType::kCtmrinfo,
       R"({"type":"ctmrinfo","info":{"cstatus":"gold","role":"buyer","storeNumber":"7","storeZipCode":"20850",
       "lastPaymentDate":{"year":2014,"month":10,"day":15}}})");
  Fold(AttributeType::kCtmrinfo, R"({"type":"ctmrinfo","info":{"ctype":"plain"}})");
  EXPECT_EQ(state.ctype, "plain");
  EXPECT_EQ(state.cstatus, "gold");
  EXPECT_EQ(state.customer_id, "42");
  EXPECT_EQ(state.role, "buyer");
  EXPECT_EQ(state.store_number, "7");
  EXPECT_EQ(state.store_zip_code, "20850");
  EXPECT_EQ(state.balance, Amount("-400.99"));
  EXPECT_EQ(state.company_size, 500);
  EXPECT_EQ(state.registration, (CalendarDate{2013, 5, 23}));
  EXPECT_EQ(state.last_payment, (CalendarDate{2014, 10, 15}));
}

TEST_F(Attributes, OfAPersonGiveAgeBirthDateAndGender) {
  Fold(AttributeType::kPersonal,
       R"({"type":"personal","personal":{"age":{"age":34,"year":1980,"month":4,"day":15},"gender":"FEMALE"}})");
  EXPECT_EQ(state.age, 34);
  EXPECT_EQ(state.birth, (CalendarDate{1980, 4, 15}));
  EXPECT_EQ(state.gender, "FEMALE");
  Fold(AttributeType::kPersonal, R"({"type":"personal","personal":{"gender":0}})");
  EXPECT_EQ(state.gender, "MALE");
}

TEST_F(Attributes, OfMarketingAndSearchKeepTheNewestValues) {
  Fold(AttributeType::kMrktInfo, R"({"type":"mrktInfo","info":{"channel":1,"affiliate":"Yahoo","campaignId":"US"}})");
  Fold(AttributeType::kMrktInfo, R"({"type":"mrktInfo","info":{"channel":4}})");
  EXPECT_EQ(state.marketing_channel, 4);
  EXPECT_EQ(state.marketing_affiliate, "Yahoo");
  EXPECT_EQ(state.marketing_campaign, "US");
  Fold(AttributeType::kSearchInfo, R"({"type":"searchInfo","keywords":["a","b"]})");
  Fold(AttributeType::kSearchInfo, R"({"type":"searchInfo","keywords":["c"]})");
  EXPECT_THAT(state.keywords, ElementsAre("c"));
}

TEST_F(Attributes, OfServicesAreKeptByTopic) {
  Fold(AttributeType::kService, R"({"type":"service","service":{"topic":"Loan","status":1}})");
  Fold(AttributeType::kService, R"({"type":"service","service":{"topic":"card","status":3}})");
  Fold(AttributeType::kService, R"({"type":"service","service":{"topic":"LOAN","status":0}})");
  Fold(AttributeType::kService, R"({"type":"service","service":{"status":9}})");
  EXPECT_THAT(state.service_status, ElementsAre(Pair("card", 3), Pair("loan", 0)));
}

TEST_F(Attributes, OfErrorsAreTakenBackByALaterResolvedOne) {
  Fold(AttributeType::kError, R"({"type":"error","error":{"contextId":"pay","message":"Card refused","code":"E1"}})");
  Fold(AttributeType::kError, R"({"type":"error","error":{"contextId":"pay","message":"Card refused","code":"E2"}})");
  Fold(AttributeType::kError, R"({"type":"error","error":{"contextId":"pay","code":"E1","resolved":true}})");
  Fold(AttributeType::kError, R"({"type":"error","error":{"contextId":"pay","message":"again","code":"E1"}})");
  EXPECT_THAT(state.errors,
              ElementsAre(SessionError{"Card refused", "E1", "pay", true},
                          SessionError{"Card refused", "E2", "pay", false}, SessionError{"again", "E1", "pay", false}));
}

TEST_F(Attributes, ThatConditionsDoNotAskForChangeNothing) {
  Fold(AttributeType::kPurchase, R"({"type":"purchase","total":"5"})");
  Fold(AttributeType::kLead, R"({"type":"lead","lead":{"value":"5"}})");
  Fold(AttributeType::kCart, "not JSON");
  EXPECT_EQ(state, AttributeState{});
}

}  // namespace
}  // namespace monitor
