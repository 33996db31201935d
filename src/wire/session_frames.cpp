#include "wire/session_frames.h"

#include <algorithm>

namespace bootsman {

namespace {

constexpr std::size_t kHead = 5;

std::size_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

std::size_t length_of(std::string_view head) {
  return byte_at(head, 1) << 24 | byte_at(head, 2) << 16 | byte_at(head, 3) << 8 | byte_at(head, 4);
}

}  // namespace

std::string frame(FrameType type, std::string_view payload) {
  std::string out;
  out.reserve(payload.size() + kHead);
  do {
    const auto piece = payload.substr(0, kFrameMax);
    payload.remove_prefix(piece.size());
    out += static_cast<char>(type);
    for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(piece.size() >> shift & 0xff);
    out += piece;
  } while (!payload.empty());
  return out;
}

std::string size_frame(WindowSize size) {
  const std::string payload{static_cast<char>(size.rows >> 8), static_cast<char>(size.rows & 0xff),
                            static_cast<char>(size.columns >> 8),
                            static_cast<char>(size.columns & 0xff)};
  return frame(FrameType::Size, payload);
}

bool read_size(std::string_view payload, WindowSize& size) {
  if (payload.size() != 4) return false;
  size.rows = static_cast<std::uint16_t>(byte_at(payload, 0) << 8 | byte_at(payload, 1));
  size.columns = static_cast<std::uint16_t>(byte_at(payload, 2) << 8 | byte_at(payload, 3));
  return true;
}

bool FrameReader::feed(std::string_view bytes,
                       const std::function<void(FrameType, std::string_view)>& take) {
  if (broken_) return false;
  rest_ += bytes;
  std::string_view left = rest_;
  while (left.size() >= kHead) {
    const auto type = byte_at(left, 0);
    const auto length = length_of(left);
    if (type > static_cast<std::size_t>(FrameType::End) || length > kFrameMax) {
      broken_ = true;
      rest_.clear();
      return false;
    }
    if (left.size() < kHead + length) break;
    take(static_cast<FrameType>(type), left.substr(kHead, length));
    left.remove_prefix(kHead + length);
  }
  rest_.erase(0, rest_.size() - left.size());
  return true;
}

}  // namespace bootsman
