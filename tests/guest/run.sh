#!/usr/bin/env bash
# Usage: run.sh FOLDER COMMAND [ARG]…
# Runs COMMAND as root under a kernel of its own (user-mode Linux), which has control groups of version 2 and NFS
# whatever this machine's kernel has. It sees this machine's files, and can change none of them but what lies in FOLDER.
# Ends with its exit code; with 75 where no such kernel can be booted here, and says why.
set -uo pipefail
[ $# -ge 2 ] || { echo "usage: run.sh FOLDER COMMAND [ARG]..." >&2; exit 2; }
folder=$(realpath "$1") || exit 2
shift

cannot() { echo "cannot boot a kernel for tests: $*" >&2; exit 75; }

command -v linux.uml >/dev/null && command -v modprobe >/dev/null ||
  cannot "user-mode-linux and kmod are not installed (Debian has them for amd64)"
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work" "$folder/guest.code" "$folder/guest.sh"' EXIT

# Its memory is a file, as long as it is used; /dev/shm may be tiny in a container.
memory=1024
shm=$(df --output=avail --block-size=M /dev/shm 2>/dev/null | tail -n 1 | tr -dc 0-9)
[ "${shm:-0}" -ge "$memory" ] || export TMPDIR=$work

{
  printf 'cd %q || exit 1\n' "$PWD"
  [ -z "${BOOTSMAN:-}" ] || printf 'export BOOTSMAN=%q\n' "$BOOTSMAN"
  printf '%q ' "$@"
  printf '>%q 2>&1\n' "$folder/guest.log"
} >"$folder/guest.sh"
rm -f "$folder/guest.code" "$folder/guest.log"

# What its first process finds in its environment comes from the kernel's command line.
linux.uml mem=${memory}M root=/dev/root rootfstype=hostfs rootflags=/ ro init="$(dirname "$(realpath "$0")")/init.sh" \
  GUEST_FOLDER="\"$folder\"" uml_dir="$work" con=null con0=null,fd:1 loglevel=2 </dev/null >"$folder/guest.console" 2>&1 &
kernel=$!
trap 'kill $kernel 2>/dev/null' TERM INT
while kill -0 $kernel 2>/dev/null; do wait $kernel; done

cat "$folder/guest.log" 2>/dev/null
[ -f "$folder/guest.code" ] || { tail -n 20 "$folder/guest.console" >&2; cannot "its words are above"; }
exit "$(cat "$folder/guest.code")"
