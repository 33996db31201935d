#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "helper/archive_formats.h"

namespace bootsman {
namespace {

constexpr std::size_t kEndSize = 22;
constexpr std::size_t kEntrySize = 46;
constexpr std::size_t kLocalSize = 30;
constexpr std::size_t kDirectoryMax = 64U << 20;
constexpr std::size_t kLinkMax = 4096;
constexpr std::uint32_t kIn64Bits = 0xffffffff;
constexpr int kRawDeflate = -15;  ///< inflateInit2: largest window, no header.

std::uint32_t word(std::string_view bytes, std::size_t at, std::size_t length) {
  std::uint32_t value = 0;
  for (std::size_t i = length; i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

struct ZipEntry {
  std::string name;
  std::uint32_t flags = 0, method = 0, sum = 0, packed = 0, size = 0, at = 0, mode = 0;
};

class ZipReader {
 public:
  ZipReader(int file, ArchiveTree& tree) : file_(file), tree_(tree) {}

  Result<void> run() {
    auto directory = read_directory();
    if (!directory) return fail(std::move(directory).error());
    for (std::string_view rest = *directory; !rest.empty();) {
      if (rest.size() < kEntrySize || !rest.starts_with("PK\1\2")) return damaged();
      const std::size_t name = word(rest, 28, 2);
      const std::size_t whole = kEntrySize + name + word(rest, 30, 2) + word(rest, 32, 2);
      if (whole > rest.size()) return damaged();
      ZipEntry entry{std::string(rest.substr(kEntrySize, name)),
                     word(rest, 8, 2),
                     word(rest, 10, 2),
                     word(rest, 16, 4),
                     word(rest, 20, 4),
                     word(rest, 24, 4),
                     word(rest, 42, 4),
                     rest[5] == 3 ? word(rest, 40, 2) : 0};  // Made on Unix: a mode.
      if (auto done = make(entry); !done) return done;
      rest.remove_prefix(whole);
    }
    return {};
  }

 private:
  static tl::unexpected<Error> damaged() { return fail("it is no zip, or damaged"); }

  Result<std::string> read_at(std::uint64_t at, std::size_t length) {
    std::string bytes(length, '\0');
    std::size_t have = 0;
    while (have < length) {
      const ssize_t n =
          ::pread(file_, bytes.data() + have, length - have, static_cast<off_t>(at + have));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail(std::strerror(errno));
      if (n == 0) return fail("it is cut off");
      have += static_cast<std::size_t>(n);
    }
    return bytes;
  }

  Result<std::string> read_directory() {
    struct stat st = {};
    if (::fstat(file_, &st) != 0) return fail(std::strerror(errno));
    const auto size = static_cast<std::uint64_t>(st.st_size);
    const auto tail_size =
        static_cast<std::size_t>(std::min<std::uint64_t>(size, 65535 + kEndSize));
    auto tail = read_at(size - tail_size, tail_size);
    if (!tail) return tail;
    const auto end = tail->rfind("PK\5\6");
    if (end == std::string::npos || end + kEndSize > tail->size()) return damaged();
    const std::uint32_t length = word(*tail, end + 12, 4);
    const std::uint32_t at = word(*tail, end + 16, 4);
    if (at == kIn64Bits || length == kIn64Bits) return fail("it is larger than 4 GiB");
    if (length > kDirectoryMax) return fail("it has too many entries");
    return read_at(at, length);
  }

  Result<void> make(const ZipEntry& entry) {
    if (entry.name.ends_with('/') || S_ISDIR(entry.mode)) return tree_.add_folder(entry.name);
    const std::string shown = "\"" + printable(entry.name, 200) + "\" in it ";
    if ((entry.flags & 1) != 0) return fail(shown + "is encrypted");
    if (entry.packed == kIn64Bits || entry.size == kIn64Bits || entry.at == kIn64Bits)
      return fail(shown + "is larger than 4 GiB");
    if (entry.method != 0 && entry.method != 8)
      return fail(shown + "is packed by an unknown method");
    if (S_ISLNK(entry.mode)) {
      if (entry.size > kLinkMax) return damaged();
      link_.clear();
      if (auto read = contents(entry, nullptr); !read) return read;
      return tree_.add_symlink(entry.name, link_);
    }
    if ((entry.mode & S_IFMT) != 0 && !S_ISREG(entry.mode))
      return fail(shown + "is neither file, folder nor link");
    auto out = tree_.add_file(entry.name, (entry.mode & 0111) != 0);
    if (!out) return fail(std::move(out).error());
    return contents(entry, &*out);
  }

  /// Into the file, or into link_.
  Result<void> contents(const ZipEntry& entry, const UniqueFd* out) {
    auto local = read_at(entry.at, kLocalSize);
    if (!local) return fail(std::move(local).error());
    if (!local->starts_with("PK\3\4")) return damaged();
    std::uint64_t at = entry.at + kLocalSize + word(*local, 26, 2) + word(*local, 28, 2);
    std::uint64_t left = entry.packed;
    z_stream stream = {};
    const bool deflated = entry.method == 8;
    if (deflated && ::inflateInit2(&stream, kRawDeflate) != Z_OK) return fail("out of memory");
    Result<void> done;
    std::uint64_t size = 0;
    uLong sum = ::crc32(0, nullptr, 0);
    const auto take = [&](std::string_view bytes) {
      size += bytes.size();
      sum = ::crc32(sum, reinterpret_cast<const Bytef*>(bytes.data()),
                    static_cast<uInt>(bytes.size()));
      if (size > entry.size) done = damaged();
      if (!done) return;
      if (out != nullptr)
        done = tree_.append(*out, bytes);
      else
        link_.append(bytes);
    };
    while (done && left > 0) {
      auto piece = read_at(at, static_cast<std::size_t>(std::min<std::uint64_t>(left, 65536)));
      if (!piece) {
        done = fail(std::move(piece).error());
        break;
      }
      at += piece->size();
      left -= piece->size();
      if (deflated)
        inflate_piece(stream, *piece, done, take);
      else
        take(*piece);
    }
    if (deflated) ::inflateEnd(&stream);
    if (done && (size != entry.size || sum != entry.sum)) return damaged();
    return done;
  }

  template <class Take>
  static void inflate_piece(z_stream& stream, std::string& piece, Result<void>& done,
                            const Take& take) {
    std::array<char, 32 * 1024> buffer;
    stream.next_in = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_in = static_cast<uInt>(piece.size());
    while (done) {
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      const int code = ::inflate(&stream, Z_NO_FLUSH);
      take({buffer.data(), buffer.size() - stream.avail_out});
      if (code == Z_STREAM_END || (code == Z_BUF_ERROR && stream.avail_in == 0)) return;
      if (code != Z_OK) done = damaged();
      if (stream.avail_in == 0 && stream.avail_out > 0) return;
    }
  }

  int file_;
  ArchiveTree& tree_;
  std::string link_;
};

}  // namespace

Result<void> unpack_zip(int archive, ArchiveTree& tree) {
  return ZipReader(archive, tree).run();
}

}  // namespace bootsman
