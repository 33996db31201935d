#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace bootsman {
namespace {

FileFault g_fault = nullptr;

/// Fails in a test's place when it asks for it; see set_file_fault.
bool faulted(const char* next_step) {
  if (g_fault == nullptr) return false;
  const int code = g_fault(next_step);
  if (code != 0) errno = code;
  return code != 0;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

FileStat to_file_stat(const struct stat& st) {
  FileStat result;
  result.kind = S_ISREG(st.st_mode)   ? FileKind::Regular
                : S_ISDIR(st.st_mode) ? FileKind::Directory
                : S_ISLNK(st.st_mode) ? FileKind::Symlink
                                      : FileKind::Other;
  result.mode = st.st_mode & 07777;
  result.uid = st.st_uid;
  result.gid = st.st_gid;
  return result;
}

std::string read_link(const std::string& path) {
  char buffer[4096];
  const ssize_t length = ::readlink(path.c_str(), buffer, sizeof buffer);
  return length < 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(length));
}

/// Fills the temporary file. False with errno set when any step failed.
bool fill_temporary(const std::string& temporary, std::string_view content, std::uint32_t mode,
                    FileId owner) {
  if (faulted("create")) return false;
  const Descriptor fd(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.ok()) return false;
  if (faulted("write") || !write_all(fd.get(), content)) return false;
  if ((owner.uid != ::geteuid() || owner.gid != ::getegid()) &&
      ::fchown(fd.get(), owner.uid, owner.gid) != 0)
    return false;
  if (faulted("mode") || ::fchmod(fd.get(), mode) != 0) return false;
  return !faulted("sync") && ::fsync(fd.get()) == 0;
}

/// For files that rename can't replace. The space is reserved first, beyond the file's end, so that
/// a full disk, and whoever ends us here, leave the old bytes.
FileResult<bool> write_in_place(const std::string& path, std::string_view content) {
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.ok()) return file_error("write", path, errno);
  struct stat st = {};
  const auto size = static_cast<off_t>(content.size());
  if (::fstat(fd.get(), &st) == 0 && st.st_size < size) {
    const int code = ::fallocate(fd.get(), FALLOC_FL_KEEP_SIZE, 0, size) == 0 ? 0 : errno;
    if (code == ENOSPC || code == EDQUOT) {
      (void)::ftruncate(fd.get(), st.st_size);
      return file_error("write", path, code);
    }
  }
  if (faulted("write in place") || !write_all(fd.get(), content) || faulted("truncate") ||
      ::ftruncate(fd.get(), size) != 0 || ::fsync(fd.get()) != 0)
    return file_error("write", path, errno);
  return true;
}

FileResult<bool> write_by_rename(const std::string& path, std::string_view content,
                                 const WriteOptions& options, const FileStat& old) {
  const std::string temporary = temporary_name(path);
  const bool exists = old.kind == FileKind::Regular;
  const std::uint32_t mode = options.mode.value_or(exists ? old.mode : 0644);
  const FileId own{static_cast<std::uint32_t>(::geteuid()),
                   static_cast<std::uint32_t>(::getegid())};
  const FileId kept = exists ? FileId{old.uid, old.gid} : own;
  bool done = fill_temporary(temporary, content, mode, options.owner.value_or(kept));
  if (done) done = !faulted("rename") && ::rename(temporary.c_str(), path.c_str()) == 0;
  if (done) {
    if (!faulted("sync folder")) sync_folder_of(path);
    return true;
  }
  const int code = errno;
  (void)::unlink(temporary.c_str());
  const bool maybe_in_place = code == EBUSY || code == EROFS || code == EACCES || code == EPERM;
  if (exists && maybe_in_place) {
    auto written = write_in_place(path, content);
    // "Busy" only says that it is a mount point: the reason that counts is why it can't be written.
    if (written || code == EBUSY) return written;
  }
  return file_error("write", path, code);
}

/// For a file whose bytes are right already.
FileResult<bool> settle_rights(const std::string& path, const WriteOptions& options,
                               const FileStat& old) {
  const bool same_mode = !options.mode || *options.mode == old.mode;
  const bool same_owner =
      !options.owner || (options.owner->uid == old.uid && options.owner->gid == old.gid);
  if (!same_owner && ::lchown(path.c_str(), options.owner->uid, options.owner->gid) != 0)
    return file_error("chown", path, errno);
  if (!same_mode && ::chmod(path.c_str(), *options.mode) != 0)
    return file_error("chmod", path, errno);
  return !same_mode || !same_owner;
}

}  // namespace

void set_file_fault(FileFault fault) {
  g_fault = fault;
}

bool FileError::refused() const {
  return code == EROFS || code == EACCES || code == EPERM;
}

tl::unexpected<FileError> file_error(std::string_view what, std::string_view path, int code) {
  std::string message = "cannot ";
  message.append(what).append(" ").append(path).append(": ").append(std::strerror(code));
  return tl::make_unexpected(FileError{code, std::move(message)});
}

FileStat stat_file(const std::string& path) {
  struct stat st = {};
  if (::lstat(path.c_str(), &st) != 0) return {};
  FileStat result = to_file_stat(st);
  if (result.kind == FileKind::Symlink) result.link = read_link(path);
  return result;
}

FileStat stat_target(const std::string& path) {
  struct stat st = {};
  return ::stat(path.c_str(), &st) == 0 ? to_file_stat(st) : FileStat{};
}

FileResult<std::string> resolve_links(std::string path) {
  for (int hops = 0; hops < 40; ++hops) {
    const FileStat st = stat_file(path);
    if (st.kind != FileKind::Symlink) return path;
    path = st.link.starts_with('/') ? st.link : folder_of(path) + "/" + st.link;
  }
  return file_error("follow", path, ELOOP);
}

bool write_all(int fd, std::string_view content, off_t offset) {
  while (!content.empty()) {
    const ssize_t n = ::pwrite(fd, content.data(), content.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    offset += n;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void sync_folder_of(const std::string& path) {
  const Descriptor fd(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.ok()) (void)::fsync(fd.get());
}

FileResult<std::string> read_file(const std::string& path, std::size_t limit) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.ok()) return file_error("read", path, errno);
  struct stat st = {};
  if (::fstat(fd.get(), &st) != 0) return file_error("read", path, errno);
  if (!S_ISREG(st.st_mode)) return file_error("read", path, S_ISDIR(st.st_mode) ? EISDIR : EINVAL);
  std::string content;
  char buffer[16384];
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_error("read", path, errno);
    if (n == 0) return content;
    content.append(buffer, static_cast<std::size_t>(n));
    if (content.size() > limit) return file_error("read", path, EFBIG);
  }
}

std::vector<std::string> list_directory(const std::string& path) {
  std::vector<std::string> names;
  DIR* folder = ::opendir(path.c_str());
  if (folder == nullptr) return names;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  ::closedir(folder);
  std::ranges::sort(names);
  return names;
}

std::string temporary_name(const std::string& path) {
  return folder_of(path) + "/." + name_of(path) + ".bootsman-new";
}

FileResult<bool> write_file(const std::string& path, std::string_view content,
                            const WriteOptions& options) {
  std::string target = path;
  if (options.follow) {
    auto resolved = resolve_links(path);
    if (!resolved) return tl::make_unexpected(std::move(resolved).error());
    target = std::move(*resolved);
  }
  (void)::unlink(temporary_name(target).c_str());
  const FileStat old = stat_file(target);
  if (old.kind == FileKind::Directory) return file_error("write", path, EISDIR);
  if (old.kind == FileKind::Other) return file_error("write", path, EINVAL);
  if (old.kind == FileKind::Regular) {
    const auto bytes = read_file(target);
    if (bytes && *bytes == content) return settle_rights(target, options, old);
  }
  return write_by_rename(target, content, options, old);
}

FileResult<bool> make_directories(const std::string& path, std::uint32_t mode) {
  const FileStat st = stat_target(path);
  if (st.kind == FileKind::Directory) return false;
  if (st.kind != FileKind::Missing) return file_error("make the folder", path, ENOTDIR);
  const std::string parent = folder_of(path);
  if (parent != path) {
    auto made = make_directories(parent, 0755);
    if (!made) return made;
  }
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST)
    return file_error("make the folder", path, errno);
  // The caller's umask must not decide.
  if (::chmod(path.c_str(), mode) != 0) return file_error("make the folder", path, errno);
  return true;
}

FileResult<bool> own_directory(const std::string& path, std::uint32_t mode, FileId owner) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat st = {};
  if (!fd.ok() || ::fstat(fd.get(), &st) != 0) return file_error("secure the folder", path, errno);
  const bool same_owner = st.st_uid == owner.uid && st.st_gid == owner.gid;
  const bool same_mode = (st.st_mode & 07777) == mode;
  if ((!same_owner && ::fchown(fd.get(), owner.uid, owner.gid) != 0) ||
      (!same_mode && ::fchmod(fd.get(), mode) != 0))
    return file_error("secure the folder", path, errno);
  return !same_owner || !same_mode;
}

FileResult<bool> replace_link(const std::string& path, const std::string& target) {
  const std::string temporary = temporary_name(path);
  (void)::unlink(temporary.c_str());
  const FileStat old = stat_file(path);
  if (old.kind == FileKind::Symlink && old.link == target) return false;
  if (old.kind == FileKind::Directory) return file_error("replace", path, EISDIR);
  if (faulted("link") || ::symlink(target.c_str(), temporary.c_str()) != 0)
    return file_error("link", path, errno);
  if (faulted("rename") || ::rename(temporary.c_str(), path.c_str()) != 0) {
    const int code = errno;
    (void)::unlink(temporary.c_str());
    return file_error("link", path, code);
  }
  sync_folder_of(path);
  return true;
}

FileResult<bool> remove_file(const std::string& path) {
  if (!faulted("remove") && ::unlink(path.c_str()) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return file_error("remove", path, errno);
}

FileResult<bool> remove_folder(const std::string& path) {
  std::error_code error;
  const auto removed = std::filesystem::remove_all(path, error);
  if (error) return file_error("remove", path, error.value());
  return removed > 0;
}

FileResult<bool> rename_file(const std::string& from, const std::string& to) {
  if (faulted("rename") || ::rename(from.c_str(), to.c_str()) != 0)
    return file_error("rename to", to, errno);
  sync_folder_of(to);
  return true;
}

FileResult<PasswordLock> PasswordLock::take(const std::string& path,
                                            std::chrono::milliseconds timeout) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return PasswordLock(-1);
  PasswordLock lock(fd);
  struct flock request = {};
  request.l_type = F_WRLCK;
  request.l_whence = SEEK_SET;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (::fcntl(fd, F_SETLK, &request) != 0) {
    if (errno != EACCES && errno != EAGAIN && errno != EINTR) return PasswordLock(-1);
    if (std::chrono::steady_clock::now() >= deadline) return file_error("lock", path, EBUSY);
    (void)::poll(nullptr, 0, 20);
  }
  return lock;
}

PasswordLock::PasswordLock(PasswordLock&& other) noexcept : fd_(other.fd_) {
  other.fd_ = -1;
}

PasswordLock::~PasswordLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace bootsman
