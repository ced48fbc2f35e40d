#include "eventstore/event_store.h"

#include <future>
#include <utility>

namespace monitor {

std::expected<Appended, StoreError> EventStore::Append(AppendRequest request) {
  std::promise<std::expected<Appended, StoreError>> promise;
  auto appended = promise.get_future();
  AppendThen(std::move(request),
             [promise = std::move(promise)](auto result) mutable { promise.set_value(std::move(result)); });
  try {
    return appended.get();
  } catch (const std::future_error&) {  // `done` went without a call, where memory ended
    return std::unexpected(StoreError::kUnacknowledged);
  }
}

}  // namespace monitor
