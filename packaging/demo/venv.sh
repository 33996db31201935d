#!/bin/sh
# Puts JupyterLab and TensorBoard into a virtual environment.
#
#   venv.sh DIR
#
# Prints one line: "ready" (both programs are in DIR/bin), or "missing REASON". Exits 0 in both
# cases, so that the caller decides what to do without them; 1 only for wrong use.
# An environment that is already complete is used as it is and no index is asked.
set -eu

[ $# -eq 1 ] || { echo "usage: venv.sh DIR" >&2; exit 1; }
venv=$1
# What the seed's image installs. TensorBoard imports pkg_resources, which setuptools 81 announced
# the end of.
packages="jupyterlab jupyterlab-language-pack-zh-CN tensorboard setuptools<81"
log=$venv.log

is_complete() { [ -e "$venv/.complete" ] && "$venv/bin/python" -c pass 2>/dev/null; }

missing() {
    echo "missing $1 (the whole output is in $log)"
    exit 0
}

if is_complete; then
    echo ready
    exit 0
fi

# Debian's own interpreter first: it lies where every root that shows the machine has it.
python=/usr/bin/python3
[ -x "$python" ] || python=python3

mkdir -p "$(dirname "$venv")"
rm -rf "$venv"
"$python" -m venv "$venv" >"$log" 2>&1 ||
    missing "cannot make a virtual environment with $python; is python3-venv installed?"
# shellcheck disable=SC2086  # one word per package
timeout 600 "$venv/bin/python" -m pip install --quiet --retries 1 --timeout 20 $packages >>"$log" 2>&1 ||
    missing "cannot install JupyterLab and TensorBoard from the Python package index: $(tail -n 1 "$log")"
: >"$venv/.complete"
echo ready
