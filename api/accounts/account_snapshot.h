// What is kept of an account beside its stream, in StateTable::kAccount under the accountId, written in the same batch
// as the event it is folded from. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "domain/values/names.h"
#include "domain/values/vocabulary.h"

namespace monitor {

struct AccountSnapshot {
  std::uint64_t version = 0;  // of the account's stream
  std::string document;
  std::map<std::int64_t, SkillState> skills;  // told states
  Revision file;  // of the content that a file last brought; empty: none did. The same content brings nothing again

  std::string ToJson() const;
  static std::optional<AccountSnapshot> FromJson(std::string_view json);
};

}  // namespace monitor
