#include "sys/own_memory.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <fstream>
#include <string>

#include "sys/random_bits.h"

namespace bootsman {
namespace {

/// KiB of this program's code that are mapped, from /proc/self/smaps.
long mapped_code() {
  char program[PATH_MAX] = {};
  REQUIRE(::readlink("/proc/self/exe", program, sizeof program - 1) > 0);
  std::ifstream smaps("/proc/self/smaps");
  long all = 0;
  bool code = false;
  for (std::string line; std::getline(smaps, line);) {
    long kib = 0;
    if (line.find(" r-xp ") != std::string::npos)
      code = line.ends_with(program);
    else if (code && std::sscanf(line.c_str(), "Rss: %ld kB", &kib) == 1)
      all += kib, code = false;
  }
  return all;
}

TEST_CASE("own memory: code that is not needed now is not mapped, and comes back") {
  const long before = mapped_code();
  REQUIRE(before > 0);
  release_memory();
  const long after = mapped_code();
  CHECK(after > 0);
  CHECK(after < before);
}

TEST_CASE("random bits: no two are the same") {
  CHECK(random_bits() != random_bits());
}

}  // namespace
}  // namespace bootsman
