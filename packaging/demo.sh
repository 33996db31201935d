#!/usr/bin/env bash
# The workspace on this machine, in a minute: see usage below, or run with --help.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: packaging/demo.sh [--detach | --down] [--binary FILE]

Builds Bootsman and runs it as PID 1 of a throw-away workspace on this machine: new PID, mount, UTS,
IPC and network namespaces, and a root that shows this machine's programs below a layer in memory.
Nothing outside build/ is changed, except that missing packages are installed. Needs root on a
Debian or Ubuntu machine.

  (no option)    run in the foreground; Ctrl-C ends it
  --detach       run in the background; the log goes to build/demo/log
  --down         end the one in the background
  --binary FILE  run this executable instead of building one
TEXT
}

fail() {
    echo "$*" >&2
    exit 1
}

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
here=$repository/packaging/demo
state=$repository/build/demo
venv=$repository/build/demo-venv

mode=foreground
binary=
while [[ $# -gt 0 ]]; do
    case $1 in
        --detach) mode=detach ;;
        --down) mode=down ;;
        --binary)
            [[ $# -ge 2 ]] || fail "--binary needs the path of an executable"
            binary=$(realpath "$2")
            shift
            ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done

# The demo's process number, if it runs.
running() {
    [[ -f $state/pid && -f $state/lock ]] || return 1
    flock --nonblock "$state/lock" true && return 1
    cat "$state/pid"
}

down() {
    local pid
    if pid=$(running); then
        kill -TERM "$pid"
        # It gives the init its own time to stop, then ends it by force.
        timeout 90 tail --pid="$pid" -f /dev/null || kill -KILL "$pid"
        echo "The demo has ended."
    else
        echo "No demo is running."
    fi
    rm -rf "$state"
}

# Installs the packages of those pairs COMMAND-OR-FILE PACKAGE whose first half is missing.
install_missing() {
    local packages=()
    while [[ $# -ge 2 ]]; do
        command -v "$1" >/dev/null || [[ -e $1 ]] || packages+=("$2")
        shift 2
    done
    "${python3:-/usr/bin/python3}" -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
    [[ ${#packages[@]} -gt 0 ]] || return 0
    command -v apt-get >/dev/null ||
        fail "cannot install ${packages[*]}: this machine has no apt-get; install them and start again"
    echo "Installing ${packages[*]}"
    apt-get -o DPkg::Lock::Timeout=300 update -qq
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq \
        --no-install-recommends "${packages[@]}" >/dev/null
}

build() {
    "$repository/packaging/install-build-deps.sh"
    (cd "$repository" && cmake --preset release && cmake --build --preset release)
    binary=$repository/build/release/bootsman
}

# Fills `arguments` with where Jupyter and TensorBoard come from.
find_programs() {
    local answer
    echo "Looking for JupyterLab and TensorBoard (the first time takes a minute)"
    answer=$("$here/venv.sh" "$venv")
    if [[ $answer == ready ]]; then
        # By its own name, which its scripts begin with.
        arguments+=(--venv "$(readlink -f "$venv")")
        return
    fi
    arguments+=(--note "TensorBoard is skipped: ${answer#missing }")
    if (install_missing jupyter-server jupyter-server /usr/share/jupyter/kernels/python3/kernel.json python3-ipykernel); then
        arguments+=(--config "$here/debian-jupyter.toml" --note "Jupyter is the distribution's jupyter-server")
    else
        arguments+=(--note "Jupyter is skipped: the distribution has no jupyter-server")
    fi
}

detach() {
    setsid python3 "$here/supervise.py" "${arguments[@]}" --quiet </dev/null >"$state/log" 2>&1 &
    local pid=$!
    trap 'kill -TERM "$pid"; exit 130' INT TERM
    while [[ ! -f $state/info ]]; do
        if ! kill -0 "$pid" 2>/dev/null; then
            tail -n 40 "$state/log" >&2
            fail "The demo did not start; its last words are above, all of them in $state/log"
        fi
        sleep 0.1
    done
    cat "$state/info"
    echo "  Log: $state/log    End it: $repository/packaging/demo.sh --down"
}

[[ $(id -u) -eq 0 ]] || fail "cannot start the demo: it needs root for its namespaces and mounts"
if [[ $mode == down ]]; then
    down
    exit
fi
if pid=$(running); then
    fail "cannot start the demo: one is running already (process $pid); $0 --down ends it"
fi

install_missing sshd openssh-server unshare util-linux ip iproute2 flock util-linux python3 python3
[[ -n $binary ]] || build
[[ -x $binary ]] || fail "cannot run $binary: it is not an executable file"
rm -rf "$state"
mkdir -p "$state"
arguments=(--state "$state" --binary "$binary")
find_programs
if [[ $mode == detach ]]; then detach; else exec python3 "$here/supervise.py" "${arguments[@]}"; fi
