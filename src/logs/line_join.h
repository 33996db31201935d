#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "logs/line_splitter.h"

namespace bootsman {

/// Joins lines that belong together, as those of a traceback: a line and the indented ones behind
/// it; behind the indented lines of a Python traceback also the one that names the exception,
/// behind those of Java's the causes. Holds a line until it is clear that no more belongs to it, so
/// that other units' lines do not come in between.
class LineJoin {
 public:
  /// `max`: bytes that are joined at most, line ends included; what goes beyond begins a new group.
  explicit LineJoin(std::size_t max) : max_(max) {}

  /// Gives emit(std::string_view lines) each group that is complete now: lines with a line end
  /// between them. A continuation of a cut line never belongs to a group: it is given to
  /// single(piece).
  template <class Emit, class Single>
  void add(const LinePiece& piece, Emit&& emit, Single&& single) {
    if (piece.continues) {
      flush(emit);
      return single(piece);
    }
    if (!belongs(piece.text) || held_.size() + 1 + piece.text.size() > max_) flush(emit);
    if (!holds_) {
      traceback_ = piece.text.starts_with("Traceback (most recent call last)");
      held_ = piece.text;
      holds_ = true;
      return;
    }
    held_.append("\n").append(piece.text);
    if (traceback_ && !indented(piece.text)) flush(emit);
  }

  /// Gives out the group that is held: after silence, or at the end of the stream.
  template <class Emit>
  void flush(Emit&& emit) {
    if (!holds_) return;
    holds_ = false;
    emit(std::string_view(held_));
  }

  bool holds() const { return holds_; }

 private:
  static bool indented(std::string_view text) {
    return text.starts_with(' ') || text.starts_with('\t');
  }
  bool belongs(std::string_view text) const {
    return holds_ &&
           (indented(text) || (traceback_ && !text.empty()) || text.starts_with("Caused by: "));
  }

  std::size_t max_;
  std::string held_;
  bool holds_ = false;
  bool traceback_ = false;
};

}  // namespace bootsman
