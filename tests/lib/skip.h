#pragma once

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

namespace bootsman::test {

/// For a test that can't be made here: `return skip("may not mount");`. doctest itself counts it as
/// passed; by its name in the file $BOOTSMAN_SKIPPED tests/lib/tally.py counts it as skipped.
inline void skip(const char* why) {
  MESSAGE("skipped: ", why);
  const char* path = std::getenv("BOOTSMAN_SKIPPED");
  std::FILE* file = path == nullptr ? nullptr : std::fopen(path, "a");
  if (file == nullptr) return;
  std::fprintf(file, "%s: %s\n", doctest::getContextOptions()->currentTest->m_name, why);
  std::fclose(file);
}

}  // namespace bootsman::test
