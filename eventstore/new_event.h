// An event on its way into the log. Pure.
#pragma once

#include "domain/events/event_codec.h"
#include "eventstore/event_store.h"

namespace monitor {

inline NewEvent EncodeNew(const Event& event, const FieldCipher& cipher, EncodeOptions options = {}) {
  const std::string_view type = TypeName(event.data);
  return {std::string(type), EncodeEventData(event, cipher, options), NewestSchemaVersion(type)};
}

}  // namespace monitor
