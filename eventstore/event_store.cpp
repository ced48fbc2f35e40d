#include "eventstore/event_store.h"

#include <future>
#include <utility>

namespace monitor {

std::expected<Appended, StoreError> EventStore::Append(AppendRequest request) {
  std::promise<std::expected<Appended, StoreError>> promise;
  auto appended = promise.get_future();
  AppendThen(std::move(request), [&promise](auto result) { promise.set_value(std::move(result)); });
  return appended.get();
}

}  // namespace monitor
