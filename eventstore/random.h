// What is drawn from the system's generator: secrets, and ids that nobody can guess. libsodium is named in random.cpp
// only. Threads: any.
#pragma once

#include <cstdint>
#include <string>

#include "domain/values/names.h"

namespace monitor {

// Secrets from the system's generator, printable.
std::string RandomHex(std::size_t bytes);
std::uint32_t RandomNumber();  // for a node's name
// 32 hex digits, drawn until the first two equal the bucket of `accountId/visitorId` (events.md section 3).
VisitorId GenerateVisitorId(const AccountId& account);
SessionId GenerateSessionId();  // 128 random bits, 32 hex digits
PageId GeneratePageId();        // 10 digits

}  // namespace monitor
