#!/usr/bin/env bash
# Usage: install-build-deps.sh [PACKAGE…]
# Installs what the build needs on Debian and Ubuntu, and the further packages that are named.
# Does nothing, in a moment, where all is there; otherwise it must run as root.
set -euo pipefail

BUILD="g++ cmake ninja-build ccache pkg-config python3 curl ca-certificates binutils bzip2 xz-utils
  libuv1-dev libc-ares-dev libspdlog-dev libfmt-dev libtomlplusplus-dev nlohmann-json3-dev
  doctest-dev libexpected-dev libcrypt-dev zlib1g-dev"

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "cannot install packages: this is not Debian or Ubuntu. Install the counterparts of: $BUILD" >&2
  exit 1
fi

missing=()
for package in $BUILD "$@"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "cannot install packages as a normal user. As root, run:
  apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "installing: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
install() { apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}" >/dev/null; }
# The package lists may be absent or old: only then they are fetched.
install 2>/dev/null || { apt-get -qq -o DPkg::Lock::Timeout=300 update; install; }
