// Generations whose views the test writes, with a source that reads nothing and says what the test gives it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "consumers/generations/generations.h"

namespace monitor {

struct StillGenerations {
  explicit StillGenerations(const std::string& data_folder, std::uint64_t min_free_bytes = 0,
                            std::shared_ptr<AlarmBook> alarms = std::make_shared<AlarmBook>()) {
    auto opened = Generations::Open({.data_folder = data_folder,
                                     .min_free_bytes = min_free_bytes,
                                     .alarms = std::move(alarms),
                                     .make_source =
                                         [this](ViewStore& view, TellBeginning tell) {
                                           store = &view;
                                           begins_late = std::move(tell);
                                           return std::make_unique<StillSource>(*this);
                                         },
                                     .look_every = std::chrono::milliseconds(1)});
    EXPECT_TRUE(opened) << opened.error();
    generations = *std::move(opened);
  }

  struct StillSource : Source {
    explicit StillSource(StillGenerations& told) : told_by(told) {}
    SourceStatus Status() const override {
      std::lock_guard lock(told_by.mutex);
      return told_by.status;
    }
    const IntakeCounters& counters() const override { return told_by.counted; }
    StillGenerations& told_by;
  };

  // While a rebuild goes on, its thread asks, too.
  void Tell(const SourceStatus& told) {
    std::lock_guard lock(mutex);
    status = told;
  }

  std::mutex mutex;
  SourceStatus status;
  IntakeCounters counted;
  ViewStore* store = nullptr;  // the one that the source is to read into
  TellBeginning begins_late;
  std::unique_ptr<Generations> generations;  // last: it uses the above
};

}  // namespace monitor
