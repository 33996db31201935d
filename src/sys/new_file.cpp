#include "sys/new_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace bootsman {

NewFile::NewFile(NewFile&& other) noexcept
    : target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, "")),
      offset_(other.offset_),
      fd_(std::move(other.fd_)) {}

NewFile::~NewFile() {
  if (!temporary_.empty()) (void)::unlink(temporary_.c_str());
}

FileResult<NewFile> NewFile::create(const std::string& path, const WriteOptions& options) {
  NewFile file;
  file.target_ = path;
  if (options.follow) {
    auto resolved = resolve_links(path);
    if (!resolved) return tl::make_unexpected(std::move(resolved).error());
    file.target_ = std::move(*resolved);
  }
  const FileStat old = stat_file(file.target_);
  if (old.kind == FileKind::Directory) return file_error("write", path, EISDIR);
  if (old.kind == FileKind::Other) return file_error("write", path, EINVAL);
  const std::string temporary = temporary_name(file.target_);
  (void)::unlink(temporary.c_str());
  file.fd_.reset(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.fd_) return file_error("write", path, errno);
  file.temporary_ = temporary;
  const bool exists = old.kind == FileKind::Regular;
  const int fd = file.fd_.get();
  const FileId own{::geteuid(), ::getegid()};
  const FileId owner = options.owner.value_or(exists ? FileId{old.uid, old.gid} : own);
  if ((owner.uid != own.uid || owner.gid != own.gid) && ::fchown(fd, owner.uid, owner.gid) != 0)
    return file_error("write", path, errno);
  if (::fchmod(fd, options.mode.value_or(exists ? old.mode : 0644)) != 0)
    return file_error("write", path, errno);
  return file;
}

FileResult<void> NewFile::append(std::string_view bytes) {
  if (!write_all(fd_.get(), bytes, offset_)) return file_error("write", target_, errno);
  offset_ += static_cast<off_t>(bytes.size());
  return {};
}

FileResult<void> NewFile::commit() {
  if (::fsync(fd_.get()) != 0 || ::rename(temporary_.c_str(), target_.c_str()) != 0)
    return file_error("write", target_, errno);
  temporary_.clear();
  sync_folder_of(target_);
  return {};
}

}  // namespace bootsman
