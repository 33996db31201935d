#include "config/diagnostic.h"

#include <algorithm>

namespace bootsman {

void Diagnostics::sort() {
  std::ranges::stable_sort(all_, {}, &Diagnostic::at);
}

bool Diagnostics::has_errors() const {
  return std::ranges::any_of(
      all_, [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::Error; });
}

std::string to_text(const Diagnostic& diagnostic, const std::vector<std::string>& files) {
  std::string text;
  if (diagnostic.at.line > 0 && diagnostic.at.file < files.size()) {
    text = files[diagnostic.at.file] + ":" + std::to_string(diagnostic.at.line) + ":" +
           std::to_string(diagnostic.at.column) + ": ";
  }
  text += diagnostic.severity == Diagnostic::Severity::Error ? "error: " : "warning: ";
  if (!diagnostic.key.empty()) text += diagnostic.key + ": ";
  return text + diagnostic.text;
}

}  // namespace bootsman
