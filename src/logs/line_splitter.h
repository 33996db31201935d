#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include "logs/utf8.h"

namespace bootsman {

/// Longest line kept whole: container runtimes cut at 16 KiB, the prefix included. A longer one is
/// split, between two UTF-8 characters, and its continuation marked, so that one bad writer cannot
/// grow PID 1.
inline constexpr std::size_t kLineMax = 16 * 1024;
/// The same for raw lines, which bear no mark: they are split only to keep memory bounded.
inline constexpr std::size_t kRawLineMax = 256 * 1024;

/// One line, or a piece of one.
struct LinePiece {
  std::string_view text;  ///< Without the line end. Any bytes, NUL included.
  bool continues =
      false;  ///< Continues the piece before it, which was cut by length or by silence.
};

/// Cuts a stream of bytes into lines. Where the cuts between two feeds lie does not change what
/// comes out. Holds at most one partial line.
class LineSplitter {
 public:
  /// `room` is the length of what will stand before each line, below `max`, which is the longest
  /// line with that.
  explicit LineSplitter(std::size_t room = 0, std::size_t max = kLineMax) : max_(max - room) {}

  /// Calls emit(LinePiece) for each line that is complete now. Views are valid during the call.
  template <class Emit>
  void feed(std::string_view bytes, Emit&& emit) {
    while (!bytes.empty()) {
      const void* found = std::memchr(bytes.data(), '\n', bytes.size());
      const bool whole = found != nullptr;
      const std::size_t length =
          whole ? static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data())
                : bytes.size();
      take(bytes.substr(0, length), whole, emit);
      bytes.remove_prefix(whole ? length + 1 : length);
    }
  }

  /// Gives the partial line out as it is: at the end of the stream, or after silence. What follows
  /// on the same line is marked as its continuation.
  template <class Emit>
  void flush(Emit&& emit) {
    if (partial_.empty()) return;
    emit(LinePiece{partial_, continues_});
    partial_.clear();
    continues_ = true;
  }

  bool has_partial() const { return !partial_.empty(); }

 private:
  template <class Emit>
  void take(std::string_view part, bool whole, Emit&& emit) {
    if (partial_.empty() && whole && part.size() <= max_) {
      // A line end right after a flushed partial ends that line: nothing more to say.
      if (!(continues_ && part.empty())) emit(LinePiece{part, continues_});
      continues_ = false;
      return;
    }
    while (partial_.size() + part.size() > max_) {
      // What is already held may end within a character, so the cut is looked for in both.
      const std::size_t fits = max_ - partial_.size() + 1;
      partial_.append(part.substr(0, fits));
      part.remove_prefix(fits);
      const std::size_t cut = utf8_cut(partial_, max_);
      emit(LinePiece{std::string_view(partial_).substr(0, cut), continues_});
      partial_.erase(0, cut);
      continues_ = true;
    }
    partial_.append(part);
    if (!whole) return;
    if (!(continues_ && partial_.empty())) emit(LinePiece{partial_, continues_});
    partial_.clear();
    continues_ = false;
  }

  std::size_t max_;
  std::string partial_;
  bool continues_ = false;
};

}  // namespace bootsman
