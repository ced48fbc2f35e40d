// What a session's attributes amount to: merged field by field, the newest value wins, arrays as a whole (campaigns.md
// section 2). Only what conditions ask for. Pure; not thread-safe, as the session that it is part of.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/events/event.h"
#include "domain/values/decimal.h"

namespace monitor {

struct CartState {
  std::optional<Decimal> total;
  std::optional<Decimal> previous_total;  // of the cart before the newest
  std::optional<std::int64_t> num_items;

  bool operator==(const CartState&) const = default;
};

struct Product {
  std::string name, category, sku;
  std::optional<Decimal> price;

  bool operator==(const Product&) const = default;
};

struct CalendarDate {
  std::optional<std::int64_t> year, month, day;

  bool operator==(const CalendarDate&) const = default;
};

struct SessionError {
  std::string message, code, context_id;
  bool resolved = false;  // a later resolved one of the same contextId and code took it back

  bool operator==(const SessionError&) const = default;
};

// An error whose texts were forgotten (session_texts.h): that it fits one of the library's visitorError conditions.
struct FittingError {
  std::uint64_t key;   // of its contextId and code, by which it can still be taken back
  std::uint32_t rule;  // VisitorError::number

  bool operator==(const FittingError&) const = default;
};

// Absent = unknown.
struct AttributeState {
  CartState cart;
  std::vector<Product> cart_products;
  std::vector<Product> viewed_products;  // of the newest prodView
  std::vector<std::string> keywords;     // of the newest searchInfo
  std::optional<std::int64_t> marketing_channel;
  std::optional<std::string> marketing_affiliate, marketing_campaign;
  std::optional<std::string> ctype, cstatus, customer_id, role, store_zip_code, store_number;
  std::optional<Decimal> balance;
  std::optional<std::int64_t> company_size;
  CalendarDate registration, last_payment, birth;
  std::optional<std::int64_t> age;
  std::optional<std::string> gender;                   // MALE, FEMALE, OTHER
  std::map<std::string, std::int64_t> service_status;  // newest by topic, folded as by FoldCase
  // In order; resolved ones are no errors themselves and are not listed.
  std::vector<SessionError> errors;          // those not yet forgotten
  std::vector<FittingError> fitting_errors;  // those before them

  bool operator==(const AttributeState&) const = default;
};

// By which a resolved error takes back an earlier one.
std::uint64_t KeyOf(const SessionError& error);

// Merges one validated attribute into the state. Silent on what it does not know.
void FoldAttribute(AttributeState& state, const Attribute& attribute);

}  // namespace monitor
