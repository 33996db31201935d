#include "helper/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/text.h"

namespace bootsman {
namespace {

/// What may be read before the first entry: libarchive keeps a zip's whole directory in memory.
constexpr std::uint64_t kDirectoryMax = 32U << 20;
constexpr unsigned kPiece = 64 * 1024;
constexpr std::size_t kPaddingMax = 1U << 20;  ///< After the end mark; tar itself writes 10 KiB.

/// The archive's bytes. zlib takes gzip off, since it looks at the sum at the end.
class ArchiveBytes {
 public:
  ArchiveBytes(int file, bool gzip) : file_(file) {
    if (gzip) gzip_ = ::gzdopen(::fcntl(file, F_DUPFD_CLOEXEC, 0), "rb");
    if (gzip && gzip_ == nullptr) error_ = std::strerror(errno);
  }
  ArchiveBytes(const ArchiveBytes&) = delete;
  ArchiveBytes& operator=(const ArchiveBytes&) = delete;
  ~ArchiveBytes() {
    if (gzip_ != nullptr) ::gzclose_r(gzip_);
  }

  /// Why there is no more, in words for people; empty while all is well, and at a right end.
  const std::string& error() const { return error_; }
  bool ended() const { return ended_; }
  void no_limit() { before_first_entry_ = false; }

  /// Reads to the sum at gzip's end, which tells whether all was right.
  bool finish() {
    for (std::size_t all = 0; gzip_ != nullptr && !ended_ && error_.empty();) {
      all += next().size();
      if (all > kPaddingMax) error_ = "it goes on after its end";
    }
    return error_.empty();
  }

  static la_ssize_t read(struct ::archive*, void* self, const void** bytes) {
    auto& mine = *static_cast<ArchiveBytes*>(self);
    const std::string_view piece = mine.next();
    *bytes = piece.data();
    return mine.error_.empty() ? static_cast<la_ssize_t>(piece.size()) : -1;
  }
  static la_int64_t seek(struct ::archive*, void* self, la_int64_t offset, int whence) {
    auto& mine = *static_cast<ArchiveBytes*>(self);
    mine.ended_ = false;
    const off_t at = ::lseek(mine.file_, offset, whence);
    return at < 0 ? ARCHIVE_FATAL : at;
  }

 private:
  std::string_view next() {
    const ssize_t n = gzip_ == nullptr ? ::read(file_, buffer_.data(), kPiece)
                                       : ::gzread(gzip_, buffer_.data(), kPiece);
    const int why = errno;
    ended_ = n == 0;
    int code = Z_OK;
    if (gzip_ != nullptr && n <= 0) (void)::gzerror(gzip_, &code);
    if (code == Z_BUF_ERROR)
      error_ = "it is cut off";
    else if (code == Z_DATA_ERROR)
      error_ = "its gzip data are damaged";
    else if (n < 0)
      error_ = std::strerror(code == Z_MEM_ERROR ? ENOMEM : why);
    const std::size_t length = n > 0 ? static_cast<std::size_t>(n) : 0;
    if (before_first_entry_ && (read_ += length) > kDirectoryMax)
      error_ = "it has too many entries";
    return {buffer_.data(), length};
  }

  int file_;
  gzFile gzip_ = nullptr;
  bool ended_ = false;
  bool before_first_entry_ = true;
  std::uint64_t read_ = 0;
  std::string error_;
  std::array<char, kPiece> buffer_;
};

struct CloseArchive {
  void operator()(struct ::archive* opened) const { ::archive_read_free(opened); }
};

class ArchiveReader {
 public:
  ArchiveReader(int file, ArchiveKind kind, ArchiveTree& tree)
      : bytes_(file, kind == ArchiveKind::GzippedTar),
        zip_(kind == ArchiveKind::Zip),
        tree_(tree) {}

  Result<void> run() {
    archive_.reset(::archive_read_new());
    if (archive_ == nullptr) return fail(std::strerror(ENOMEM));
    struct ::archive* const in = archive_.get();
    // A zip is read by its directory alone: what is only in its body has no place in it.
    const int known = zip_ ? ::archive_read_support_format_zip_seekable(in)
                           : ::archive_read_support_format_tar(in);
    ::archive_read_set_callback_data(in, &bytes_);
    ::archive_read_set_read_callback(in, ArchiveBytes::read);
    if (zip_) ::archive_read_set_seek_callback(in, ArchiveBytes::seek);
    if (known != ARCHIVE_OK || ::archive_read_open1(in) != ARCHIVE_OK) return damaged();
    for (;;) {
      struct ::archive_entry* entry = nullptr;
      const int code = ::archive_read_next_header(in, &entry);
      bytes_.no_limit();
      if (code == ARCHIVE_EOF) break;
      // Of a tar a warning is about what is not looked at here, such as times and attributes; of a
      // zip, that its directory and the file's own header contradict each other.
      if (code != ARCHIVE_OK && (zip_ || code != ARCHIVE_WARN)) return damaged();
      if (auto made = make(entry); !made) return made;
    }
    if (!bytes_.finish()) return damaged();
    return {};
  }

 private:
  Result<void> make(struct ::archive_entry* entry) {
    const char* const name = ::archive_entry_pathname(entry);
    if (name == nullptr) return fail("a name in it cannot be read");
    const std::string shown = "\"" + printable(name, 200) + "\" in it ";
    if (::archive_entry_is_encrypted(entry) != 0) return fail(shown + "is encrypted");
    if (const char* const target = ::archive_entry_hardlink(entry))
      return tree_.add_hard_link(name, target);
    const char* const target = ::archive_entry_symlink(entry);
    switch (::archive_entry_filetype(entry)) {
      case AE_IFDIR:
        return tree_.add_folder(name);
      case AE_IFLNK:
        return tree_.add_symlink(name, target == nullptr ? "" : target);
      case AE_IFREG:
        break;
      default:
        return fail(shown + "is neither file, folder nor link");
    }
    if (::archive_entry_sparse_count(entry) > 0) return fail(shown + "is a sparse file");
    auto file = tree_.add_file(name, (::archive_entry_perm(entry) & 0111) != 0);
    if (!file) return fail(std::move(file).error());
    return fill(*file);
  }

  Result<void> fill(const UniqueFd& file) {
    for (;;) {
      const void* bytes = nullptr;
      std::size_t length = 0;
      la_int64_t offset = 0;
      const int code = ::archive_read_data_block(archive_.get(), &bytes, &length, &offset);
      if (code == ARCHIVE_EOF) return {};
      // Here a warning is a sum that is wrong.
      if (code != ARCHIVE_OK) return damaged();
      auto written = tree_.append(file, {static_cast<const char*>(bytes), length});
      if (!written) return written;
    }
  }

  tl::unexpected<Error> damaged() const {
    if (!bytes_.error().empty()) return fail(bytes_.error());
    if (!zip_ && bytes_.ended()) return fail("it is cut off");
    const char* const words = ::archive_error_string(archive_.get());
    return fail(std::string("it is no ") + (zip_ ? "zip" : "tar") + ", or damaged" +
                (words == nullptr ? "" : ": " + printable(words, 200)));
  }

  ArchiveBytes bytes_;
  bool zip_;
  ArchiveTree& tree_;
  std::unique_ptr<struct ::archive, CloseArchive> archive_;
};

}  // namespace

Result<void> read_archive(int file, ArchiveKind kind, ArchiveTree& tree) {
  return ArchiveReader(file, kind, tree).run();
}

}  // namespace bootsman
