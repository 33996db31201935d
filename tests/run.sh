#!/usr/bin/env bash
# Usage: tests/run.sh [all|PART…]
#
#   tidy       the rules of the source tree: who includes whom, banned calls, lengths
#   sanitize   the unit tests of the pure library and of the shell's small parts, under
#              AddressSanitizer and UndefinedBehaviorSanitizer
#   unit       the same, as built for development: quicker to build (not in "all")
#   release    the static executable: no interpreter, no shared library, runs on other systems
#   e2e        the static executable as PID 1 in namespaces
#   mounts     real mounts: s3fs against a real S3 store
#   guest      both under a kernel of its own: control groups of version 2, NFS
#   container  Dockerfile.example, built and run by podman
#   long       sweeps, fuzzing and gigabytes (not in "all")
#
# "all", the default, is the quick tier: the parts that are not said to be left out. Installs what is
# missing (as root), builds, runs, names what failed, and ends with one line: N passed, N failed, N skipped.
# Exits 1 when anything failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. tests/lib/runner.sh
. tests/lib/parts.sh

parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(all)
[ "${parts[*]}" != all ] || parts=(tidy sanitize release e2e mounts guest container)
for part in "${parts[@]}"; do
  if ! declare -F "part_$part" >/dev/null; then
    echo "cannot run the part \"$part\": there are all, tidy, unit, sanitize, release, e2e, mounts, guest, container, long" >&2
    exit 2
  fi
done

start_tally
packaging/install-build-deps.sh || exit 1
for part in "${parts[@]}"; do
  printf '\n=== %s\n' "$part"
  "part_$part"
done
printf '\n'
print_tally
