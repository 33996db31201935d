#pragma once

#include <cstddef>

namespace bootsman {

// A piece of address space that is kept for the moment in which the kernel gives no more (a limit
// on it, no overcommit). It takes no memory: nobody has written to it.

/// From here on an allocation that fails, by operator new or by `allocate` and its like, is tried
/// once more after the reserve was given back to the kernel.
void hold_reserve() noexcept;

/// Whether the reserve was given back and is not held again.
bool reserve_is_used() noexcept;

/// Tries to hold it again. Whether it is held now.
bool hold_reserve_again() noexcept;

/// As malloc(3) and its like, with that second try; for libraries that end the process otherwise.
void* allocate(std::size_t size) noexcept;
void* allocate_zeros(std::size_t count, std::size_t size) noexcept;
void* reallocate(void* memory, std::size_t size) noexcept;

}  // namespace bootsman
