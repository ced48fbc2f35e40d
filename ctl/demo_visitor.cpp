#include "ctl/demo_visitor.h"

#include <array>

namespace monitor::ctl {
namespace {

struct Device {
  const char *family, *os, *user_agent;
};
constexpr std::array kDevices = {
    Device{"DESKTOP", "WINDOWS",
           "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 "
           "Safari/537.36"},
    Device{"DESKTOP", "MAC_OSX",
           "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 "
           "Safari/605.1.15"},
    Device{"MOBILE", "IOS",
           "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
           "Version/17.6 Mobile/15E148 Safari/604.1"},
    Device{"MOBILE", "ANDROID",
           "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile "
           "Safari/537.36"},
    Device{"TABLET", "IOS",
           "Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 "
           "Safari/604.1"},
};
constexpr std::array kLanguages = {"en-US", "de-DE", "fr-FR", "es-ES"};
struct Product {
  const char *name, *category, *sku, *price;
};
constexpr std::array kProducts = {
    Product{"Trail boots", "boots", "TB-1", "139.90"}, Product{"Head lamp", "lighting", "HL-7", "49"},
    Product{"Rain jacket", "jackets", "RJ-3", "129.5"}, Product{"Travel bag", "luggage", "TB-2", "210"}};
struct Place {
  const char *url, *section;
};
// Places that the sample account's locations know.
constexpr std::array kPlaces = {Place{"https://shop.example/", "sec://shop"},
                                Place{"https://shop.example/product/trail-boots", "sec://product"},
                                Place{"https://shop.example/product/rain-jacket", "sec://product"},
                                Place{"https://shop.example/cart", "sec://cart"},
                                Place{"https://shop.example/checkout/delivery", "sec://delivery"},
                                Place{"https://shop.example/checkout/payment", "sec://payment"},
                                Place{"https://shop.example/help/returns", "sec://help"}};
constexpr std::array kReferrers = {"https://www.google.com/search?q=trail+boots", "https://news.example/gifts", ""};

std::string Text(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value ? std::string(value->text()) : std::string();
}

}  // namespace

DemoVisitor::DemoVisitor(const DemoTarget& target, HttpClient& client, DemoTotals& totals, std::uint64_t seed,
                         std::string visitor_id)
    : target_(target), client_(client), totals_(totals), random_(seed), visitor_id_(std::move(visitor_id)) {
  device_ = Pick(kDevices.size());
  language_ = Pick(kLanguages.size());
  product_ = Pick(kProducts.size());
  if (Chance(0.3)) consumer_id_ = "customer-" + std::to_string(random_() % 100'000);
}

std::string DemoVisitor::Play() {
  const std::size_t pages = 1 + Pick(4);
  for (std::size_t i = 0; i < pages; ++i) {
    if (!ViewPage(i == 0 ? 0 : Pick(kPlaces.size())) || !React()) return error_;
    if (Chance(0.12)) return "";  // leaves without a word
    if (Chance(0.4) && !Shop()) return error_;
  }
  return "";
}

// The body of a request of this visitor, with the attributes that `write_attributes` writes.
template <class Write>
std::string DemoVisitor::Body(Write write_attributes) {
  std::string body;
  json::Writer writer(body);
  writer.BeginObject();
  if (!consumer_id_.empty()) writer.Key("consumerId").String(consumer_id_);
  writer.Key("clientProperties").BeginObject().Key("deviceFamily").String(kDevices[device_].family);
  writer.Key("os").String(kDevices[device_].os).Key("appVersion").String("demo").EndObject();
  if (!page_id_.empty()) writer.Key("pageId").String(page_id_);
  if (!entry_points_.empty()) {
    writer.Key("entryPoints").BeginArray();
    for (const std::string& point : entry_points_) writer.String(point);
    writer.EndArray();
  }
  writer.Key("engagementAttributes").BeginArray();
  write_attributes(writer);
  writer.EndArray().EndObject();
  return body;
}

bool DemoVisitor::Call(const char* method, const char* resource, const std::string& body) {
  HttpRequest request{.method = method};
  request.url = target_.url + "/api/account/" + PercentEncode(target_.account) + "/app/" + PercentEncode(target_.app) +
                "/" + resource + "?v=1.1";
  if (!visitor_id_.empty()) request.url += "&vid=" + visitor_id_;
  if (!session_id_.empty()) request.url += "&sid=" + session_id_;
  request.headers = {"Content-Type: application/json", std::string("User-Agent: ") + kDevices[device_].user_agent};
  request.body = body;
  request.ca_file = target_.ca_file;
  request.proxy_protocol = target_.proxy_protocol;
  ++totals_.requests;
  auto answer = client_.Send(request);
  auto document = answer ? json::Document::Parse(answer->body) : std::unexpected(json::ParseError{});
  if (!answer || (answer->status != 200 && answer->status != 201) || !document) {
    ++totals_.errors;
    error_ = answer ? std::string(resource) + ": status " + std::to_string(answer->status) + " " + answer->body
                    : answer.error();
    return false;
  }
  if (answer->status == 201) ++totals_.sessions;
  visitor_id_ = Text(document->root(), "visitorId");
  session_id_ = Text(document->root(), "sessionId");
  page_id_ = Text(document->root(), "pageId");
  TakeOffers(document->root());
  return true;
}

void DemoVisitor::TakeOffers(const json::Value& answer) {
  const json::Value* details = answer.Find("engagementDetails");
  if (!details) return;
  offers_.clear();
  for (const json::Value& one : details->items()) {
    if (Text(one, "status") != "expose") continue;
    offers_.push_back(
        {Text(one, "campaignId"), Text(one, "engagementId"), Text(one, "engagementRevision"), Text(one, "contextId")});
  }
  totals_.offers += offers_.size();
}

bool DemoVisitor::ViewPage(std::size_t page) {
  page_id_.clear();
  offers_.clear();
  entry_points_ = {kPlaces[page].url, kPlaces[page].section, std::string("lang://") + kLanguages[language_]};
  if (session_id_.empty()) {
    const char* referrer = kReferrers[Pick(kReferrers.size())];
    if (*referrer) entry_points_.push_back(std::string("ref://") + referrer);
  }
  const bool searched = Chance(0.15);
  return Call("POST", "engagement", Body([&](json::Writer& writer) {
                if (!searched) return;
                writer.BeginObject().Key("type").String("searchInfo").Key("keywords").BeginArray();
                writer.String(kProducts[product_].name).EndArray().EndObject();
              }));
}

bool DemoVisitor::Report(const char* impression, const Offer& offer) {
  return Call("PUT", "report", Body([&](json::Writer& writer) {
                writer.BeginObject().Key("type").String(impression).Key("campaign").Raw(offer.campaign);
                writer.Key("engId").Raw(offer.engagement).Key("revision").Raw(offer.revision);
                writer.Key("eContext").BeginArray().BeginObject().Key("type").String("engagementContext");
                writer.Key("id").String(offer.context).EndObject().EndArray().EndObject();
              }));
}

// Most offers are seen; some are clicked, some closed.
bool DemoVisitor::React() {
  for (const Offer& offer : std::vector<Offer>(offers_)) {
    if (!Chance(0.85)) continue;
    if (!Report("impDisplay", offer)) return false;
    ++totals_.displays;
    if (Chance(0.2)) {
      if (!Report("impAccept", offer)) return false;
      ++totals_.clicks;
    } else if (Chance(0.1)) {
      if (!Report("impClose", offer)) return false;
      ++totals_.closes;
    }
  }
  return true;
}

// A product is looked at, put into the cart, and sometimes bought; some ask to be called.
bool DemoVisitor::Shop() {
  const Product& product = kProducts[product_];
  auto write_product = [&](json::Writer& writer) {
    writer.Key("product").BeginObject().Key("name").String(product.name).Key("category").String(product.category);
    writer.Key("sku").String(product.sku).Key("price").Raw(product.price).EndObject();
  };
  auto write_lines = [&](json::Writer& writer) {
    writer.Key("products").BeginArray().BeginObject();
    write_product(writer);
    writer.Key("quantity").Int(1).EndObject().EndArray();
  };
  if (!Call("PUT", "report", Body([&](json::Writer& writer) {
              writer.BeginObject().Key("type").String("prodView").Key("currency").String("EUR");
              writer.Key("products").BeginArray().BeginObject();
              write_product(writer);
              writer.EndObject().EndArray().EndObject();
              writer.BeginObject().Key("type").String("cart").Key("total").Raw(product.price);
              writer.Key("currency").String("EUR").Key("numItems").Int(1);
              write_lines(writer);
              writer.EndObject();
            }))) {
    return false;
  }
  const std::uint64_t number = random_() % 1'000'000'000;
  if (Chance(0.3)) {
    ++totals_.purchases;
    return Call("PUT", "report", Body([&](json::Writer& writer) {
                  writer.BeginObject().Key("type").String("purchase").Key("total").Raw(product.price);
                  writer.Key("currency").String("EUR").Key("orderId").String("D-" + std::to_string(number));
                  writer.Key("cart").BeginObject();
                  write_lines(writer);
                  writer.EndObject().EndObject();
                }));
  }
  if (!Chance(0.15)) return true;
  ++totals_.leads;
  return Call("PUT", "report", Body([&](json::Writer& writer) {
                writer.BeginObject().Key("type").String("lead").Key("lead").BeginObject();
                writer.Key("topic").String(product.category).Key("value").Int(20).Key("currency").String("EUR");
                writer.Key("leadId").String("L-" + std::to_string(number)).EndObject().EndObject();
              }));
}

}  // namespace monitor::ctl
