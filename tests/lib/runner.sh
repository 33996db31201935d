# Sourced by tests/run.sh: runs one test program after the other and counts what came out.
# A runner writes a JUnit report; tally.py reads it, prints what failed, and adds up.

RESULTS=$PWD/build/test-results
UNDER=()
JOBS=${BOOTSMAN_JOBS:-$(nproc)}

start_tally() {
  rm -rf "$RESULTS"
  mkdir -p "$RESULTS"
}

# run_tests NAME SECONDS COMMAND…: COMMAND writes $RESULTS/NAME.xml. One that crashes, takes longer, or
# reports no test has failed, whatever its report says.
run_tests() {
  local name=$1 seconds=$2
  shift 2
  BOOTSMAN_SKIPPED=$RESULTS/$name.skipped timeout --kill-after=20 "$seconds" "$@" </dev/null
  python3 tests/lib/tally.py add "$RESULTS" "$name" $?
}

# Not a test, but what the tests need: its failure counts as one.
need() {
  local name=$1
  shift
  "$@" && return 0
  python3 tests/lib/tally.py broken "$RESULTS" "$name" "cannot run the tests of $name: \"$*\" failed"
  return 1
}

print_tally() { python3 tests/lib/tally.py print "$RESULTS"; }

# build PRESET [TARGET…]
build() {
  local preset=$1
  shift
  cmake --preset "$preset" >"$RESULTS/configure-$preset.log" 2>&1 ||
    { tail -n 40 "$RESULTS/configure-$preset.log"; return 1; }
  cmake --build --preset "$preset" --parallel "$JOBS" ${@:+--target "$@"} >"$RESULTS/build-$preset.log" 2>&1 ||
    { grep -E -A12 'error|FAILED' "$RESULTS/build-$preset.log" | head -n 80; return 1; }
}

# doctest NAME PRESET
doctest() {
  local program=build/$2/$1
  [ -x "$program" ] || { need "$1" test -x "$program"; return; }
  run_tests "$1-$2" 600 "$program" --reporters=junit --out="$RESULTS/$1-$2.xml"
}

# The first Python that has pytest; installed where none has.
find_pytest() {
  local python
  for python in python3 /usr/bin/python3; do
    PYTHON=$("$python" -c 'import pytest, sys; print(sys.executable)' 2>/dev/null) && return 0
  done
  packaging/install-build-deps.sh python3-pytest && PYTHON=/usr/bin/python3
}

# pytest_folder NAME SECONDS FOLDER [OPTION…]: the folder may list packages of its own, one a line, in
# packages.txt; they are installed where that is possible, and a test says what it misses. pytest runs under the
# command UNDER, if that is set.
pytest_folder() {
  local name=$1 seconds=$2 folder=$3
  shift 3
  need "$name" test -d "$folder" && need "$name" find_pytest || return
  [ ! -f "$folder/packages.txt" ] || packaging/install-build-deps.sh $(grep -v '^#' "$folder/packages.txt") ||
    echo "some packages of $folder/packages.txt are missing: tests that need them are skipped"
  run_tests "$name" "$seconds" "${UNDER[@]}" "$PYTHON" -m pytest "$folder" -q --tb=short -p no:cacheprovider \
    --junitxml="$RESULTS/$name.xml" "$@"
}
