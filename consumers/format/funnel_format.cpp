#include "consumers/format/funnel_format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include "domain/values/enumerators.h"
#include "domain/values/json.h"

namespace monitor {
namespace {

using funnel::Breakdown;
using funnel::Row;

struct CountColumn {
  std::string_view name;
  std::uint64_t Row::* count;
};
constexpr std::array<CountColumn, 16> kCounts = {{{"prospects", &Row::prospects},
                                                  {"controlGroup", &Row::control_group},
                                                  {"exposed", &Row::exposed},
                                                  {"exposures", &Row::exposures},
                                                  {"engagementViews", &Row::engagement_views},
                                                  {"acceptedOffers", &Row::accepted_offers},
                                                  {"acceptedSessions", &Row::accepted_sessions},
                                                  {"acceptedPairs", &Row::accepted_pairs},
                                                  {"acceptedWithoutDisplay", &Row::accepted_without_display},
                                                  {"expanded", &Row::expanded},
                                                  {"timedOut", &Row::timed_out},
                                                  {"closed", &Row::closed},
                                                  {"interactions", &Row::interactions},
                                                  {"conversions", &Row::conversions},
                                                  {"convertedSessions", &Row::converted_sessions},
                                                  {"late", &Row::late}}};
static_assert(kCounts.back().count != nullptr);

struct RateColumn {
  std::string_view name;
  std::uint64_t Row::* numerator;
  std::uint64_t Row::* denominator;
};
constexpr std::array<RateColumn, 5> kRates = {{{"acceptRate", &Row::accepted_pairs, &Row::exposures},
                                               {"exposureRate", &Row::exposed, &Row::prospects},
                                               {"averageExposures", &Row::exposures, &Row::exposed},
                                               {"interactionRate", &Row::interactions, &Row::exposed},
                                               {"conversionRate", &Row::converted_sessions, &Row::exposed}}};

struct TimesColumn {
  std::string_view name;
  DurationHistogram Row::* times;
};
constexpr std::array<TimesColumn, 3> kTimes = {{{"displayToAcceptMs", &Row::display_to_accept},
                                                {"acceptToConversationMs", &Row::accept_to_conversation},
                                                {"displayToConversionMs", &Row::display_to_conversion}}};
// A number of a row has a column, but for the two of the lift.
static_assert(sizeof(Row) == sizeof(Row::key) + sizeof(Row::value) + (kCounts.size() + 2) * sizeof(std::uint64_t) +
                                 kTimes.size() * sizeof(DurationHistogram));

constexpr std::array<std::pair<std::string_view, int>, 3> kPercentiles = {{{"p50", 50}, {"p90", 90}, {"p99", 99}}};

std::string_view NameOf(Breakdown breakdown) {
  constexpr std::array<std::string_view, 8> kNames = {"appInstallationId",  "campaignId", "engagementId",
                                                      "engagementRevision", "zone",       "channel",
                                                      "deviceFamily",       "language"};
  static_assert(kNames.size() == kEnumerators<Breakdown> && !kNames.back().empty());
  return kNames[static_cast<std::size_t>(breakdown)];
}

bool ByCampaign(const funnel::Query& query) {
  return std::ranges::find(query.by, Breakdown::kCampaign) != query.by.end();
}

std::optional<funnel::Interval> LiftIn(const funnel::Query& query, const Row& row) {
  return ByCampaign(query) ? funnel::LiftOf(row) : std::nullopt;
}

// A value with its name, for either format: JSON members or CSV cells.
class JsonRow {
 public:
  explicit JsonRow(json::Writer& writer) : writer_(writer) {}
  void Int(std::string_view name, std::int64_t value) { writer_.Key(name).Int(value); }
  void Text(std::string_view name, std::string_view value) { writer_.Key(name).String(value); }
  void Null(std::string_view name) { writer_.Key(name).Null(); }

 private:
  json::Writer& writer_;
};

bool IsNumber(std::string_view text) {
  if (text.find_first_not_of("0123456789+-.eE") != text.npos) return false;  // "inf", "nan"
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// The cells of one line, or of the header.
class CsvLine {
 public:
  explicit CsvLine(std::string& out) : out_(out) {}
  ~CsvLine() { out_ += "\r\n"; }
  CsvLine(const CsvLine&) = delete;
  CsvLine& operator=(const CsvLine&) = delete;

  void Cell(std::string_view text) {
    if (!std::exchange(first_, false)) out_ += ',';
    if (text.find_first_of(",\"\r\n") == text.npos) {
      out_ += text;
      return;
    }
    out_ += '"';
    for (char c : text) out_.append(c == '"' ? 2 : 1, c);
    out_ += '"';
  }
  void Number(double value) {
    std::string text;
    json::Writer(text).Double(value);
    Cell(text);
  }
  void Int(std::string_view, std::int64_t value) { Cell(std::to_string(value)); }
  // Documents choose these words; a spreadsheet must not take one for a formula (interfaces.md section 3).
  void Text(std::string_view, std::string_view value) {
    if (value.empty() || std::string_view("=+-@\t\r").find(value.front()) == std::string_view::npos ||
        IsNumber(value)) {
      return Cell(value);
    }
    Cell("'" + std::string(value));
  }
  void Null(std::string_view) { Cell(""); }

 private:
  std::string& out_;
  bool first_ = true;
};

template <class Output>
void WriteTextOrNull(Output& output, std::string_view name, std::string_view text) {
  text.empty() ? output.Null(name) : output.Text(name, text);
}

template <class Output>
void WriteKeyField(Output& output, Breakdown breakdown, const funnel::RowKey& key) {
  const std::string_view name = NameOf(breakdown);
  switch (breakdown) {
    case Breakdown::kApp:
      return WriteTextOrNull(output, name, key.app_installation);
    case Breakdown::kCampaign:
      return output.Int(name, key.campaign_id);
    case Breakdown::kEngagement:
      return output.Int(name, key.engagement_id);
    case Breakdown::kRevision:
      return output.Int(name, key.engagement_revision);
    case Breakdown::kZone:
      return output.Text(name, ToText(key.zone));
    case Breakdown::kChannel:
      return output.Text(name, ToText(key.channel));
    case Breakdown::kDevice:
      return WriteTextOrNull(output, name, key.device ? ToText(*key.device) : std::string_view());
    case Breakdown::kLanguage:
      return WriteTextOrNull(output, name, key.language);
  }
}

template <class Output>
void WriteKey(Output& output, const funnel::Query& query, const funnel::RowKey& key) {
  for (Breakdown breakdown : query.by) WriteKeyField(output, breakdown, key);
  key.window_start ? output.Int("windowStart", ToUnixMs(*key.window_start)) : output.Null("windowStart");
}

void WriteOptional(json::Writer& writer, std::string_view name, std::optional<double> value) {
  writer.Key(name);
  value ? writer.Double(*value) : writer.Null();
}

void WriteLift(json::Writer& writer, const std::optional<funnel::Interval>& lift) {
  writer.Key("lift");
  if (!lift) {
    writer.Null();
    return;
  }
  writer.BeginObject().Key("value").Double(lift->value).Key("low").Double(lift->low);
  writer.Key("high").Double(lift->high).EndObject();
}

void WriteTimes(json::Writer& writer, std::string_view name, const DurationHistogram& times) {
  writer.Key(name);
  if (times.count() == 0) {
    writer.Null();
    return;
  }
  writer.BeginObject();
  for (const auto& [percentile, percent] : kPercentiles) writer.Key(percentile).Int(*times.Percentile(percent));
  writer.EndObject();
}

void WriteRow(json::Writer& writer, const funnel::Query& query, const Row& row) {
  writer.BeginObject();
  JsonRow members(writer);
  WriteKey(members, query, row.key);
  for (const CountColumn& column : kCounts) writer.Key(column.name).UInt(row.*column.count);
  writer.Key("value").BeginObject();
  for (const auto& [currency, amount] : row.value) writer.Key(currency).String(amount.ToString());
  writer.EndObject();
  for (const RateColumn& rate : kRates) {
    WriteOptional(writer, rate.name, funnel::Rate(row.*rate.numerator, row.*rate.denominator));
  }
  WriteLift(writer, LiftIn(query, row));
  for (const TimesColumn& column : kTimes) WriteTimes(writer, column.name, row.*column.times);
  writer.EndObject();
}

std::set<std::string> Currencies(const std::vector<Row>& rows) {
  std::set<std::string> currencies;
  for (const Row& row : rows) {
    for (const auto& [currency, amount] : row.value) currencies.insert(currency);
  }
  return currencies;
}

void WriteHeader(std::string& out, const funnel::Query& query, const std::set<std::string>& currencies) {
  CsvLine line(out);
  for (Breakdown breakdown : query.by) line.Cell(NameOf(breakdown));
  line.Cell("windowStart");
  for (const CountColumn& column : kCounts) line.Cell(column.name);
  for (const std::string& currency : currencies) line.Cell("value." + currency);
  for (const RateColumn& rate : kRates) line.Cell(rate.name);
  for (std::string_view part : {"lift.value", "lift.low", "lift.high"}) line.Cell(part);
  for (const TimesColumn& column : kTimes) {
    for (const auto& [percentile, percent] : kPercentiles) {
      line.Cell(std::string(column.name) + "." + std::string(percentile));
    }
  }
}

void WriteLine(std::string& out, const funnel::Query& query, const Row& row, const std::set<std::string>& currencies) {
  CsvLine line(out);
  const auto optional = [&](std::optional<double> value) { value ? line.Number(*value) : line.Cell(""); };
  WriteKey(line, query, row.key);
  for (const CountColumn& column : kCounts) line.Cell(std::to_string(row.*column.count));
  for (const std::string& currency : currencies) {
    const auto amount = row.value.find(currency);
    line.Cell(amount == row.value.end() ? std::string() : amount->second.ToString());
  }
  for (const RateColumn& rate : kRates) optional(funnel::Rate(row.*rate.numerator, row.*rate.denominator));
  const auto lift = LiftIn(query, row);
  optional(lift ? std::optional(lift->value) : std::nullopt);
  optional(lift ? std::optional(lift->low) : std::nullopt);
  optional(lift ? std::optional(lift->high) : std::nullopt);
  for (const TimesColumn& column : kTimes) {
    for (const auto& [percentile, percent] : kPercentiles) {
      const auto value = (row.*column.times).Percentile(percent);
      line.Cell(value ? std::to_string(*value) : std::string());
    }
  }
}

std::string_view NameOf(funnel::Window window) {
  constexpr std::array<std::string_view, 3> kNames = {"hour", "day", "all"};
  static_assert(kNames.size() == kEnumerators<funnel::Window> && !kNames.back().empty());
  return kNames[static_cast<std::size_t>(window)];
}

// Writes row by row into `out`; false if a bound ended it.
template <class Write>
bool WriteAll(const std::vector<Row>& rows, const AnswerBounds& bounds, const std::string& out, Write write) {
  constexpr std::size_t kRowsBetweenLooks = 64;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i % kRowsBetweenLooks == 0 && bounds.abandoned()) return false;
    write(rows[i]);
    if (out.size() > bounds.max_bytes) return false;
  }
  return true;
}

std::optional<double> AsNumber(std::optional<std::int64_t> value) {
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

// A cell of the row; the outer nullopt: it has none of that name with numbers in it.
std::optional<std::optional<double>> NumberOf(const funnel::Query& query, const Row& row, std::string_view column) {
  for (const CountColumn& count : kCounts) {
    if (count.name == column) return static_cast<double>(row.*count.count);
  }
  for (const RateColumn& rate : kRates) {
    if (rate.name == column) return funnel::Rate(row.*rate.numerator, row.*rate.denominator);
  }
  for (const TimesColumn& times : kTimes) {
    for (const auto& [percentile, percent] : kPercentiles) {
      const bool named = column == std::string(times.name) + "." + std::string(percentile);
      if (named || (column == times.name && percent == 50)) return AsNumber((row.*times.times).Percentile(percent));
    }
  }
  if (const auto currency = column.substr(std::min(column.find('.'), column.size())); column.starts_with("value.")) {
    const auto amount = row.value.find(std::string(currency.substr(1)));
    return amount == row.value.end() ? std::nullopt : std::optional(std::stod(amount->second.ToString()));
  }
  if (ByCampaign(query) && column.starts_with("lift")) {
    const auto lift = LiftIn(query, row);
    if (column == "lift" || column == "lift.value") return lift ? std::optional(lift->value) : std::nullopt;
    if (column == "lift.low") return lift ? std::optional(lift->low) : std::nullopt;
    if (column == "lift.high") return lift ? std::optional(lift->high) : std::nullopt;
  }
  if (column == "windowStart") {
    return AsNumber(row.key.window_start ? std::optional(ToUnixMs(*row.key.window_start)) : std::nullopt);
  }
  for (const Breakdown breakdown : query.by) {
    if (NameOf(breakdown) != column) continue;
    if (breakdown == Breakdown::kCampaign) return AsNumber(row.key.campaign_id);
    if (breakdown == Breakdown::kEngagement) return AsNumber(row.key.engagement_id);
    if (breakdown == Breakdown::kRevision) return AsNumber(row.key.engagement_revision);
  }
  return std::nullopt;
}

void WritePositions(json::Writer& writer, const Positions& positions) {
  writer.BeginObject();
  for (const auto& [origin, seq] : positions) writer.Key(origin).String(std::to_string(seq));
  writer.EndObject();
}

}  // namespace

std::optional<std::string> FunnelJson(const AccountId& account, const funnel::Query& query, const FunnelReport& report,
                                      const std::vector<int>& missing, const AnswerBounds& bounds,
                                      const std::optional<std::string>& next) {
  std::string out;
  json::Writer writer(out);
  writer.BeginObject().Key("account").String(account.str()).Key("window").String(NameOf(query.window));
  writer.Key("count").String(query.counting == funnel::kNet ? "net" : "gross").Key("asOf");
  WritePositions(writer, report.as_of);
  if (!missing.empty()) {
    writer.Key("missing").Raw(PartitionsJson(missing));
  }
  writer.Key("rows").BeginArray();
  if (!WriteAll(report.rows, bounds, out, [&](const Row& row) { WriteRow(writer, query, row); })) return std::nullopt;
  writer.EndArray();
  if (next) writer.Key("next").String(*next);
  writer.EndObject();
  return out;
}

void AppendRowJson(const funnel::Query& query, const Row& row, std::string& out) {
  json::Writer writer(out);
  WriteRow(writer, query, row);
}

bool HasNumbers(const funnel::Query& query, std::string_view column) {
  constexpr std::string_view kValue = "value.";
  if (column.starts_with(kValue)) return column.size() == kValue.size() + 3;
  return NumberOf(query, Row{}, column).has_value();
}

std::optional<double> NumberIn(const funnel::Query& query, const Row& row, std::string_view column) {
  return NumberOf(query, row, column).value_or(std::nullopt);
}

std::optional<std::string> FunnelCsv(const funnel::Query& query, const FunnelReport& report,
                                     const AnswerBounds& bounds) {
  std::string out;
  const std::set<std::string> currencies = Currencies(report.rows);
  WriteHeader(out, query, currencies);
  const bool whole =
      WriteAll(report.rows, bounds, out, [&](const Row& row) { WriteLine(out, query, row, currencies); });
  return whole ? std::optional(std::move(out)) : std::nullopt;
}

std::string PartitionsJson(const std::vector<int>& partitions) {
  std::string out;
  json::Writer writer(out);
  writer.BeginArray();
  for (int partition : partitions) writer.Int(partition);
  writer.EndArray();
  return out;
}

std::string PositionsJson(const Positions& positions) {
  std::string out;
  json::Writer writer(out);
  WritePositions(writer, positions);
  return out;
}

}  // namespace monitor
