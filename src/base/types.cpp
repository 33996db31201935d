#include "base/types.h"

#include "base/text.h"

namespace bootsman {

std::string describe(ExitStatus status) {
  if (status.kind == ExitStatus::Kind::Exited) return "exited " + std::to_string(status.value);
  std::string text = "killed by " + signal_name(Signal{status.value});
  if (status.core_dumped) text += " (core dumped)";
  return text;
}

}  // namespace bootsman
