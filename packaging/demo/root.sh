#!/bin/sh
# Builds a throw-away root file system: all of the machine's programs, none of its files at risk.
#
#   root.sh DIR [SOURCE TARGET]...
#
# Run it as root in a mount namespace of its own, so that everything is gone with the namespace.
# Afterwards DIR/root shows the machine's root under a writable layer in memory, with a /dev, /run
# and /tmp of its own. Each SOURCE is shown, read-only, at TARGET of that root. DIR must be empty.
# /proc and /sys belong to the namespaces of the one who enters: enter.sh mounts them.
set -eu

if [ $(($# % 2)) -ne 1 ]; then
    echo "usage: root.sh DIR [SOURCE TARGET]..." >&2
    exit 2
fi
dir=$1
shift

# The writable layer may not lie on the file system that it covers.
mount -t tmpfs -o mode=755 bootsman-root "$dir"
cd "$dir"
mkdir upper work root
# Relative names: a comma in DIR would end the mount option.
mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work bootsman-root root
cd root

# A device node of the machine, shown here. Nothing else of the machine's /dev is.
device() {
    [ -e "/dev/$1" ] || return 0
    : >"dev/$1"
    mount --bind "/dev/$1" "dev/$1"
}

mount -t tmpfs -o mode=755 bootsman-dev dev
for name in null zero full random urandom tty fuse; do device "$name"; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 bootsman-pts dev/pts
mount -t tmpfs -o mode=1777 bootsman-shm dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr

mount -t tmpfs -o mode=755 bootsman-run run
mount -t tmpfs -o mode=1777 bootsman-tmp tmp

while [ $# -ge 2 ]; do
    target=".$2"
    if [ -d "$1" ]; then
        mkdir -p "$target"
    else
        mkdir -p "$(dirname "$target")"
        : >"$target"
    fi
    mount --bind "$1" "$target"
    mount -o remount,ro,bind "$target"
    shift 2
done
