#include "domain/values/currency.h"

#include <algorithm>
#include <array>
#include <ranges>

namespace monitor {
namespace {

// iso_4217.json of Debian's iso-codes 4.15.0 (2023-02) and what ISO added since (ZWG, XCG, XAD; as of 2025). What ISO
// withdrew after 2020 stays, as old events name it. kNoCurrency needs no entry. Sorted; four characters each.
constexpr std::string_view kCodes =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
    "GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP "
    "LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN "
    "PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS "
    "TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XBA XBB XBC XBD "
    "XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA YER ZAR ZMW ZWG ZWL ";
constexpr std::size_t kWidth = 4;
constexpr auto kIndexes = std::views::iota(std::size_t{0}, kCodes.size() / kWidth);

constexpr std::string_view CodeAt(std::size_t index) { return kCodes.substr(index * kWidth, kWidth - 1); }
static_assert(kCodes.size() % kWidth == 0 && std::ranges::is_sorted(kIndexes, {}, CodeAt));

}  // namespace

std::string_view CurrencyCode(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\v\f\r";
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  text = text.substr(0, text.find_last_not_of(kSpace) + 1);
  std::array<char, kWidth - 1> capitals{};
  if (text.size() != capitals.size()) return kNoCurrency;
  std::ranges::transform(text, capitals.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  const std::string_view code(capitals.data(), capitals.size());
  const auto found = std::ranges::lower_bound(kIndexes, code, {}, CodeAt);
  return found != kIndexes.end() && CodeAt(*found) == code ? CodeAt(*found) : kNoCurrency;
}

}  // namespace monitor
