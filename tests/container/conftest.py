"""Fixtures: podman, the image of Dockerfile.example, and containers of it."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import image as images  # noqa: E402
from podman import REPOSITORY, Podman, missing_programs  # noqa: E402


@pytest.fixture(scope="session")
def podman():
    if os.geteuid() != 0:
        pytest.skip("needs root to run containers")
    if missing := missing_programs():
        pytest.skip(f"not installed: {', '.join(missing)}")
    podman = Podman()
    yield podman
    podman.close()


@pytest.fixture(scope="session")
def make_image(podman):
    """make_image(suite): Dockerfile.example on that Debian release, the release build (or $BOOTSMAN) in it."""
    binary = Path(os.environ.get("BOOTSMAN", REPOSITORY / "build/release/bootsman"))
    if not binary.is_file():
        pytest.fail(f"there is no executable {binary}; build the preset release, or set BOOTSMAN")
    try:
        images.mirror()
    except images.ImageError as error:
        pytest.skip(str(error))
    return lambda suite: images.workspace(podman, binary, suite)


@pytest.fixture(scope="session")
def image(make_image):
    return make_image(images.SUITE)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed and (container := getattr(item, "container", None)):
        report.sections.append(("podman logs", container.logs))
