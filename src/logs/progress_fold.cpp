#include "logs/progress_fold.h"

namespace bootsman {

bool ProgressFold::blank(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == ' ' || text[at] == '\t') continue;
    if (text[at] != '\033') return false;
    // A control sequence (ECMA-48): ESC [ parameters final, or ESC and one byte.
    if (++at < text.size() && text[at] == '[') do
        ++at;
      while (at < text.size() && (text[at] < '@' || text[at] > '~'));
  }
  return true;
}

}  // namespace bootsman
