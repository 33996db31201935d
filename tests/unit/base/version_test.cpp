#include "base/version.h"

#include <doctest/doctest.h>

#include <algorithm>

TEST_CASE("the version has three numbers") {
  CHECK(std::ranges::count(bootsman::kVersion, '.') == 2);
  CHECK(bootsman::kVersion.find_first_not_of("0123456789.") == std::string_view::npos);
}
