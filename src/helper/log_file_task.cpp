#include "helper/log_file_task.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "base/text.h"
#include "sys/file.h"

namespace bootsman {
namespace {

volatile sig_atomic_t rotate_asked = 0;

void ask_to_rotate(int) {
  rotate_asked = 1;
}

void take_sighup() {
  // Without SA_RESTART: a read that waits for lines must end.
  struct sigaction action {};
  action.sa_handler = ask_to_rotate;
  ::sigaction(SIGHUP, &action, nullptr);
  sigset_t all;
  ::sigemptyset(&all);
  ::sigaddset(&all, SIGHUP);
  ::sigprocmask(SIG_UNBLOCK, &all, nullptr);
}

}  // namespace

RotatingFile::RotatingFile(std::string path, std::uint64_t size, std::uint32_t count)
    : path_(std::move(path)), size_limit_(size), count_(count) {
  open();
}

bool RotatingFile::open() {
  make_directories(path_.substr(0, path_.rfind('/')));
  // Not one that blocks: a FIFO without a reader is refused like any other mistake. No link either:
  // who may write to the folder could lead these lines into any file of the system.
  constexpr int kFlags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW;
  file_.reset(::open(path_.c_str(), kFlags, 0640));
  const int error = errno;
  struct stat status {};
  if (!file_ || ::fstat(file_.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    troubled("open", file_            ? "it is no regular file"
                     : error == ELOOP ? "it is a symbolic link; name the file that it leads to"
                                      : errno_text(error));
    file_.reset();
    return false;
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  // A crash may have cut the last line off; what comes must not look like its end.
  char last = '\n';
  if (size_ > 0 && ::pread(file_.get(), &last, 1, status.st_size - 1) == 1 && last != '\n')
    return write_all("\n");
  return true;
}

void RotatingFile::troubled(std::string_view what, std::string_view why) {
  if (!in_trouble_)
    trouble_ = "cannot " + std::string(what) + " the log file " + path_ + ": " + std::string(why) +
               "; its lines are lost until that is mended";
  in_trouble_ = true;
}

std::string RotatingFile::take_trouble() {
  return std::exchange(trouble_, {});
}

bool RotatingFile::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      troubled("write", errno_text(n < 0 ? errno : EIO));
      lost_ += bytes.size();
      // Opened anew, it is looked at again, and a line that was cut is ended.
      file_.reset();
      return false;
    }
    size_ += static_cast<std::uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// How many bytes of these lines, whole ones, go into the file as it is.
std::size_t RotatingFile::fitting(std::string_view lines) const {
  if (size_limit_ == 0 || size_ + lines.size() <= size_limit_) return lines.size();
  const std::size_t room = size_ < size_limit_ ? size_limit_ - size_ : 0;
  const std::size_t end = room == 0 ? std::string_view::npos : lines.rfind('\n', room - 1);
  if (end != std::string_view::npos) return end + 1;
  // A line longer than the limit has a file of its own.
  return size_ > 0 ? 0 : std::min(lines.find('\n'), lines.size() - 1) + 1;
}

void RotatingFile::write(std::string_view lines) {
  while (!lines.empty()) {
    std::size_t size = file_ ? fitting(lines) : lines.size();
    if (size == 0) {
      rotate();
      // Where that is refused it grows on.
      size = file_ && size_ == 0 ? fitting(lines) : lines.size();
    }
    append(lines.substr(0, size));
    lines.remove_prefix(size);
  }
}

void RotatingFile::append(std::string_view lines) {
  // Removed, perhaps with its folder: nobody would ever see what is written to it.
  struct stat status {};
  if (file_ && ::fstat(file_.get(), &status) == 0 && status.st_nlink == 0) file_.reset();
  if (!file_ && !open()) {
    lost_ += lines.size();
    return;
  }
  if (lost_ > 0) {
    const std::uint64_t lost = std::exchange(lost_, 0);
    if (!write_all("[bootsman: " + say_size(lost) + " were lost here]\n")) {
      lost_ = lost + lines.size();
      return;
    }
  }
  if (write_all(lines)) in_trouble_ = false;
}

/// Whether the path still leads to the file that is open.
bool RotatingFile::is_ours() const {
  struct stat open {};
  struct stat named {};
  return file_ && ::fstat(file_.get(), &open) == 0 && ::lstat(path_.c_str(), &named) == 0 &&
         open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

void RotatingFile::put_aside() {
  const auto name = [&](std::uint32_t number) { return path_ + "." + std::to_string(number); };
  // The oldest goes by being overwritten; from there to the newest, so that none is in the way. No
  // further than to the first free place: an earlier try may have got so far.
  std::uint32_t last = 1;
  struct stat there {};
  while (last < count_ && ::lstat(name(last).c_str(), &there) == 0) ++last;
  for (; last > 1; --last) (void)::rename(name(last - 1).c_str(), name(last).c_str());
  if (::rename(path_.c_str(), name(1).c_str()) != 0) {
    if (!std::exchange(grows_, true))
      trouble_ =
          "cannot put the log file " + path_ + " aside: " + errno_text(errno) + "; it grows on";
    return;
  }
  grows_ = false;
  sync();
  file_.reset();
  open();
}

void RotatingFile::rotate() {
  if (is_ours() && size_ > 0)
    put_aside();
  else
    open();
}

void RotatingFile::sync() {
  if (file_) ::fdatasync(file_.get());
}

void write_log_file(const Value& request) {
  take_sighup();
  RotatingFile file(request.get_string("path"),
                    static_cast<std::uint64_t>(request.get_int("size", 0)),
                    static_cast<std::uint32_t>(request.get_int("count", 1)));
  constexpr std::size_t kReadSize = 64 * 1024;
  std::vector<char> buffer(kReadSize);
  std::string partial;
  for (;;) {
    if (std::exchange(rotate_asked, 0) != 0) file.rotate();
    if (const std::string trouble = file.take_trouble(); !trouble.empty())
      std::fprintf(stderr, "%s\n", trouble.c_str());
    const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    // Only whole lines, so that a file never begins within one.
    std::string_view bytes(buffer.data(), static_cast<std::size_t>(n));
    const std::size_t end = bytes.rfind('\n');
    if (end == std::string_view::npos) {
      partial.append(bytes);
      continue;
    }
    partial.append(bytes.substr(0, end + 1));
    file.write(partial);
    partial = bytes.substr(end + 1);
  }
  if (!partial.empty()) file.write(partial + "\n");
  file.sync();
}

}  // namespace bootsman
