#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace bootsman {

/// The parts of a body that the parser found in one run over the bytes, as one piece: without a copy
/// as long as there is only one.
class PieceJoiner {
 public:
  /// Forgets the copy that the last piece may have needed.
  void begin() { joined_.clear(); }
  /// The bytes must live until the piece was handed out and used.
  void add(std::string_view part) {
    if (piece_.empty()) {
      piece_ = part;
      return;
    }
    if (joined_.empty()) joined_ = piece_;
    joined_ += part;
    piece_ = joined_;
  }
  bool empty() const { return piece_.empty(); }
  /// Good until begin() or add() is called.
  std::string_view take() { return std::exchange(piece_, {}); }

 private:
  std::string_view piece_;
  std::string joined_;
};

}  // namespace bootsman
