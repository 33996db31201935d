#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bootsman {

// Blocking file work for helpers and commands. Never called on PID 1's loop for configured paths.

/// Why a system call on a file failed.
struct FileError {
  int code = 0;         ///< errno.
  std::string message;  ///< "cannot write /etc/pip.conf: read-only file system".

  /// The file system or our rights forbid it; waiting or freeing space would not help.
  bool refused() const;
};

template <class T>
using FileResult = tl::expected<T, FileError>;

/// "cannot WHAT PATH: text of ERRNO".
tl::unexpected<FileError> file_error(std::string_view what, std::string_view path, int code);

enum class FileKind : std::uint8_t { Missing, Regular, Directory, Symlink, Other };

struct FileStat {
  FileKind kind = FileKind::Missing;
  std::uint32_t mode = 0;  ///< Permission bits only (07777).
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string link;  ///< Target of a symlink.
};

/// What is at `path`, without following a last symlink. Anything that can't be looked at counts as
/// missing.
FileStat stat_file(const std::string& path);
/// The same for what a symlink leads to.
FileStat stat_target(const std::string& path);

/// The file that a chain of symlinks ends at, also when that file does not exist yet.
FileResult<std::string> resolve_links(std::string path);

/// All bytes of a file; more than `limit` is an error (EFBIG). Pipes and devices are refused.
FileResult<std::string> read_file(const std::string& path, std::size_t limit = 16U << 20);

/// Names in a directory, sorted, without "." and ".."; empty when it can't be read.
std::vector<std::string> list_directory(const std::string& path);

struct FileId {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

struct WriteOptions {
  std::optional<std::uint32_t> mode;  ///< Nothing: the old file's mode, 0644 for a new one.
  bool follow =
      true;  ///< A symlink keeps its place and its target is written; else it is replaced.
  std::optional<FileId> owner = {};  ///< Nothing: the old file's, our own for a new one.
};

/// Replaces the content of `path` so that at any moment, also after kill -9, either the old or the
/// new bytes are there: a temporary file in the same folder, fsync, rename, fsync of the folder.
/// Owner and mode of the old file are kept. What can't be replaced by rename (a file that is a
/// mount point, a folder that may not be changed) gets one write in place, then a truncate. True:
/// the bytes differed and were written; false: nothing was touched.
FileResult<bool> write_file(const std::string& path, std::string_view content,
                            const WriteOptions& options = {});

/// Creates the folder and its missing parents. True: something was created.
FileResult<bool> make_directories(const std::string& path, std::uint32_t mode = 0755);

/// Gives a folder (never what a symlink leads to) this mode and owner. True: it had another.
FileResult<bool> own_directory(const std::string& path, std::uint32_t mode, FileId owner);

/// Makes `path` a symlink to `target`, atomically in the place of whatever file was there.
FileResult<bool> replace_link(const std::string& path, const std::string& target);

/// Removes a file or symlink. False: it was not there.
FileResult<bool> remove_file(const std::string& path);

/// Removes a folder with all that is in it; symlinks are removed, not followed. Where something
/// can't be removed the rest is left, too.
FileResult<bool> remove_folder(const std::string& path);

FileResult<bool> rename_file(const std::string& from, const std::string& to);

/// Writes all of it at `offset`. False with errno set.
bool write_all(int fd, std::string_view content, off_t offset = 0);

/// fsync of the folder that `path` lies in, where it can be done.
void sync_folder_of(const std::string& path);

/// The name of the temporary file that write_file uses for `path`: fixed, so that what an
/// interrupted run left behind is found and removed by the next.
std::string temporary_name(const std::string& path);

/// Holds the lock that lckpwdf(3) takes, so that no passwd(1) or useradd(8) runs meanwhile.
class PasswordLock {
 public:
  /// Waits at most `timeout`. Where the lock file can't be opened at all (read-only /etc) the lock
  /// is held in name only: the write that follows fails for the same reason.
  static FileResult<PasswordLock> take(const std::string& path, std::chrono::milliseconds timeout);
  PasswordLock(PasswordLock&& other) noexcept;
  PasswordLock& operator=(PasswordLock&&) = delete;
  ~PasswordLock();

 private:
  explicit PasswordLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

/// For tests only: called between the steps of every change with the name of the step that comes
/// next. A non-zero return makes that step fail with this errno.
using FileFault = int (*)(const char* next_step);
void set_file_fault(FileFault fault);

}  // namespace bootsman
