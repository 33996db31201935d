#!/bin/sh
# Builds the demo's root and becomes `unshare`, whose only child is the init of the demo.
#
#   DEMO_PASSWORD=… DEMO_TOKEN=… start.sh STATE BINARY VENV CONFIG
#
# Run it in a mount namespace of its own. STATE/root must be an empty folder. BINARY is shown as
# /opt/bootsman/bootsman. VENV (may be empty) is shown where it is, and comes first in PATH. CONFIG
# (may be empty) is shown as /etc/bootsman/bootsman.toml.
set -eu

[ $# -eq 4 ] || { echo "usage: start.sh STATE BINARY VENV CONFIG" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
state=$1 binary=$2 venv=$3 config=$4
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bootsman

set -- "$binary" /opt/bootsman/bootsman
if [ -n "$venv" ]; then
    set -- "$@" "$venv" "$venv"
    path=$venv/bin:$path
fi
if [ -n "$config" ]; then set -- "$@" "$config" /etc/bootsman/bootsman.toml; fi
"$here/root.sh" "$state/root" "$@"

# What a platform puts there before it starts a container.
root=$state/root/root
rm -f "$root/etc/hosts" "$root/etc/hostname"
printf '127.0.0.1 localhost bootsman-demo\n::1 localhost\n' >"$root/etc/hosts"
echo bootsman-demo >"$root/etc/hostname"
mkdir -p "$root/sync"
(umask 077 && printf 'root:%s\n' "$DEMO_PASSWORD" >"$root/sync/root-passwd")

exec env -i PATH="$path" HOME=/root SHELL=/bin/bash USER=root LANG=C.UTF-8 TZ=Asia/Shanghai \
    JUPYTER_TOKEN="$DEMO_TOKEN" \
    unshare --pid --mount --uts --ipc --net --fork --kill-child=SIGKILL -- \
    "$here/enter.sh" "$root" bootsman-demo /opt/bootsman/bootsman run
