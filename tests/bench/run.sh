#!/usr/bin/env bash
# Usage: tests/bench/run.sh [--quick] [--only WORD]… [--out FOLDER]
#
# Measures the release executable ($BOOTSMAN, or build/release/bootsman) beside the peers of packages.txt and the
# least that could be done, in turns, as root. Writes results.json, benchmarks.md and benchmarks.svg to FOLDER
# (build/bench). --quick takes a minute and shows only that all is measured.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
binary=${BOOTSMAN:-$repository/build/release/bootsman}
out=$repository/build/bench
arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --out) out=$2 && shift 2 ;;
    *) arguments+=("$1") && shift ;;
  esac
done
[ -x "$binary" ] || { echo "cannot measure: $binary is not there; build the preset release, or set BOOTSMAN" >&2; exit 2; }
mkdir -p "$out"
"${CC:-cc}" -O2 -static -Wall -Wextra -Werror -o "$out/load" "$here/load.c"
exec python3 "$here/bench.py" --load "$out/load" --binary "$binary" --out "$out" "${arguments[@]}"
