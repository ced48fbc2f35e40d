// One visitor, as the funnel's fold wants it, in the records of a view. Of the writer's thread; throws what the records
// throw.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "consumers/view/session_days.h"
#include "consumers/view/view_records.h"
#include "domain/funnel/funnel.h"

namespace monitor {

class StoredVisitor : public funnel::VisitorMemory {
 public:
  // `records` and `days` must outlive it; `key` is view::VisitorKey's.
  StoredVisitor(ViewRecords& records, SessionDays& days, std::string key)
      : records_(records), days_(days), key_(std::move(key)) {}

  funnel::VisitorTally Tally() override;
  void SaveTally(const funnel::VisitorTally& state) override;
  std::optional<funnel::SessionTraits> Session(const SessionId& session) override;
  void SaveSession(const SessionId& session, const funnel::SessionTraits& traits) override;
  void Append(const SessionId& session, const funnel::EventFacts& facts) override;
  std::vector<funnel::PastDisplay> Ends(const funnel::DisplayList& list) override;
  void SaveEnds(const funnel::DisplayList& list, const std::vector<funnel::PastDisplay>& ends) override;
  void Add(const funnel::DisplayList& list, const funnel::PastDisplay& display) override;
  std::optional<funnel::PastDisplay> FirstSince(const funnel::DisplayList& list, TimeMs time) override;
  funnel::ContextState Context(const SessionId& session, std::uint32_t context_id) override;
  void SaveContext(const SessionId& session, std::uint32_t context_id, const funnel::ContextState& state) override;
  funnel::Counting Mark(std::string_view name, funnel::Counting counting) override;

 private:
  ViewRecords& records_;
  SessionDays& days_;
  const std::string key_;
};

}  // namespace monitor
