"""Fixtures: the executable as PID 1 of a throw-away container, and what its log said on a failure."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from lib.container import PATH, Container  # noqa: E402
from lib.memory import MIB, memory_group  # noqa: E402
from lib.root import BINARY_INSIDE, REPOSITORY, Root  # noqa: E402
from lib.web import Authority  # noqa: E402

VENV = REPOSITORY / "build/demo-venv"


def find_binary():
    """$BOOTSMAN, or the first build that is there."""
    named = [Path(os.environ["BOOTSMAN"])] if "BOOTSMAN" in os.environ else [
        REPOSITORY / "build" / preset / "bootsman" for preset in ("dev", "release")]
    for path in named:
        if path.is_file():
            return path.resolve()
    pytest.exit(f"cannot test: no executable at {', '.join(map(str, named))}; build one, or set BOOTSMAN", 2)


@pytest.fixture(scope="session")
def binary():
    return find_binary()


@pytest.fixture(scope="session")
def venv():
    """The virtual environment with JupyterLab and TensorBoard, made at its first use."""
    answer = subprocess.run([REPOSITORY / "packaging/demo/venv.sh", VENV], capture_output=True, text=True,
                            timeout=900, check=True).stdout.strip()
    if answer != "ready":
        pytest.skip(answer)
    return VENV


@pytest.fixture(scope="session", autouse=True)
def needs_root():
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces and mounts", allow_module_level=True)


def pytest_runtest_setup(item):
    if item.get_closest_marker("ssh"):
        # sshd is started by its whole path, so PATH says nothing about it.
        for program in ("/usr/sbin/sshd", "ssh", "scp", "sftp", "sshpass"):
            if not shutil.which(program):
                pytest.skip(f"{program} is not installed")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for number, container in enumerate(getattr(item, "containers", []), 1):
            report.sections.append((f"container {number}", container.transcript()))


class Maker:
    """Makes roots and containers, and ends them all."""

    def __init__(self, item, binary):
        self._item, self._binary = item, binary
        self._roots, self._folders = [], []
        item.containers = []

    def root(self, *binds):
        folder = tempfile.mkdtemp(prefix="bootsman-e2e-")
        self._folders.append(folder)
        root = Root(folder, [(self._binary, BINARY_INSIDE), *binds])
        self._roots.append(root)
        return root

    def start(self, root, *arguments, command=None, **options):
        """`bootsman run ARGUMENTS` (or `command`) in the root."""
        command = command or [BINARY_INSIDE, "run", *arguments]
        container = Container(root, command, **options)
        self._item.containers.append(container)
        return container

    def close(self):
        for container in self._item.containers:
            container.kill()
        for root in self._roots:
            root.close()
        for folder in self._folders:
            os.rmdir(folder)


@pytest.fixture
def maker(request, binary):
    maker = Maker(request.node, binary)
    yield maker
    maker.close()


@pytest.fixture
def root(maker):
    return maker.root()


@pytest.fixture
def boot(maker, root):
    """boot(config, …): `bootsman run` with that configuration, on top of no preset at all."""

    def start(config="", *arguments, **options):
        root.write("/etc/bootsman/bootsman.toml", 'extends = "empty"\n' + config)
        return maker.start(root, *arguments, **options)

    return start


@pytest.fixture
def limited(boot, request):
    """limited(…): as boot(…), in a memory group of 96 MiB."""
    with memory_group("bootsman-test", 96 * MIB) as inside:
        if inside is None:
            pytest.skip("no memory control group can be made here")

        def start(*words, **options):
            with inside():
                return boot(*words, **options)

        yield start
        for container in request.node.containers:  # A group with processes in it can't be removed.
            container.kill()


@pytest.fixture
def group_v2(request):
    """What memory_group yields: a group of version 2 of 96 MiB, where such groups can be made."""
    with memory_group("bootsman-test", 96 * MIB) as inside:
        if inside is None or not inside.v2:
            pytest.skip("NOT TESTED HERE: needs control groups of version 2 that can be made, or the package "
                        "user-mode-linux for a kernel that has them")
        yield inside
        for container in request.node.containers:  # A group with processes in it can't be removed.
            container.kill()


@pytest.fixture
def inside(maker, root):
    """inside(*words): a command in a container of its own in that root; (exit code, stdout, stderr)."""

    def run(*words, **options):
        container = maker.start(root, command=words, **options)
        code = container.wait(60)
        return code, container.stdout.text, container.stderr.text

    return run


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Signs the certificates of the tests' servers; `.localhost` is one."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    authority.localhost = authority.sign("localhost")
    return authority


@pytest.fixture
def workspace(maker, root):
    """workspace(…): `bootsman run` without any configuration, as an image has it after its build."""

    def start(*arguments, **options):
        return maker.start(root, *arguments, **options)

    return start


@pytest.fixture
def jupyter_workspace(maker, venv):
    """The same with JupyterLab and TensorBoard in PATH; its root is `.root` of the container."""

    def start(*arguments, env=None, config="", before=None, **options):
        root = maker.root((venv, venv))
        if before:
            before(root)
        if config:
            root.write("/etc/bootsman/bootsman.toml", config)
        return maker.start(root, *arguments, env={"PATH": f"{venv}/bin:{PATH}", **(env or {})}, **options)

    return start
