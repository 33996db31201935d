# Sourced by tests/run.sh: one function for each part.

# The counting itself is under test too, here and in the benchmark.
part_tidy() { pytest_folder tidy 120 tests/tidy tests/lib tests/bench; }

part_unit() {
  need unit build dev || return
  doctest unit_tests dev
  doctest shell_tests dev
}

part_sanitize() {
  need sanitize build asan unit_tests shell_tests || return
  export UBSAN_OPTIONS=print_stacktrace=1
  doctest unit_tests asan
  doctest shell_tests asan
}

part_release() {
  need release build release bootsman release_probes || return
  BOOTSMAN="$PWD/build/release/bootsman" pytest_folder release 600 tests/release -rs
}

part_e2e() {
  need e2e build release || return
  BOOTSMAN="$PWD/build/release/bootsman" pytest_folder e2e 900 tests/e2e -rs -m "not long and not guest"
}

part_mounts() {
  need mounts build release || return
  BOOTSMAN="$PWD/build/release/bootsman" pytest_folder mounts 600 tests/mounts -rs -m "not long and not guest"
}

# Where no kernel can be booted the tests run under this one, and say what they miss.
part_guest() {
  need guest build release || return
  packaging/install-build-deps.sh $(grep -v '^#' tests/guest/packages.txt) ||
    echo "some packages of tests/guest/packages.txt are missing"
  local UNDER=(tests/guest/run.sh "$RESULTS")
  "${UNDER[@]}" true || UNDER=()
  export BOOTSMAN="$PWD/build/release/bootsman"
  pytest_folder e2e-guest 600 tests/e2e -rs -m "guest or guest_too"
  pytest_folder mounts-guest 300 tests/mounts -rs -m guest
}

part_container() {
  need container build release || return
  BOOTSMAN="$PWD/build/release/bootsman" pytest_folder container 900 tests/container -rs -m "not long"
}

part_long() {
  need long build dev || return
  export BOOTSMAN_TEST_LONG=1
  doctest unit_tests dev
  fuzz
  need long-release build release || return
  BOOTSMAN="$PWD/build/release/bootsman" pytest_folder e2e-long 5400 tests/e2e -rs -m long
  BOOTSMAN="$PWD/build/release/bootsman" pytest_folder mounts-long 1800 tests/mounts -rs -m long
  BOOTSMAN="$PWD/build/release/bootsman" pytest_folder container-long 2700 tests/container -rs -m long
  bench
}

# That all is measured and every count is right; the figures themselves need a quiet machine.
bench() {
  grep -v '^#' tests/bench/packages.txt | xargs packaging/install-build-deps.sh
  if timeout 900 tests/bench/run.sh --quick --out "$RESULTS/bench" >"$RESULTS/bench.log" 2>&1; then
    python3 tests/lib/tally.py passed "$RESULTS" bench
  else
    tail -n 30 "$RESULTS/bench.log"
    python3 tests/lib/tally.py broken "$RESULTS" bench "the benchmark came to no end, or a count was wrong"
  fi
}

# Each target of tests/fuzz for a minute; a crash leaves its input beside the report.
fuzz() {
  local target name
  # The sanitizers' libraries are a package of their own, named after clang's version.
  packaging/install-build-deps.sh clang &&
    packaging/install-build-deps.sh "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
  need fuzz build fuzz || return
  for target in build/fuzz/*_fuzz; do
    name=$(basename "$target")
    if timeout 120 "$target" -max_total_time=60 -artifact_prefix="$RESULTS/$name-" >"$RESULTS/$name.log" 2>&1; then
      python3 tests/lib/tally.py passed "$RESULTS" "$name"
    else
      tail -n 30 "$RESULTS/$name.log"
      python3 tests/lib/tally.py broken "$RESULTS" "$name" "$name found an input that breaks it"
    fi
  done
}
