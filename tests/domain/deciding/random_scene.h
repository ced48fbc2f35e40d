// Random accounts and random sessions on them, each from one printed seed: for properties that hold whatever happens.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "tests/domain/deciding/scene.h"

namespace monitor::testing {

// MONITOR_TEST_SEED if it is set, else a fresh one; print it.
std::uint64_t TestSeed();

class RandomScene {
 public:
  explicit RandomScene(std::uint64_t seed) : random_(seed) {}

  std::string Document();
  // A request of one of three visitors, most often in its session, on one of few pages.
  VisitRequest Request(Scene& scene);
  // Time goes on by milliseconds, minutes or, rarely, past the end of a session.
  TimeMs Later(TimeMs now);
  // Now and then a skill changes, a conversation starts or ends.
  void Disturb(Scene& scene, TimeMs now);

 private:
  int Pick(int count) { return static_cast<int>(random_() % static_cast<std::uint64_t>(count)); }
  bool Chance(int percent) { return Pick(100) < percent; }
  std::string Campaign(int id);
  std::string Engagement(int id);
  void AddAttributes(VisitRequest& request);
  void AddImpressions(const SessionState& session, VisitRequest& request);

  std::mt19937_64 random_;
  int conversations_ = 0;
};

}  // namespace monitor::testing
