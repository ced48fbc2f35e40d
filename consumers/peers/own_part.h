// What this instance has, and counts for others or for itself. Any thread.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "consumers/generations/generations.h"
#include "consumers/peers/parts_codec.h"

namespace monitor {

// Of a process: by what others tell it from their own.
struct InstanceName {
  std::string instance;
  std::string topic;
};

// It counts what comes, and has once reached the end: what it does not have did not happen, either.
bool KeepsUp(const Answering& now);

// Errors are the disk's, in one sentence.

// `account`: of which it is to tell, too.
std::expected<ShareTold, std::string> TellShare(const Answering& now, const InstanceName& name,
                                                std::optional<std::string_view> account);
// Of the partitions that were asked for, those that are still held.
std::expected<Part, std::string> CountPart(const Answering& now, const RowsAsked& asked,
                                           const std::function<bool()>& abandoned);

}  // namespace monitor
