// Events' `data` as stored and published: JSON, named as in the HTTP API, personal fields sealed (events.md 2 and 4).
// The one place that knows this format. Stored names never change meaning; a new meaning is a new schema version with
// an upcaster here, and tests/golden/ holds a file of every version. Pure; any thread.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "domain/events/event.h"
#include "domain/events/event_privacy.h"
#include "domain/values/json.h"

namespace monitor {

// The version of every type's data schema, part of `ce_dataschema`. A record in the log does not say it: whoever makes
// a version 2 of a type must store the number with each event (a record version 2, record.h; what is in records of
// version 1 has schema version 1), or events stored before would be published as what they are not.
constexpr int kEventSchemaVersion = 1;

struct EncodeOptions {
  bool keep_full_address = false;  // the account's settings.keepFullAddress
};

// The JSON of `data`. Includes accountId, and visitorId, sessionId, appInstallationId where the scope has them.
std::string EncodeEventData(const Event& event, const FieldCipher& cipher, EncodeOptions options = {});

struct DecodeError {
  std::string message;
  bool unknown_type = false;  // a newer program's: nothing is known of its data, readable or not
};

// `type` as TypeName gives it. What `cipher` cannot open is left out: an erased visitor's attributes and identities are
// absent, entry points are cut.
std::expected<Event, DecodeError> DecodeEventData(std::string_view type, std::string_view json,
                                                  const FieldCipher& cipher);
// The same of `data` inside of a larger document, which was parsed already.
std::expected<Event, DecodeError> DecodeEventData(std::string_view type, const json::Value& data,
                                                  const FieldCipher& cipher);

}  // namespace monitor
