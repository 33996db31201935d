#include "wire/session_frames.h"

#include <doctest/doctest.h>

namespace bootsman {

namespace {

/// "0:abc 4:" of all frames in the bytes, fed in pieces of that size; "broken" at the end if so.
std::string shown(std::string_view bytes, std::size_t piece) {
  FrameReader reader;
  std::string text;
  bool good = true;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    good = reader.feed(bytes.substr(at, piece), [&](FrameType type, std::string_view payload) {
      text += std::to_string(static_cast<int>(type)) + ":" + std::string(payload) + " ";
    });
  }
  return text + (good ? "" : "broken");
}

}  // namespace

TEST_CASE("frames are read back, however the stream is cut") {
  const std::string bytes = frame(FrameType::Input, "abc") + frame(FrameType::EndOfInput, "") +
                            frame(FrameType::End, "{}");
  for (const std::size_t piece : {1, 2, 3, 7, 1000}) {
    CAPTURE(piece);
    CHECK(shown(bytes, piece) == "0:abc 4: 5:{} ");
  }
}

TEST_CASE("a payload that is too long becomes several frames") {
  std::size_t count = 0;
  std::size_t size = 0;
  FrameReader reader;
  reader.feed(frame(FrameType::Output, std::string(kFrameMax * 2 + 5, 'x')),
              [&](FrameType type, std::string_view payload) {
                CHECK(type == FrameType::Output);
                CHECK(payload.size() <= kFrameMax);
                ++count;
                size += payload.size();
              });
  CHECK(count == 3);
  CHECK(size == kFrameMax * 2 + 5);
}

TEST_CASE("what is no frame breaks the stream for good") {
  CHECK(shown(frame(FrameType::Input, "a") + std::string("\x06\0\0\0\0", 5), 100) == "0:a broken");
  CHECK(shown(std::string("\0\xff\0\0\0", 5), 1) == "broken");
  FrameReader reader;
  const auto none = [](FrameType, std::string_view) {};
  CHECK_FALSE(reader.feed("\x77xxxx", none));
  CHECK_FALSE(reader.feed(frame(FrameType::Input, "a"), none));
}

TEST_CASE("the size of a window goes there and back") {
  WindowSize size;
  std::string payload;
  FrameReader().feed(size_frame({300, 1}), [&](FrameType type, std::string_view bytes) {
    CHECK(type == FrameType::Size);
    payload = bytes;
  });
  CHECK(read_size(payload, size));
  CHECK(size == WindowSize{300, 1});
  CHECK_FALSE(read_size("abc", size));
}

}  // namespace bootsman
