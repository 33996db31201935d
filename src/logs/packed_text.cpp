#include "logs/packed_text.h"

#include <zlib.h>

#include <cstring>
#include <vector>

namespace bootsman {
namespace {

/// Negative: without zlib's own head and sum. Of 4 KiB, about what is packed at once.
constexpr int kWindow = -12;
constexpr int kMemory = 5;

/// zlib only reads what it gets, but says so only if asked to.
Bytef* bytes_of(const char* text) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text));
}

}  // namespace

struct TextPacker::Stream {
  z_stream z{};
  std::vector<char> room;
};

TextPacker::TextPacker() : stream_(std::make_unique<Stream>()) {
  if (::deflateInit2(&stream_->z, 4, Z_DEFLATED, kWindow, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
    stream_.reset();
}

TextPacker::~TextPacker() {
  if (stream_) ::deflateEnd(&stream_->z);
}

PackedText TextPacker::pack(std::string_view text) {
  if (!stream_) return {};
  z_stream& z = stream_->z;
  std::vector<char>& room = stream_->room;
  room.resize(text.size() / 4 * 3);
  ::deflateReset(&z);
  z.next_in = bytes_of(text.data());
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = bytes_of(room.data());
  z.avail_out = static_cast<uInt>(room.size());
  if (::deflate(&z, Z_FINISH) != Z_STREAM_END) return {};
  PackedText packed;
  packed.size = room.size() - z.avail_out;
  packed.data.reset(new char[packed.size]);
  std::memcpy(packed.data.get(), room.data(), packed.size);
  return packed;
}

bool unpack(std::string_view packed, char* to, std::size_t size) {
  z_stream z{};
  if (::inflateInit2(&z, kWindow) != Z_OK) return false;
  z.next_in = bytes_of(packed.data());
  z.avail_in = static_cast<uInt>(packed.size());
  z.next_out = bytes_of(to);
  z.avail_out = static_cast<uInt>(size);
  const bool whole = ::inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_out == 0;
  ::inflateEnd(&z);
  return whole;
}

}  // namespace bootsman
