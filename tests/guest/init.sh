#!/bin/sh
# The first process under the kernel that run.sh boots: makes a small machine, runs $GUEST_FOLDER/guest.sh, writes its
# exit code beside it, and switches off. The root shows the files of the machine outside, read-only.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TMPDIR=/mnt

prepare() {
  mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t tmpfs tmpfs /run &&
    mount -t tmpfs tmpfs "$TMPDIR" || return
  mountpoint -q /dev || mount -t devtmpfs devtmpfs /dev
  mkdir -p /dev/pts /dev/shm "$TMPDIR/lib"
  mount -t devpts devpts /dev/pts && mount -t tmpfs -o mode=1777 tmpfs /dev/shm || return
  mount -t cgroup2 cgroup2 /sys/fs/cgroup && echo +memory +cpu +pids >/sys/fs/cgroup/cgroup.subtree_control || return
  ln -s /usr/lib/uml/modules "$TMPDIR/lib/modules" && modprobe -d "$TMPDIR" -a overlay fuse nfsv4 || return
  ip link set lo up && mount -t hostfs -o "$GUEST_FOLDER" hostfs "$GUEST_FOLDER"
}

if prepare; then
  bash "$GUEST_FOLDER/guest.sh"
  echo $? >"$GUEST_FOLDER/guest.code"
fi
echo o >/proc/sysrq-trigger
exec sleep 60
