#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace bootsman {

/// Which of the two text formats.
enum class MetricsFormat : std::uint8_t { Prometheus, OpenMetrics };

/// One name and its meaning. Counters are named without "_total", which the samples get.
struct MetricFamily {
  std::string_view name;
  std::string_view type;  ///< "counter" or "gauge"
  std::string_view unit;  ///< "seconds", "bytes" or "": must be the end of the name.
  std::string_view help;
};

/// Writes metrics as text, family by family: Prometheus 0.0.4
/// (prometheus.io/docs/instrumenting/exposition_formats) or OpenMetrics 1.0 (openmetrics.io).
class MetricsText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  explicit MetricsText(MetricsFormat format) : format_(format) {}

  /// Opens a family; its samples follow.
  void family(const MetricFamily& family);
  void sample(Labels labels, std::uint64_t value);
  void sample(Labels labels, double value);
  /// A family of one sample.
  template <class Number>
  void single(const MetricFamily& one, Number value) {
    family(one);
    sample({}, value);
  }

  /// The whole text; nothing may be added after it.
  std::string finish();

  /// The Content-Type of the format.
  static std::string_view content_type(MetricsFormat format);

 private:
  void sample_text(Labels labels, const std::string& value);

  MetricsFormat format_;
  std::string name_;
  std::string text_;
};

/// The format that an Accept header asks for; Prometheus' own where there is none. The order of
/// names decides nothing, the q values do (RFC 9110, 12.5.1).
MetricsFormat metrics_format(std::string_view accept);

}  // namespace bootsman
