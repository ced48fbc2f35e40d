#include "server/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <atomic>
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

// prometheus-cpp's own takes a mutex for each observation: here threads have several of them, and seldom meet.
class ShardedHistogram final : public Histogram {
 public:
  explicit ShardedHistogram(const std::vector<double>& bounds) {
    for (auto& shard : shards_) shard = std::make_unique<prometheus::Histogram>(bounds);
  }

  void Observe(double value) override { shards_[ShardOfThread()]->Observe(value); }

  prometheus::ClientMetric Collect() const {
    prometheus::ClientMetric sum = shards_.front()->Collect();
    for (std::size_t shard = 1; shard < shards_.size(); ++shard) {
      const auto more = shards_[shard]->Collect().histogram;
      sum.histogram.sample_count += more.sample_count;
      sum.histogram.sample_sum += more.sample_sum;
      for (std::size_t bucket = 0; bucket < more.bucket.size(); ++bucket) {
        sum.histogram.bucket[bucket].cumulative_count += more.bucket[bucket].cumulative_count;
      }
    }
    return sum;
  }

 private:
  static constexpr std::size_t kShards = 16;

  static std::size_t ShardOfThread() {
    static std::atomic<std::size_t> threads = 0;
    thread_local const std::size_t shard = threads.fetch_add(1, std::memory_order_relaxed) % kShards;
    return shard;
  }

  std::array<std::unique_ptr<prometheus::Histogram>, kShards> shards_;
};

struct HistogramFamily {
  std::string help;
  std::map<Labels, std::unique_ptr<ShardedHistogram>> by_labels;
};

struct GaugesFunction {
  std::string name, help, label;
  std::function<std::map<std::string, double>()> values;
};

void SetLabels(const Labels& labels, prometheus::ClientMetric& metric) {
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
}

prometheus::MetricFamily Collect(const std::string& name, const HistogramFamily& histograms) {
  prometheus::MetricFamily family{name, histograms.help, prometheus::MetricType::Histogram, {}};
  for (const auto& [labels, histogram] : histograms.by_labels) {
    family.metric.push_back(histogram->Collect());
    SetLabels(labels, family.metric.back());
  }
  return family;
}

prometheus::MetricFamily Collect(const GaugesFunction& gauges) {
  prometheus::MetricFamily family{gauges.name, gauges.help, prometheus::MetricType::Gauge, {}};
  for (const auto& [of, value] : gauges.values()) {
    prometheus::ClientMetric& metric = family.metric.emplace_back();
    metric.gauge.value = value;
    SetLabels({{gauges.label, of}}, metric);
  }
  return family;
}

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
  std::map<std::string, HistogramFamily> histograms;
  std::vector<GaugesFunction> gauges_functions;
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
  HistogramFamily& family = state_->histograms[name];
  family.help = help;
  auto& histogram = family.by_labels[labels];
  if (!histogram) histogram = std::make_unique<ShardedHistogram>(bounds);
  return *histogram;
}

void Registry::AddGaugeFunction(const std::string& name, const std::string& help, const Labels& labels,
                                std::function<double()> value) {
  std::lock_guard lock(state_->mutex);
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(state_->registry);
  state_->gauge_functions.emplace_back(&family.Add(labels), std::move(value));
}

void Registry::AddGaugesFunction(const std::string& name, const std::string& help, const std::string& label,
                                 std::function<std::map<std::string, double>()> values) {
  std::lock_guard lock(state_->mutex);
  state_->gauges_functions.push_back({name, help, label, std::move(values)});
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
  auto families = state_->registry.Collect();
  for (const auto& [name, histograms] : state_->histograms) families.push_back(Collect(name, histograms));
  for (const GaugesFunction& gauges : state_->gauges_functions) families.push_back(Collect(gauges));
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families);
  return text.str();
}

}  // namespace monitor::metrics
