#include "sys/random_bits.h"

#include <sys/auxv.h>
#include <sys/random.h>

#include <cstring>

namespace bootsman {

std::uint64_t random_bits() {
  std::uint64_t bits = 0;
  if (::getrandom(&bits, sizeof bits, GRND_NONBLOCK) == sizeof bits) return bits;
  // Shortly after a machine's start, or where a filter forbids it: what execve(2) has given us.
  static std::uint64_t given = 0;
  if (given == 0)
    if (const unsigned long place = ::getauxval(AT_RANDOM); place != 0)
      std::memcpy(&given, reinterpret_cast<const void*>(place), sizeof given);
  // The next of Knuth's linear sequence (MMIX), so that two calls do not get the same.
  given = given * 6364136223846793005U + 1442695040888963407U;
  return given;
}

}  // namespace bootsman
