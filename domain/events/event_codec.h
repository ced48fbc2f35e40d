// Events' `data` as stored and published: JSON, named as in the HTTP API, personal fields sealed (events.md 2 and 4).
// The one place that knows this format. Stored names never change meaning; a new meaning is a new schema version with
// an upcaster here, and tests/golden/ holds a file of every version. Pure; any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "domain/events/event.h"
#include "domain/events/event_privacy.h"
#include "domain/values/json.h"

namespace monitor {

// Whose data it is: an event's type, as TypeName gives it, and the version of that type's schema: 1, 2, …, stored with
// each event and part of `ce_dataschema`. What a log of an older build has, was published as and keeps its version.
struct EventSchema {
  std::string_view type;
  std::uint64_t version = 1;
};

// `urn:monitor:schema:session-created:1`, and the version that such a text names: 1 if it is another text.
std::string DataschemaOf(const EventSchema& schema);
std::uint64_t VersionIn(std::string_view dataschema);

// That EncodeEventData writes for the type, and the newest that can be read. 1 also for a type that is not known.
std::uint8_t NewestSchemaVersion(std::string_view type);

struct EncodeOptions {
  bool keep_full_address = false;  // the account's settings.keepFullAddress
};

// The JSON of `data`. Includes accountId, and visitorId, sessionId, appInstallationId where the scope has them.
std::string EncodeEventData(const Event& event, const FieldCipher& cipher, EncodeOptions options = {});

struct DecodeError {
  std::string message;
  bool unknown = false;  // the type, or that version of it: a newer program's, of whose data nothing is known
};

// Data of an older version is read as what it would be in the newest (event_upcast.h). What `cipher` cannot open is
// left out: an erased visitor's attributes and identities are absent, entry points are cut.
std::expected<Event, DecodeError> DecodeEventData(const EventSchema& schema, std::string_view json,
                                                  const FieldCipher& cipher);
// The same of `data` inside of a larger document, which was parsed already.
std::expected<Event, DecodeError> DecodeEventData(const EventSchema& schema, const json::Value& data,
                                                  const FieldCipher& cipher);

}  // namespace monitor
