#include "core/messages.h"

#include <cerrno>

namespace bootsman {

int ExecFailure::shell_code() const {
  return error == ENOENT || error == ENOTDIR ? 127 : 126;
}

}  // namespace bootsman
