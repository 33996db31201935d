#include "shell/last_words_file.h"

#include "shell/ask_helper.h"
#include "shell/what_may_hang.h"
#include "sys/termination_log.h"

namespace bootsman {

bool write_last_words(const Setup& setup, const std::string& path, const std::string& message) {
  constexpr Millis kPatience{1'000};
  if (what_may_hang(path).empty()) {
    write_termination_log(path, message);
    return true;
  }
  Value request;
  request.set("path", path);
  request.set("text", message);
  return hear_helper(setup, "last-words", request, {}, kPatience).end == HelperSaid::End::Itself;
}

}  // namespace bootsman
