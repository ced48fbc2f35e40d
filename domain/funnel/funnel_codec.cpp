#include "domain/funnel/funnel_codec.h"

#include "domain/values/enumerators.h"

namespace monitor::funnel {
namespace {

// The last of each is what Decoder::Enum is given.
static_assert(static_cast<std::size_t>(Zone::kEmbedded) + 1 == kEnumerators<Zone>);
static_assert(static_cast<std::size_t>(Channel::kContent) + 1 == kEnumerators<Channel>);
static_assert(static_cast<std::size_t>(ImpressionKind::kClose) + 1 == kEnumerators<ImpressionKind>);
static_assert(static_cast<std::size_t>(Attribution::kFirst) + 1 == kEnumerators<Attribution>);

enum class Tag : std::uint8_t { kEligible = 1, kImpression, kConversation, kGoalsReached, kConversion };

class Encoder {
 public:
  void Number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
    bytes_.push_back(static_cast<char>(value));
  }
  void Signed(std::int64_t value) {
    Number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void Text(std::string_view text) {
    Number(text.size());
    bytes_.append(text);
  }
  // An optional enumeration or small number: 0 is absent.
  template <class T>
  void Optional(const std::optional<T>& value) {
    Number(value ? static_cast<std::uint64_t>(*value) + 1 : 0);
  }
  void Time(const std::optional<TimeMs>& time) {
    Number(time.has_value());
    if (time) Signed(ToUnixMs(*time));
  }
  void Dims(const Dimensions& dimensions) {
    const Entry& entry = dimensions.entry;
    Text(dimensions.app_installation);
    Signed(entry.campaign_id);
    Signed(entry.engagement_id);
    Signed(entry.engagement_revision);
    Number(static_cast<std::uint64_t>(entry.zone));
    Number(static_cast<std::uint64_t>(entry.channel));
    Text(entry.language);
  }

  void Fact(const Eligible& fact) {
    Number(static_cast<std::uint64_t>(Tag::kEligible));
    Dims(fact.dimensions);
    Number(fact.withheld);
  }
  void Fact(const Impression& fact) {
    Number(static_cast<std::uint64_t>(Tag::kImpression));
    Dims(fact.dimensions);
    Number(static_cast<std::uint64_t>(fact.kind));
    Number(fact.context_id);
    Number((fact.repeat ? 1 : 0) | (fact.late ? 2 : 0));
  }
  void Fact(const Conversation& fact) {
    Number(static_cast<std::uint64_t>(Tag::kConversation));
    Dims(fact.dimensions);
    Text(fact.conversation_id);
    Optional(fact.context_id);
  }
  void Fact(const GoalsReached& fact) {
    Number(static_cast<std::uint64_t>(Tag::kGoalsReached));
    Number(fact.campaign_ids.size());
    for (std::int64_t id : fact.campaign_ids) Signed(id);
    Number(fact.repeat);
  }
  void Fact(const Conversion& fact) {
    Number(static_cast<std::uint64_t>(Tag::kConversion));
    Number(fact.counting);
    Dims(fact.dimensions);
    Optional(fact.device);
    Number(fact.display_to_conversion_ms.has_value());
    if (fact.display_to_conversion_ms) Signed(*fact.display_to_conversion_ms);
    Text(fact.value ? fact.value->ToString() : "");
    Text(fact.currency);
  }

  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what Encoder wrote. After the first fault everything reads as zero and `ok` stays false.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool done() const { return ok_ && bytes_.empty(); }

  std::uint64_t Number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  std::int64_t Signed() {
    const std::uint64_t value = Number();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  std::string Text() {
    const std::uint64_t size = Number();
    if (size > bytes_.size()) {
      ok_ = false;
      return {};
    }
    std::string text(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return text;
  }
  // An enumeration whose greatest value is `last`.
  template <class T>
  T Enum(T last) {
    const std::uint64_t value = Number();
    if (value > static_cast<std::uint64_t>(last)) ok_ = false;
    return ok_ ? static_cast<T>(value) : T{};
  }
  std::optional<DeviceFamily> Device() {
    const std::uint64_t value = Number();
    if (value > static_cast<std::uint64_t>(DeviceFamily::kMobile) + 1) ok_ = false;
    if (!ok_ || value == 0) return std::nullopt;
    return static_cast<DeviceFamily>(value - 1);
  }
  std::optional<TimeMs> Time() {
    if (Number() == 0) return std::nullopt;
    return FromUnixMs(Signed());
  }
  Dimensions Dims() {
    Dimensions dimensions;
    Entry& entry = dimensions.entry;
    dimensions.app_installation = Text();
    entry.campaign_id = Signed();
    entry.engagement_id = Signed();
    entry.engagement_revision = Signed();
    entry.zone = Enum(Zone::kEmbedded);
    entry.channel = Enum(Channel::kContent);
    entry.language = Text();
    return dimensions;
  }

  std::optional<Fact> OneFact() {
    switch (static_cast<Tag>(Number())) {
      case Tag::kEligible: {
        Eligible fact{.dimensions = Dims()};
        fact.withheld = Number() != 0;
        return fact;
      }
      case Tag::kImpression:
        return OneImpression();
      case Tag::kConversation: {
        Conversation fact{.dimensions = Dims(), .conversation_id = Text(), .context_id = std::nullopt};
        if (const std::uint64_t context = Number()) fact.context_id = static_cast<std::uint32_t>(context - 1);
        return fact;
      }
      case Tag::kGoalsReached: {
        GoalsReached fact;
        for (std::uint64_t left = Number(); left > 0 && ok_; --left) fact.campaign_ids.push_back(Signed());
        fact.repeat = Number() != 0;
        return fact;
      }
      case Tag::kConversion:
        return OneConversion();
    }
    return std::nullopt;
  }

 private:
  Impression OneImpression() {
    Impression fact{.dimensions = Dims()};
    fact.kind = Enum(ImpressionKind::kClose);
    fact.context_id = static_cast<std::uint32_t>(Number());
    const std::uint64_t flags = Number();
    fact.repeat = (flags & 1) != 0;
    fact.late = (flags & 2) != 0;
    return fact;
  }

  Conversion OneConversion() {
    Conversion fact;
    fact.counting = static_cast<Counting>(Number());
    fact.dimensions = Dims();
    fact.device = Device();
    if (Number() != 0) fact.display_to_conversion_ms = Signed();
    if (const std::string value = Text(); !value.empty()) {
      fact.value = Decimal::Parse(value);
      if (!fact.value) ok_ = false;
    }
    fact.currency = Text();
    return fact;
  }

  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace

std::string EncodeVisitorTally(const VisitorTally& state) {
  Encoder encoder;
  encoder.Number(state.events);
  encoder.Signed(ToUnixMs(state.latest));
  encoder.Number(state.displays);
  return encoder.Take();
}

std::optional<VisitorTally> DecodeVisitorTally(std::string_view bytes) {
  Decoder decoder(bytes);
  VisitorTally state{.events = decoder.Number()};
  state.latest = FromUnixMs(decoder.Signed());
  state.displays = decoder.Number() != 0;
  if (!decoder.done()) return std::nullopt;
  return state;
}

std::string EncodeSessionTraits(const SessionTraits& traits) {
  Encoder encoder;
  encoder.Optional(traits.device);
  encoder.Number(traits.bot);
  encoder.Text(traits.time_zone);
  encoder.Text(traits.currency);
  encoder.Number(static_cast<std::uint64_t>(traits.attribution));
  encoder.Signed(traits.attribution_period_days);
  encoder.Signed(traits.max_age_s);
  return encoder.Take();
}

std::optional<SessionTraits> DecodeSessionTraits(std::string_view bytes) {
  Decoder decoder(bytes);
  SessionTraits traits{.device = decoder.Device()};
  traits.bot = decoder.Number() != 0;
  traits.time_zone = decoder.Text();
  traits.currency = decoder.Text();
  traits.attribution = decoder.Enum(Attribution::kFirst);
  traits.attribution_period_days = static_cast<int>(decoder.Signed());
  traits.max_age_s = decoder.Signed();
  if (!decoder.done()) return std::nullopt;
  return traits;
}

std::string EncodeFacts(const EventFacts& facts) {
  Encoder encoder;
  encoder.Signed(ToUnixMs(facts.time));
  for (const Fact& fact : facts.facts) std::visit([&](const auto& one) { encoder.Fact(one); }, fact);
  return encoder.Take();
}

std::optional<EventFacts> DecodeFacts(std::uint64_t ordinal, std::string_view bytes) {
  Decoder decoder(bytes);
  EventFacts facts{.ordinal = ordinal, .time = FromUnixMs(decoder.Signed()), .facts = {}};
  while (decoder.ok() && !decoder.done()) {
    std::optional<Fact> fact = decoder.OneFact();
    if (!fact || !decoder.ok()) return std::nullopt;
    facts.facts.push_back(std::move(*fact));
  }
  if (!decoder.ok()) return std::nullopt;
  return facts;
}

std::string EncodeDisplays(const std::vector<PastDisplay>& displays) {
  Encoder encoder;
  for (const PastDisplay& display : displays) {
    encoder.Number(display.ordinal);
    encoder.Signed(ToUnixMs(display.time));
    encoder.Text(display.session.str());
    encoder.Optional(display.device);
    encoder.Dims(display.dimensions);
    encoder.Number(display.context_id);
  }
  return encoder.Take();
}

std::optional<std::vector<PastDisplay>> DecodeDisplays(std::string_view bytes) {
  Decoder decoder(bytes);
  std::vector<PastDisplay> displays;
  while (decoder.ok() && !decoder.done()) {
    PastDisplay& display = displays.emplace_back();
    display.ordinal = decoder.Number();
    display.time = FromUnixMs(decoder.Signed());
    display.session = SessionId(decoder.Text());
    display.device = decoder.Device();
    display.dimensions = decoder.Dims();
    display.context_id = static_cast<std::uint32_t>(decoder.Number());
  }
  if (!decoder.ok()) return std::nullopt;
  return displays;
}

std::string EncodeContextState(const ContextState& state) {
  Encoder encoder;
  encoder.Time(state.first_display);
  encoder.Time(state.first_kept_display);
  encoder.Number(state.converted);
  return encoder.Take();
}

std::optional<ContextState> DecodeContextState(std::string_view bytes) {
  Decoder decoder(bytes);
  ContextState state{.first_display = decoder.Time()};
  state.first_kept_display = decoder.Time();
  state.converted = static_cast<Counting>(decoder.Number());
  if (!decoder.done()) return std::nullopt;
  return state;
}

}  // namespace monitor::funnel
