#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace bootsman {

// The protocol of interactive sessions (exec and attach), spoken after an HTTP upgrade: frames both
// ways, each a byte of type, four bytes of length (the highest first), and the payload.

inline constexpr std::string_view kSessionProtocol = "bootsman-session/1";
inline constexpr std::size_t kFrameMax = 64 * 1024;

enum class FrameType : std::uint8_t {
  Input = 0,       ///< To the program.
  Output = 1,      ///< Its stdout, or all of a terminal.
  Errors = 2,      ///< Its stderr.
  Size = 3,        ///< Of the client's terminal: rows and columns, two bytes each.
  EndOfInput = 4,  ///< The client's stdin is at its end.
  End = 5,         ///< The last frame: JSON {"code": 3, "text": "exited 3"}.
};

/// One frame; a payload beyond kFrameMax becomes several.
std::string frame(FrameType type, std::string_view payload);

struct WindowSize {
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;
  bool operator==(const WindowSize&) const = default;
};
std::string size_frame(WindowSize size);
/// False when the payload is none of a Size.
bool read_size(std::string_view payload, WindowSize& size);

/// Takes frames out of a stream of bytes, cut anywhere.
class FrameReader {
 public:
  /// Calls `take` for each frame that is whole. False once the stream can't be understood: an
  /// unknown type, or a length beyond kFrameMax.
  bool feed(std::string_view bytes,
            const std::function<void(FrameType, std::string_view)>& take);

 private:
  std::string rest_;
  bool broken_ = false;
};

}  // namespace bootsman
