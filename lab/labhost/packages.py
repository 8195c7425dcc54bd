# SPDX-License-Identifier: Apache-2.0
"""Trees of unpacked Debian packages, and programs run out of them."""
import functools
import subprocess
from pathlib import Path

from .common import LAB, LabError, run
from .variants import HOST_PACKAGES, TOOL_PACKAGES, Architecture


def _tree(arch: str, name: str, packages: tuple[str, ...], suite: str | None = None) -> Path:
    options = ["--suite", suite] if suite else []
    return Path(run([LAB / "debs", *options, arch, name, *packages]).strip())


def contents(tree: Path) -> str:
    """The packages with their versions: what a recipe needs to know of a tree."""
    return (tree / ".debs").read_text()


@functools.cache
def machine_arch() -> str:
    """Debian's name for the architecture of this machine."""
    return subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip()


@functools.cache
def qemu(arch: Architecture) -> Path:
    return _tree(machine_arch(), f"qemu-{arch.debian}", arch.qemu_packages, "backports")


@functools.cache
def tools() -> Path:
    return _tree(machine_arch(), "lab-tools", TOOL_PACKAGES)


@functools.cache
def host(arch: Architecture) -> Path:
    return _tree(arch.debian, "lab-host", HOST_PACKAGES)


@functools.cache
def kernel(arch: Architecture, name: str) -> Path:
    wanted = arch.kernels[name]
    return _tree(arch.debian, f"lab-linux-{name}", (wanted.package,), wanted.suite)


def program(tree: Path, path: str) -> list[str]:
    """The start of a command line that runs a tree's program on this machine,
    with the tree's own loader and libraries: the machine's are of no matter."""
    for pattern in ("usr/lib/*/ld-linux*.so.*", "usr/lib/*/ld64.so.*"):
        for loader in tree.glob(pattern):
            return [str(loader), "--library-path", f"{loader.parent}:{tree}/usr/lib", str(tree / path)]
    raise LabError(f"no program loader in {tree}")
