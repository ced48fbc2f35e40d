// The layout of a row's key (domain/values/packing.h), of cursors and of kept rows.
#pragma once

#include "domain/funnel/funnel_rows.h"
#include "domain/values/packing.h"

namespace monitor::funnel {

// `Key`: RowKey, const for a Packer.
template <class Io, class Key>
void KeyFields(Io& io, Key& key) {
  io.Maybe(key.window_start, [&](auto& start) { io.Time(start, TimeMs{}); });
  io.Text(key.app_installation);
  io.Int(key.campaign_id);
  io.Int(key.engagement_id);
  io.Int(key.engagement_revision);
  io.Choice(key.zone);
  io.Choice(key.channel);
  io.Maybe(key.device, [&](auto& device) { io.Choice(device); });
  io.Text(key.language);
}

}  // namespace monitor::funnel
