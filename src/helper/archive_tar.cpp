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

constexpr std::size_t kBlock = 512;
constexpr std::size_t kLongMax = 16 * 1024;    ///< Of a long name, and of a pax header.
constexpr std::size_t kPaddingMax = 1U << 20;  ///< After the end mark; tar itself writes 10 KiB.
constexpr int kGzip = 15 + 16;                 ///< inflateInit2: largest window, gzip's header.

/// The archive's bytes, after gzip where there is one.
class TarBytes {
 public:
  TarBytes(int file, bool gzip) : file_(file), gzip_(gzip) {
    if (gzip_) (void)::inflateInit2(&stream_, kGzip);
  }
  TarBytes(const TarBytes&) = delete;
  TarBytes& operator=(const TarBytes&) = delete;
  ~TarBytes() {
    if (gzip_) ::inflateEnd(&stream_);
  }

  /// Exactly as many bytes; an error where the archive ends before.
  Result<void> read(char* to, std::size_t length) {
    while (length > 0) {
      auto n = gzip_ ? inflated(to, length) : raw(to, length);
      if (!n) return fail(std::move(n).error());
      if (*n == 0 && !next_member()) return fail("it is cut off");
      to += *n;
      length -= *n;
    }
    return {};
  }

  /// Reads to the sum at the end, where gzip has one: it tells whether all was right.
  Result<void> finish() {
    std::array<char, 4096> padding;
    for (std::size_t pieces = 0; gzip_ && !ended_; ++pieces) {
      if (pieces > kPaddingMax / padding.size()) return fail("it goes on after its end");
      const auto n = inflated(padding.data(), padding.size());
      if (!n) return fail(Error(n.error()));
      if (*n == 0 && !ended_) return fail("it is cut off");
    }
    return {};
  }

 private:
  Result<std::size_t> raw(char* to, std::size_t length) {
    for (;;) {
      const ssize_t n = ::read(file_, to, length);
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) return fail(std::strerror(errno));
    }
  }
  Result<std::size_t> refill() {
    if (stream_.avail_in > 0) return stream_.avail_in;
    const auto n = raw(buffer_.data(), buffer_.size());
    stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_in = static_cast<uInt>(n.value_or(0));
    return n;
  }
  /// Nothing at the end of a member, and of the file.
  Result<std::size_t> inflated(char* to, std::size_t length) {
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(length, 1U << 30));
    const uInt asked = stream_.avail_out;
    while (stream_.avail_out == asked && !ended_) {
      const auto n = refill();
      if (!n || *n == 0) return n;
      const int code = ::inflate(&stream_, Z_NO_FLUSH);
      ended_ = code == Z_STREAM_END;
      if (!ended_ && code != Z_OK && code != Z_BUF_ERROR) return fail("its gzip data are damaged");
    }
    return asked - stream_.avail_out;
  }
  /// gzip files may be put one after the other.
  bool next_member() {
    if (!gzip_ || !ended_ || refill().value_or(0) == 0) return false;
    ended_ = false;
    return ::inflateReset(&stream_) == Z_OK;
  }

  int file_;
  bool gzip_;
  bool ended_ = false;  ///< The member of the gzip file.
  z_stream stream_ = {};
  std::array<char, 64 * 1024> buffer_;
};

using Block = std::array<char, kBlock>;

std::string_view field(const Block& block, std::size_t at, std::size_t length) {
  const std::string_view text(block.data() + at, length);
  return text.substr(0, text.find('\0'));
}

/// Octal text, or a binary number after a byte 0x80.
std::optional<std::uint64_t> number(const Block& block, std::size_t at, std::size_t length) {
  std::uint64_t value = 0;
  if (block[at] == '\x80') {
    for (std::size_t i = at + 1; i < at + length; ++i) {
      if (value >> 55 != 0) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(block[i]);
    }
    return value;
  }
  for (const char c : trim(field(block, at, length))) {
    if (c < '0' || c > '7' || value >> 60 != 0) return std::nullopt;
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

bool sum_is_right(const Block& block) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i)
    sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(block[i]);
  return number(block, 148, 8) == sum;
}

class TarReader {
 public:
  TarReader(int file, bool gzip, ArchiveTree& tree) : bytes_(file, gzip), tree_(tree) {}

  Result<void> run() {
    for (;;) {
      Block block;
      if (auto read = bytes_.read(block.data(), kBlock); !read) return read;
      if (std::ranges::all_of(block, [](char c) { return c == '\0'; })) return bytes_.finish();
      const auto size = number(block, 124, 12);
      if (!size || !sum_is_right(block) || block[257] != 'u')
        return fail("it is no tar, or damaged");
      if (auto done = entry(block, *size); !done) return done;
    }
  }

 private:
  Result<void> entry(const Block& block, std::uint64_t size) {
    const char type = block[156];
    switch (type) {
      case 'L':
        return long_text(size, next_name_);
      case 'K':
        return long_text(size, next_link_);
      case 'x':
        return extended(size);
      case 'g':
        return skip(size);
      default:
        break;
    }
    std::string name = std::exchange(next_name_, "");
    std::string link = std::exchange(next_link_, "");
    size = std::exchange(next_size_, std::nullopt).value_or(size);
    if (name.empty()) {
      const bool posix = block[262] == '\0';  // GNU's own format has other things there.
      const std::string_view prefix = posix ? field(block, 345, 155) : "";
      name = std::string(prefix) + (prefix.empty() ? "" : "/") + std::string(field(block, 0, 100));
    }
    if (link.empty()) link = field(block, 157, 100);
    return make(type, name, link, size, number(block, 100, 8).value_or(0));
  }

  Result<void> make(char type, const std::string& name, const std::string& link, std::uint64_t size,
                    std::uint64_t mode) {
    switch (type) {
      case '\0':
      case '0':
      case '7':
        // Before POSIX a folder was a file whose name ends with a slash.
        return name.ends_with('/') ? tree_.add_folder(name) : file(name, size, (mode & 0111) != 0);
      case '1':
        return tree_.add_hard_link(name, link);
      case '2':
        return tree_.add_symlink(name, link);
      case '5':
        return tree_.add_folder(name);
      default:
        return fail("\"" + printable(name, 200) + "\" in it is neither file, folder nor link");
    }
  }

  Result<void> file(const std::string& name, std::uint64_t size, bool executable) {
    auto out = tree_.add_file(name, executable);
    if (!out) return fail(std::move(out).error());
    const std::uint64_t padding = (kBlock - size % kBlock) % kBlock;
    while (size > 0) {
      const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer_.size()));
      if (auto read = bytes_.read(buffer_.data(), length); !read) return read;
      if (auto written = tree_.append(*out, {buffer_.data(), length}); !written) return written;
      size -= length;
    }
    return bytes_.read(buffer_.data(), static_cast<std::size_t>(padding));
  }

  Result<void> skip(std::uint64_t size) {
    std::string ignored;
    return long_text(size, ignored);
  }

  Result<void> long_text(std::uint64_t size, std::string& text) {
    if (size > kLongMax) return fail("a name in it is too long");
    const std::size_t whole = (static_cast<std::size_t>(size) + kBlock - 1) / kBlock * kBlock;
    text.resize(whole);
    if (auto read = bytes_.read(text.data(), whole); !read) return read;
    text.resize(static_cast<std::size_t>(size));
    if (text.ends_with('\0')) text.resize(text.find('\0'));
    return {};
  }

  /// pax records: "27 path=some/long/name\n".
  Result<void> extended(std::uint64_t size) {
    std::string text;
    if (auto read = long_text(size, text); !read) return read;
    for (std::string_view rest = text; !rest.empty();) {
      const auto space = rest.find(' ');
      const auto length = parse_number(rest.substr(0, space));
      if (space == std::string_view::npos || !length || *length <= space || *length > rest.size())
        return fail("a header in it is damaged");
      std::string_view record =
          rest.substr(space + 1, static_cast<std::size_t>(*length) - space - 1);
      rest.remove_prefix(static_cast<std::size_t>(*length));
      if (record.ends_with('\n')) record.remove_suffix(1);
      if (record.starts_with("path=")) next_name_ = record.substr(5);
      if (record.starts_with("linkpath=")) next_link_ = record.substr(9);
      if (record.starts_with("size=")) next_size_ = parse_number(record.substr(5));
      if (record.starts_with("GNU.sparse.")) return fail("it has sparse files");
    }
    return {};
  }

  TarBytes bytes_;
  ArchiveTree& tree_;
  std::string next_name_;
  std::string next_link_;
  std::optional<std::uint64_t> next_size_;
  std::array<char, 64 * 1024> buffer_;
};

}  // namespace

Result<void> unpack_tar(int archive, bool gzip, ArchiveTree& tree) {
  return TarReader(archive, gzip, tree).run();
}

}  // namespace bootsman
