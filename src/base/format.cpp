#include "base/format.h"

#include <fmt/format.h>

namespace bootsman {

std::string vformat_text(fmt::string_view text, fmt::format_args values) {
  return fmt::vformat(text, values);
}

}  // namespace bootsman
