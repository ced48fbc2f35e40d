// Prometheus metrics; prometheus-cpp is named in metrics.cpp only. Handles are cheap to use from any thread and live as
// long as the Registry. Label values are never personal and always from a bounded set.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace monitor::metrics {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Add(double amount = 1) = 0;
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

class Registry {
 public:
  Registry();
  ~Registry();

  // The same name and labels give the same metric. Names end in their unit (`_total`, `_seconds`, `_bytes`).
  Counter& AddCounter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge& AddGauge(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram& AddHistogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                          const Labels& labels = {});
  // Asked at every scrape; must be fast and must outlive the registry's last scrape.
  void AddGaugeFunction(const std::string& name, const std::string& help, const Labels& labels,
                        std::function<double()> value);
  // The same for several, told apart by one label of which the values come and go.
  void AddGaugesFunction(const std::string& name, const std::string& help, const std::string& label,
                         std::function<std::map<std::string, double>()> values);
  // The same for a total that is counted elsewhere and never falls.
  void AddCounterFunction(const std::string& name, const std::string& help, const Labels& labels,
                          std::function<double()> value);

  std::string Text() const;  // Prometheus text format

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace monitor::metrics
