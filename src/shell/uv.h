#pragma once

#include <uv.h>

#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "base/result.h"

namespace bootsman {

// What is allowed of libuv: loop, timers, TCP, pipes, polls, signals, checks and idles. Never
// uv_spawn (it reaps on its own), nor uv_queue_work, uv_fs_*, uv_getaddrinfo, uv_thread_* (libuv
// aborts where a thread can't be made).

/// Starts closing a handle; libuv's close callback frees it in a later turn of the loop. From here
/// on `data` is null: a callback that is still under way (a cancelled write, say) can tell by that
/// that the owner is gone.
template <class H>
struct UvClose {
  void operator()(H* handle) const noexcept {
    handle->data = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<H*>(closed); });
  }
};

/// Owns an initialised libuv handle whose memory outlives its owner. The loop must turn once more
/// after the last handle was dropped, or the memory is lost.
template <class H>
using UvPtr = std::unique_ptr<H, UvClose<H>>;

/// libuv's short reason for a negative status, "address already in use".
inline std::string uv_reason(int status) {
  return uv_strerror(status);
}

/// Allocates a handle, hands it to `init` (an `int(H*)` such as a call of uv_timer_init) and owns
/// it when that succeeded. `data` becomes `owner`. The error is "cannot WHAT: reason".
template <class H, class Init>
Result<UvPtr<H>> make_uv(const std::string& what, void* owner, Init init) {
  auto raw = std::make_unique<H>();
  if (int status = init(raw.get()); status < 0) {
    return fail("cannot " + what + ": " + uv_reason(status));
  }
  raw->data = owner;
  return UvPtr<H>(raw.release());
}

/// Told of what escaped from a callback. Must not throw.
struct FaultHook {
  void (*report)(void* context, const char* where, const char* what) = nullptr;
  void* context = nullptr;
};

/// The hook of this process; unset, faults are counted only. Set once at start by the runtime.
inline FaultHook& fault_hook() noexcept {
  static FaultHook hook;
  return hook;
}

/// How many faults guarded() has caught since the start.
inline unsigned long& fault_count() noexcept {
  static unsigned long count = 0;
  return count;
}

inline void report_fault(const char* where, const char* what) noexcept {
  ++fault_count();
  if (fault_hook().report) fault_hook().report(fault_hook().context, where, what);
}

/// Runs `fn` for a C caller: nothing is thrown through C. What escapes is counted and told to the
/// fault hook, and the loop goes on. Returns whether `fn` came to its end.
template <class F>
bool guarded(const char* where, F&& fn) noexcept {
  try {
    std::forward<F>(fn)();
    return true;
  } catch (const std::exception& fault) {
    report_fault(where, fault.what());
  } catch (...) {
    report_fault(where, "unknown exception");
  }
  return false;
}

}  // namespace bootsman
