// The bytes of the funnel's facts as a view keeps them. Not an exchange format: a view is rebuilt from events when
// kFactsVersion changes, so there is no upcasting here.
//
// Layout: unsigned LEB128 numbers, signed ones in zigzag; text as length and bytes. Strings that come back malformed
// (a damaged store) give nullopt, never a partial value. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/funnel/funnel.h"

namespace monitor::funnel {

// Also of the keys under which they are kept (view_keys.h), and of what facts mean.
constexpr std::uint32_t kFactsVersion = 5;

std::string EncodeVisitorTally(const VisitorTally& state);
std::optional<VisitorTally> DecodeVisitorTally(std::string_view bytes);

std::string EncodeSessionTraits(const SessionTraits& traits);
std::optional<SessionTraits> DecodeSessionTraits(std::string_view bytes);

// The ordinal is part of the key under which facts are kept, so it is not in the bytes.
std::string EncodeFacts(const EventFacts& facts);
std::optional<EventFacts> DecodeFacts(std::uint64_t ordinal, std::string_view bytes);

std::string EncodeDisplays(const std::vector<PastDisplay>& displays);
std::optional<std::vector<PastDisplay>> DecodeDisplays(std::string_view bytes);

std::string EncodeContextState(const ContextState& state);
std::optional<ContextState> DecodeContextState(std::string_view bytes);

}  // namespace monitor::funnel
