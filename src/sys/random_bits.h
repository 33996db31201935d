#pragma once

#include <cstdint>

namespace bootsman {

/// 64 bits that nobody can foresee, from the kernel: getrandom(2). Never waits, never fails.
std::uint64_t random_bits();

}  // namespace bootsman
