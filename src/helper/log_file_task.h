#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"
#include "sys/fd.h"

namespace bootsman {

/// A log file that is put aside when it has grown: FILE becomes FILE.1, that FILE.2 and so on, at
/// most `count` of them. Each step is a rename, so that a crash at any point loses no line that was
/// written, and the next start goes on where it stopped. A file that somebody removes is made anew;
/// a symbolic link in its place is refused.
class RotatingFile {
 public:
  RotatingFile(std::string path, std::uint64_t size, std::uint32_t count);

  /// Appends whole lines. What cannot be written is lost and counted; once it can be again, a line
  /// in the file says how much that was.
  void write(std::string_view lines);
  /// Puts the file aside now. Where somebody else has renamed it, only a new one is opened.
  void rotate();
  /// What went wrong, once each time; empty when nothing did.
  std::string take_trouble();
  /// Asks the disk to have it all.
  void sync();

 private:
  void append(std::string_view lines);
  std::size_t fitting(std::string_view lines) const;
  bool open();
  bool is_ours() const;
  void put_aside();
  bool write_all(std::string_view bytes);
  void troubled(std::string_view what, std::string_view why);

  std::string path_;
  std::uint64_t size_limit_;
  std::uint32_t count_;
  UniqueFd file_;
  std::uint64_t size_ = 0;
  std::uint64_t lost_ = 0;
  std::string trouble_;
  bool in_trouble_ = false;
  bool grows_ = false;  ///< It could not be put aside, which has been said.
};

/// The helper `log-file`: stdin goes to the file until its end; SIGHUP rotates. The request:
/// {"path": …, "size": bytes, "count": files}.
void write_log_file(const Value& request);

}  // namespace bootsman
