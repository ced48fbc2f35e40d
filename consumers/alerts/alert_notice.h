// What a webhook is told of an alert: a CloudEvent in structured JSON (docs/analysts.md). Pure.
#pragma once

#include "consumers/alerts/alert_book.h"
#include "consumers/alerts/alert_rules.h"

namespace monitor {

// That it fires, or does no more, since then.
AlertNotice NoticeOf(const AlertKey& key, const Alert& alert, const AlertState& state, const AlertNumbers& numbers);

// `id` as the document has it: a text or a number.
void WriteAlertId(json::Writer& writer, const Alert& alert);

}  // namespace monitor
