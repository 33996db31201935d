#include "sys/termination_log.h"

#include <fcntl.h>
#include <unistd.h>

#include "sys/fd.h"

namespace bootsman {

void write_termination_log(const std::string& path, std::string_view message) {
  if (path.empty()) return;
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file) (void)!::write(file.get(), message.data(), message.size());
}

}  // namespace bootsman
