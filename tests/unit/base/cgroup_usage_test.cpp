#include "base/cgroup_usage.h"

#include <doctest/doctest.h>

namespace bootsman {
namespace {

constexpr const char* kV2 =
    "usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\nnr_periods 40\n"
    "nr_throttled 3\nthrottled_usec 250000\nnr_bursts 0\n";
constexpr const char* kV1 = "nr_periods 40\nnr_throttled 3\nthrottled_time 250000999\n";

}  // namespace

TEST_CASE("throttling in both versions' words") {
  const Throttling wanted{40, 3, Micros{250'000}};
  CHECK(parse_throttling(kV2) == wanted);
  CHECK(parse_throttling(kV1) == wanted);
  CHECK(parse_throttling("nr_periods 0\nnr_throttled 0\n") == Throttling{0, 0, Micros{0}});
  CHECK_FALSE(parse_throttling("usage_usec 5\n"));
  CHECK_FALSE(parse_throttling("nr_periods x\nnr_throttled 1\n"));
  CHECK_FALSE(parse_throttling(""));
}

TEST_CASE("CPU time of version 2") {
  CHECK(parse_cpu_usage(kV2) == Micros{1'500'000});
  CHECK_FALSE(parse_cpu_usage(kV1));
  CHECK_FALSE(parse_cpu_usage("usage_usec_total 5\n"));
}

TEST_CASE("pressure") {
  const auto memory = parse_pressure("memory",
                                     "some avg10=0.12 avg60=0.05 avg300=0.01 total=987654\n"
                                     "full avg10=0.00 avg60=0.00 avg300=0.00 total=4321\n");
  REQUIRE(memory);
  CHECK(*memory == Pressure{"memory", Micros{987'654}, Micros{4'321}});
  const auto cpu = parse_pressure("cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");
  REQUIRE(cpu);
  CHECK(*cpu == Pressure{"cpu", Micros{7}, Micros{0}});
  CHECK_FALSE(parse_pressure("io", ""));
  CHECK_FALSE(parse_pressure("io", "some avg10=0.00\n"));
}

}  // namespace bootsman
