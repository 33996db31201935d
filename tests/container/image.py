"""Makes the images of the tests: a base out of the distribution's packages, and Dockerfile.example on it."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from podman import CACHE, REPOSITORY

SUITE = "bookworm"
WORKSPACE = "localhost/bootsman-workspace"


class ImageError(Exception):
    """Why there is no image, as a sentence."""


def mirror():
    """The package mirror of this machine, as its own apt is configured."""
    texts = [path.read_text() for path in
             (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")) if path.is_file()]
    for pattern in (r"^URIs:\s*(\S+/debian)/?\s*$", r"^deb\s+(?:\[[^]]*\]\s*)?(\S+/debian)/?\s"):
        for text in texts:
            if match := re.search(pattern, text, re.MULTILINE):
                return match[1]
    raise ImageError("cannot make a base image: apt's sources on this machine name no Debian mirror")


def base(podman, suite):
    """The name of the base image of a Debian release, made at its first use (half a minute)."""
    name = f"localhost/bootsman-base:{suite}"
    if podman.has_image(name):
        return name
    archive = CACHE / f"{suite}.tar"
    partial = archive.with_suffix(".new")
    if not archive.exists():
        made = subprocess.run(
            ["timeout", "400", "mmdebstrap", "-q", "--variant=minbase", "--include=ca-certificates",
             "--format=tar", suite, partial, mirror()], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise ImageError(f"cannot make a base image with mmdebstrap: {made.stderr[-600:]}")
        partial.rename(archive)
    podman("import", "-q", archive, name, timeout=120)
    return name


def pip_settings():
    """What this machine needs to reach the Python package index, as mounts of the build."""
    folder = CACHE / "pip"
    folder.mkdir(exist_ok=True)
    certificates = Path("/etc/ssl/certs/ca-certificates.crt")
    shutil.copy(certificates, folder / "ca.crt")
    (folder / "pip.conf").write_text("[global]\ncert = /run/pip/ca.crt\n")
    return ["--volume", f"{folder}:/run/pip:ro", "--volume", f"{folder}/pip.conf:/etc/pip.conf:ro"]


def workspace(podman, binary, suite=SUITE):
    """The name of the image that Dockerfile.example describes, with `binary` as its init."""
    context = CACHE / "context"
    target = context / "build/release/bootsman"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(binary, target)
    dockerfile = REPOSITORY / "Dockerfile.example"
    tag = hashlib.sha256(dockerfile.read_bytes() + target.read_bytes()).hexdigest()[:16]
    name = f"{WORKSPACE}:{suite}-{tag}"
    if podman.has_image(name):
        return name
    built = podman("build", "--pull-never", "--network=host", "--format=docker", "--layers", "-t", name,
                   "--build-arg", f"BASE_IMAGE={base(podman, suite)}", "--build-arg", "APT_PACKAGES=curl",
                   *pip_settings(), "-f", dockerfile, context, timeout=900, check=False)
    if built.returncode != 0:
        raise ImageError(f"cannot build Dockerfile.example: {(built.stdout + built.stderr)[-2000:]}")
    return name
