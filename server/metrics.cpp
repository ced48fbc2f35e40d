#include "server/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <sstream>

namespace monitor::metrics {
namespace {

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_(counter) {}
  void Add(double amount) override { counter_.Increment(amount); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void Set(double value) override { gauge_.Set(value); }

 private:
  prometheus::Gauge& gauge_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void Observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

// Handles by metric and labels, so that the same name and labels give the same one.
template <class Handle>
using Handles = std::map<std::pair<std::string, Labels>, std::unique_ptr<Handle>>;

}  // namespace

class Registry::State {
 public:
  mutable std::mutex mutex;
  prometheus::Registry registry;
  Handles<PrometheusCounter> counters;
  Handles<PrometheusGauge> gauges;
  Handles<PrometheusHistogram> histograms;
  std::vector<std::pair<prometheus::Gauge*, std::function<double()>>> gauge_functions;
  std::vector<std::pair<prometheus::Counter*, std::function<double()>>> counter_functions;
};

Registry::Registry() : state_(std::make_unique<State>()) {}
Registry::~Registry() = default;

Counter& Registry::AddCounter(const std::string& name, const std::string& help, const Labels& labels) {
  std::lock_guard lock(state_->mutex);
  auto& handle = state_->counters[{name, labels}];
  if (!handle) {
    auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(state_->registry);
    handle = std::make_unique<PrometheusCounter>(family.Add(labels));
  }
  return *handle;
}

Gauge& Registry::AddGauge(const std::string& name, const std::string& help, const Labels& labels) {
  std::lock_guard lock(state_->mutex);
  auto& handle = state_->gauges[{name, labels}];
  if (!handle) {
    auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(state_->registry);
    handle = std::make_unique<PrometheusGauge>(family.Add(labels));
  }
  return *handle;
}

Histogram& Registry::AddHistogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                                  const Labels& labels) {
  std::lock_guard lock(state_->mutex);
  auto& handle = state_->histograms[{name, labels}];
  if (!handle) {
    auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(state_->registry);
    handle = std::make_unique<PrometheusHistogram>(family.Add(labels, bounds));
  }
  return *handle;
}

void Registry::AddGaugeFunction(const std::string& name, const std::string& help, const Labels& labels,
                                std::function<double()> value) {
  std::lock_guard lock(state_->mutex);
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(state_->registry);
  state_->gauge_functions.emplace_back(&family.Add(labels), std::move(value));
}

void Registry::AddCounterFunction(const std::string& name, const std::string& help, const Labels& labels,
                                  std::function<double()> value) {
  std::lock_guard lock(state_->mutex);
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(state_->registry);
  state_->counter_functions.emplace_back(&family.Add(labels), std::move(value));
}

std::string Registry::Text() const {
  std::lock_guard lock(state_->mutex);
  for (const auto& [gauge, value] : state_->gauge_functions) gauge->Set(value());
  for (const auto& [counter, value] : state_->counter_functions) counter->Increment(value() - counter->Value());
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, state_->registry.Collect());
  return text.str();
}

}  // namespace monitor::metrics
