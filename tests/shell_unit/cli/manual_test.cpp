#include "cli/manual.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "cli/args.h"

namespace bootsman {

TEST_CASE("docs/man/bootsman.1 is what the table of commands says") {
  // To renew it: bootsman help --man > docs/man/bootsman.1
  std::ifstream file(BOOTSMAN_SOURCE_DIR "/docs/man/bootsman.1", std::ios::binary);
  const std::string kept{std::istreambuf_iterator<char>(file), {}};
  CHECK(kept == manual_page());
}

TEST_CASE("the manual names every command and option, and no roff request by chance") {
  const auto page = manual_page();
  for (const auto& row : commands()) {
    CAPTURE(row.name);
    std::string heading("\n.SS ");
    for (const char c : row.name) heading += c == '-' ? "\\-" : std::string(1, c);
    CHECK((page.find(heading) != page.npos) == !row.hidden);
    for (const auto& option : row.options) {
      std::string name(option.letter);
      if (!name.empty()) name = "\\" + name + ", ";
      name += "\\-\\-";
      for (const char c : option.name.substr(2)) name += c == '-' ? "\\-" : std::string(1, c);
      CHECK_MESSAGE(page.find("\n.B " + name) != page.npos, name);
    }
  }
  CHECK(page.find("\n\n") == page.npos);
}

}  // namespace bootsman
