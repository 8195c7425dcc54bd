# SPDX-License-Identifier: Apache-2.0
"""What a host boots from: root image, modules image, initramfs, kernel."""
import lzma
import os
import shutil
from pathlib import Path

from . import packages
from .cache import built
from .common import LAB, LabError, run, say
from .variants import BOOT_MODULES, UNUSED_MODULES, Architecture

_GUEST = LAB / "guest"

# Unpacking costs an emulated processor more than reading: nothing is compressed.
_SQUASHFS = ["-all-root", "-noI", "-noD", "-noF", "-noX", "-no-progress", "-quiet", "-no-xattrs",
             "-mkfs-time", "0", "-all-time", "0"]

_PYTHON = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]

_UNUSED_FILES = ("usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/locale", ".debs")
_UNUSED_MODULE_PATHS = {f"kernel/{path}" for path in UNUSED_MODULES}


def _squashfs(source: Path, target: Path, without: tuple[str, ...] = ()) -> None:
    mksquashfs = packages.program(packages.tools(), "usr/bin/mksquashfs")
    exclude = ["-e", *without] if without else []
    run([*mksquashfs, str(source), str(target), *_SQUASHFS, *exclude])


def _compile_python(root: Path) -> None:
    """Compiles Python's modules: no job pays for it. Tools and hosts have the same Python."""
    tools = packages.tools()
    for library in root.glob("usr/lib/python3.*"):
        run([*packages.program(tools, "usr/bin/python3"), *_PYTHON,
             "-s", str(root), "-p", "/", str(library)],
            env={"PYTHONHOME": str(tools / "usr")})


def root(arch: Architecture) -> Path:
    """The read-only root file system."""
    tree = packages.host(arch)
    recipe = {"packages": packages.contents(tree), "tools": packages.contents(packages.tools()),
              "python": _PYTHON, "options": _SQUASHFS, "without": _UNUSED_FILES}

    def build(directory: Path) -> None:
        say(f"making the root image ({arch.debian})")
        scratch = directory / "root"
        shutil.copytree(tree, scratch, copy_function=os.link, symlinks=True)
        _compile_python(scratch)
        _squashfs(scratch, directory / "image", _UNUSED_FILES)
        shutil.rmtree(scratch)

    return built("images", f"root-{arch.debian}", recipe, build) / "image"


class _Modules:
    """The useful modules of an unpacked kernel package, and what they depend on.

    They are linked into a scratch tree (the package's own stays as it is),
    where depmod adds its tables.
    """

    def __init__(self, tree: Path, scratch: Path) -> None:
        original = next((tree / "lib/modules").iterdir())
        self.version = original.name
        self.directory = scratch / "lib/modules" / self.version

        def unused(directory: str, names: list[str]) -> list[str]:
            inside = Path(directory).relative_to(original)
            return [name for name in names if str(inside / name) in _UNUSED_MODULE_PATHS]

        shutil.copytree(original, self.directory, copy_function=os.link, ignore=unused)
        kmod = packages.program(packages.tools(), "usr/bin/kmod")
        # One program of many names, which takes its name from argv[0].
        run([kmod[0], "--argv0", "depmod", *kmod[1:], "-b", str(scratch), self.version])
        self._paths: dict[str, Path] = {}
        self._needs: dict[Path, list[Path]] = {}
        for line in (self.directory / "modules.dep").read_text().splitlines():
            path, _, needs = line.partition(":")
            self._paths[Path(path).name.split(".ko")[0].replace("-", "_")] = Path(path)
            self._needs[Path(path)] = [Path(need) for need in needs.split()]
        builtin = (self.directory / "modules.builtin").read_text().split()
        self._builtin = {Path(path).stem.replace("-", "_") for path in builtin}

    def in_load_order(self, names: tuple[str, ...]) -> list[Path]:
        """Paths of the named modules, each after those that it needs."""
        order: list[Path] = []
        for name in names:
            if name in self._builtin:
                continue
            if name not in self._paths:
                raise LabError(f"kernel {self.version} has no module {name}")
            path = self._paths[name]
            # depmod lists the needs of a module with the deepest last.
            order += [one for one in [*reversed(self._needs[path]), path] if one not in order]
        return order

    def read(self, path: Path) -> bytes:
        data = (self.directory / path).read_bytes()
        return lzma.decompress(data) if path.suffix == ".xz" else data


def _cpio(files: list[tuple[str, int, bytes]]) -> bytes:
    """A newc archive of (name, mode, contents); Linux reads nothing else here."""
    archive = bytearray()
    for inode, (name, mode, data) in enumerate([*files, ("TRAILER!!!", 0, b"")], 1):
        fields = [inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        archive += b"070701" + "".join(f"{field:08x}" for field in fields).encode()
        archive += name.encode() + b"\0"
        archive += bytes(-len(archive) % 4) + data
        archive += bytes(-len(archive) % 4)
    return bytes(archive)


def _initramfs(modules: _Modules, wanted: tuple[str, ...], busybox: bytes) -> bytes:
    directory, program, plain = 0o040755, 0o100755, 0o100644
    order = modules.in_load_order(wanted)
    files = [(name, directory, b"") for name in ("bin", "dev", "modules")]
    files += [(f"modules/{path.name}", plain, modules.read(path)) for path in order]
    files += [
        ("modules/order", plain, "".join(f"{path.name}\n" for path in order).encode()),
        ("bin/busybox", program, busybox),
        ("init", program, (_GUEST / "init").read_bytes()),
        ("agent", program, (_GUEST / "agent").read_bytes()),
    ]
    return _cpio(files)


def boot(arch: Architecture, kernel: str) -> Path:
    """A directory with `kernel`, `initramfs` and `modules` (an image)."""
    tree = packages.kernel(arch, kernel)
    host = packages.host(arch)
    wanted = (*arch.boot_modules, *BOOT_MODULES)
    recipe = {
        "kernel": packages.contents(tree),
        "busybox": [deb for deb in packages.contents(host).split() if deb.startswith("busybox")],
        "guest": [(_GUEST / name).read_text() for name in ("init", "agent")],
        "modules": wanted,
        "without": UNUSED_MODULES,
        "options": _SQUASHFS,
        "tools": packages.contents(packages.tools()),
    }

    def build(directory: Path) -> None:
        say(f"making the boot images (Linux {kernel}, {arch.debian})")
        scratch = directory / "depmod"
        modules = _Modules(tree, scratch)
        _squashfs(modules.directory, directory / "modules")
        busybox = (host / "bin/busybox").read_bytes()
        (directory / "initramfs").write_bytes(_initramfs(modules, wanted, busybox))
        # vmlinuz, or vmlinux where Debian's isn't compressed
        image, = (tree / "boot").glob(f"vmlinu?-{modules.version}")
        shutil.copy(image, directory / "kernel")
        shutil.rmtree(scratch)

    return built("images", f"boot-{arch.debian}-{kernel}", recipe, build)
