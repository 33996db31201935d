#include "shell/uv.h"

#include <doctest/doctest.h>

#include <new>
#include <stdexcept>

using namespace bootsman;

TEST_CASE("a dropped handle is closed by the loop, and a callback under way sees no owner") {
  uv_loop_t loop;
  REQUIRE(uv_loop_init(&loop) == 0);
  int owner = 0;
  {
    auto timer = make_uv<uv_timer_t>("make a timer", &owner,
                                     [&](uv_timer_t* t) { return uv_timer_init(&loop, t); });
    REQUIRE(timer.has_value());
    CHECK((*timer)->data == &owner);
    CHECK(uv_loop_close(&loop) == UV_EBUSY);
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  CHECK(uv_loop_close(&loop) == 0);
}

TEST_CASE("a handle that can't be made gives a sentence") {
  auto timer = make_uv<uv_timer_t>("make a timer", nullptr, [](uv_timer_t*) { return UV_ENOMEM; });
  REQUIRE_FALSE(timer.has_value());
  CHECK(timer.error().message() == "cannot make a timer: not enough memory");
}

TEST_CASE("what escapes from a callback is counted, told to the hook, and goes no further") {
  std::string told;
  fault_hook() = {[](void* context, const char* where, const char* what) {
                    *static_cast<std::string*>(context) += std::string(where) + ": " + what + ";";
                  },
                  &told};
  const auto before = fault_count();

  CHECK(guarded("fine", [] {}));
  CHECK_FALSE(guarded("timer", [] { throw std::runtime_error("broken"); }));
  CHECK_FALSE(guarded("read", [] { throw 7; }));
  fault_hook() = {};
  CHECK_FALSE(guarded("unset", [] { throw std::bad_alloc(); }));

  CHECK(told == "timer: broken;read: unknown exception;");
  CHECK(fault_count() == before + 3);
}
