#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bootsman {

/// A place in one of the configuration's texts. Lines and columns count from 1; columns count
/// characters, not bytes. Line 0: no place in a file.
struct Position {
  std::uint32_t file = 0;  ///< Index into Config::files.
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  auto operator<=>(const Position&) const = default;
};

/// One thing that is wrong with the configuration.
struct Diagnostic {
  enum class Severity : std::uint8_t { Error, Warning };
  Severity severity = Severity::Error;
  Position at;
  std::string key;   ///< Full path, "service.sshd.restart.delay"; empty for a syntax error.
  std::string text;  ///< A sentence without a full stop: what is wrong, and what to do.
};

/// Gathers everything that is wrong, so that the first error does not hide the others.
class Diagnostics {
 public:
  void error(Position at, std::string key, std::string text) {
    add({Diagnostic::Severity::Error, at, std::move(key), std::move(text)});
  }
  void warning(Position at, std::string key, std::string text) {
    add({Diagnostic::Severity::Warning, at, std::move(key), std::move(text)});
  }
  void add(Diagnostic diagnostic) { all_.push_back(std::move(diagnostic)); }
  void append(const Diagnostics& others) {
    all_.insert(all_.end(), others.all_.begin(), others.all_.end());
  }
  /// By file, line and column; those of one place stay in the order in which they were found.
  void sort();

  bool has_errors() const;
  const std::vector<Diagnostic>& all() const { return all_; }

 private:
  std::vector<Diagnostic> all_;
};

/// "FILE:LINE:COLUMN: error: KEY: TEXT", without what is not known. `files` gives the names.
std::string to_text(const Diagnostic& diagnostic, const std::vector<std::string>& files);

}  // namespace bootsman
