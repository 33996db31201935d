#!/bin/sh
# Becomes CMD inside the root that root.sh built, in the namespaces it was started in.
#
#   unshare --pid --mount --uts --ipc --net --fork --kill-child -- enter.sh ROOT HOSTNAME CMD [ARG]...
#
# CMD keeps this process's number, environment, standard input and output, and starts in /.
# ROOT_READ_ONLY=1 makes the root read-only, except for the places that are mounts of their own.
set -eu

[ $# -ge 3 ] || { echo "usage: enter.sh ROOT HOSTNAME CMD [ARG]..." >&2; exit 2; }
root=$1
name=$2
shift 2

ip link set lo up
hostname "$name" 2>/dev/null || echo "$name" >/proc/sys/kernel/hostname

cd "$root"
mkdir -p mnt
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
if [ "${ROOT_READ_ONLY:-}" = 1 ]; then mount -o remount,ro,bind .; fi
unset ROOT_READ_ONLY

# The working directory follows pivot_root to the new root, and the old one is let go.
pivot_root . mnt
umount -l /mnt
cd /
# The machine's control groups are for reading, as a container runtime shows them.
findmnt -Rrno TARGET /sys/fs/cgroup | while read -r group; do mount -o remount,ro,bind "$group"; done
exec "$@"
