#include "sys/reserve.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace bootsman {
namespace {

constexpr std::size_t kReserve = 1024 * 1024;
void* held = nullptr;
bool used = false;

bool give_back() noexcept {
  if (held == nullptr) return false;
  ::munmap(held, kReserve);
  held = nullptr;
  used = true;
  return true;
}

void on_failed_new() {
  if (!give_back()) throw std::bad_alloc();
}

}  // namespace

void hold_reserve() noexcept {
  (void)hold_reserve_again();
  std::set_new_handler(on_failed_new);
}

bool reserve_is_used() noexcept {
  return used;
}

bool hold_reserve_again() noexcept {
  if (held != nullptr) return true;
  void* const memory =
      ::mmap(nullptr, kReserve, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  held = memory;
  used = false;
  return true;
}

void* allocate(std::size_t size) noexcept {
  void* const memory = std::malloc(size);
  return memory == nullptr && give_back() ? std::malloc(size) : memory;
}

void* allocate_zeros(std::size_t count, std::size_t size) noexcept {
  void* const memory = std::calloc(count, size);
  return memory == nullptr && give_back() ? std::calloc(count, size) : memory;
}

void* reallocate(void* memory, std::size_t size) noexcept {
  void* const moved = std::realloc(memory, size);
  return moved == nullptr && give_back() ? std::realloc(memory, size) : moved;
}

}  // namespace bootsman
