#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace bootsman {

/// Text in fewer bytes: the raw deflate format of RFC 1951, by zlib.
struct PackedText {
  std::unique_ptr<char[]> data;
  std::size_t size = 0;  ///< 0: it would not have got smaller.
};

/// Packs one text after the other; holds some 30 KiB while it lives.
class TextPacker {
 public:
  TextPacker();
  ~TextPacker();
  TextPacker(const TextPacker&) = delete;
  TextPacker& operator=(const TextPacker&) = delete;

  /// Texts of some KiB. Nothing comes of one that would not become smaller by a fourth.
  PackedText pack(std::string_view text);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;  ///< Null: there was no memory for it.
};

/// Writes the text of `size` bytes that was packed into `packed` to `to`. False: it is no such text.
bool unpack(std::string_view packed, char* to, std::size_t size);

}  // namespace bootsman
