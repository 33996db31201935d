#include "wire/metrics_text.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"

namespace bootsman {
namespace {

constexpr std::string_view kOpenMetrics = "application/openmetrics-text";

/// In help texts backslash and line end are escaped, in label values the quote too.
std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\\' || c == '"') safe += '\\';
    if (c == '\n') {
      safe += "\\n";
    } else {
      safe += c;
    }
  }
  return safe;
}

/// "0.75" → 750; 1000 where there is none, or it is not to be read.
int thousandths(std::string_view text) {
  if (text.empty() || text.front() != '0') return 1000;
  int value = 0;
  int digit_worth = 100;
  for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (c < '0' || c > '9') return 1000;
    value += (c - '0') * digit_worth;
    digit_worth /= 10;
  }
  return value;
}

}  // namespace

void MetricsText::family(const MetricFamily& family) {
  const bool counter = family.type == "counter";
  const bool open = format_ == MetricsFormat::OpenMetrics;
  name_ = counter ? format("{}_total", family.name) : std::string(family.name);
  const std::string named = open ? std::string(family.name) : name_;
  text_ += format("# HELP {} {}\n", named, family.help);
  text_ += format("# TYPE {} {}\n", named, family.type);
  if (open && !family.unit.empty()) text_ += format("# UNIT {} {}\n", named, family.unit);
}

void MetricsText::sample_text(Labels labels, const std::string& value) {
  text_ += name_;
  char before = '{';
  for (const auto& [name, text] : labels) {
    text_ += format("{}{}=\"{}\"", before, name, escaped(text));
    before = ',';
  }
  if (before == ',') text_ += '}';
  text_ += ' ' + value + '\n';
}

void MetricsText::sample(Labels labels, std::uint64_t value) {
  sample_text(labels, format("{}", value));
}

void MetricsText::sample(Labels labels, double value) {
  sample_text(labels, format("{}", value));
}

std::string MetricsText::finish() {
  if (format_ == MetricsFormat::OpenMetrics) text_ += "# EOF\n";
  return std::move(text_);
}

std::string_view MetricsText::content_type(MetricsFormat format) {
  return format == MetricsFormat::OpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

MetricsFormat metrics_format(std::string_view accept) {
  int open = 0;
  int plain = 0;
  for (const std::string_view range : split(accept, ',')) {
    const auto parts = split(range, ';');
    const std::string_view type = trim(parts.front());
    int quality = 1000;
    bool version_fits = true;
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const std::string_view parameter = trim(parts[i]);
      if (parameter.starts_with("q=")) quality = thousandths(parameter.substr(2));
      if (parameter.starts_with("version=")) version_fits = parameter == "version=1.0.0";
    }
    if (type == kOpenMetrics && version_fits) open = std::max(open, quality);
    if (type == "text/plain" || type == "text/*" || type == "*/*") plain = std::max(plain, quality);
  }
  return open > 0 && open >= plain ? MetricsFormat::OpenMetrics : MetricsFormat::Prometheus;
}

}  // namespace bootsman
