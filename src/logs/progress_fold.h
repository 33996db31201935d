#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/types.h"

namespace bootsman {

/// Folds the updates of a progress bar: of all states that "\r" has overwritten within a line only
/// the latest appears, at most once per interval, and the final one at the line's end. Stands
/// before the LineSplitter, which gets each as a line; "\r\n" becomes "\n". Text without "\r" and
/// lines above kFoldMax pass as they are.
class ProgressFold {
 public:
  static constexpr std::size_t kFoldMax = 8 * 1024;

  explicit ProgressFold(Millis interval) : interval_(interval) {}

  /// Gives emit(std::string_view) what the splitter is to get, in order.
  template <class Emit>
  void feed(std::string_view bytes, MonoTime now, Emit&& emit) {
    while (!bytes.empty()) {
      const std::size_t length = bytes.find_first_of(passing_ ? "\n" : "\r\n");
      take(bytes.substr(0, length), now, emit);
      if (length == std::string_view::npos) return;
      if (bytes[length] == '\n')
        end_line(emit);
      else
        overwrite(now);
      bytes.remove_prefix(length + 1);
    }
  }

  /// Gives out the state that is due, as a line.
  template <class Emit>
  void tick(MonoTime now, Emit&& emit) {
    if (!due_ || *due_ > now) return;
    due_.reset();
    last_ = now;
    if (state() == shown_) return;
    shown_ = state();
    emit(shown_);
    emit("\n");
  }

  /// Gives out what is held, without a line end: after silence, or at the end of the stream.
  template <class Emit>
  void flush(Emit&& emit) {
    if (!overwritten_ || state() != shown_) emit(state());
    line_.clear();
    state_.clear();
  }

  /// Whether a line is begun that no "\r" has overwritten: a prompt, say, which must not wait.
  bool holds_plain_text() const { return !overwritten_ && !line_.empty(); }
  std::optional<MonoTime> next_deadline() const { return due_; }

 private:
  /// Nothing that anyone could see: spaces and escape sequences.
  static bool blank(std::string_view text);

  const std::string& state() const { return overwritten_ && blank(line_) ? state_ : line_; }

  template <class Emit>
  void take(std::string_view part, MonoTime now, Emit&& emit) {
    if (!passing_ && line_.size() + part.size() <= kFoldMax) {
      line_.append(part);
      if (overwritten_ && !due_ && !part.empty()) due_ = std::max(now, last_ + interval_);
      return;
    }
    passing_ = true;
    emit(line_);
    emit(part);
    line_.clear();
  }

  void overwrite(MonoTime now) {
    if (!blank(line_)) state_ = line_;
    line_.clear();
    if (overwritten_) return;
    overwritten_ = true;
    last_ = now;
    due_ = now + interval_;
  }

  template <class Emit>
  void end_line(Emit&& emit) {
    if (!overwritten_ || shown_.empty() || state() != shown_) {
      emit(state());
      emit("\n");
    }
    line_.clear();
    state_.clear();
    shown_.clear();
    due_.reset();
    overwritten_ = passing_ = false;
  }

  Millis interval_;
  std::string line_;   ///< Behind the last "\r" or line end.
  std::string state_;  ///< The latest visible text that "\r" has overwritten in this line.
  std::string shown_;  ///< The state of this line that was given out last.
  MonoTime last_;      ///< When that was, or when the line's first "\r" came.
  std::optional<MonoTime> due_;
  bool overwritten_ = false;
  bool passing_ = false;  ///< The line was too long to hold: its rest passes.
};

}  // namespace bootsman
