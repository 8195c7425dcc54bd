# SPDX-License-Identifier: Apache-2.0
"""Emulated hosts: booted, saved, restored.

A host's memory is a file. While the host boots to be saved, QEMU shares it;
a restored host maps it privately, so that any number of jobs start from it.
"""
import selectors
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from . import images, packages
from .cache import built
from .common import CACHE, LabError, say
from .qemu import Machine
from .variants import Architecture, Variant

MEMORY = "2G"
DISK_BYTES = 1280 << 20  # room for a job and for what it leaves; sparse
PORTS = ("control", "stdout", "stderr")
CHANNELS = (*PORTS, "tty")
_BOOT_SECONDS = 300


@dataclass(frozen=True)
class Host:
    """A host to be: everything its machine's command line depends on."""
    arch_name: str
    arch: Architecture
    name: str
    variant: Variant
    icount: bool

    @property
    def label(self) -> str:
        extra = [self.name] if self.name != "default" else []
        extra += ["icount"] if self.icount else []
        return " ".join([self.arch_name, *extra])

    def hardware(self) -> list[str]:
        """The part of QEMU's command line that is the same on every machine.
        Saver and restorer must agree on it, so it is part of the recipe."""
        counting = ["-icount", "shift=0,sleep=off", "-smp", "1", "-rtc", "clock=vm",
                    "-global", "virtio-mmio.ioeventfd=off"]
        parallel = ["-accel", "tcg,thread=multi", "-smp", "2"]
        append = f"console={self.arch.console} quiet panic=-1 audit=0 mitigations=off rodata=off" \
                 f" lab.variant={self.name} lab.icount={int(self.icount)}" \
                 f" lab.saved={int(self.variant.restorable)}"
        ports = [f"virtserialport,chardev={name},name={name}" for name in PORTS]
        disks = [f"virtio-blk-device,drive={name},serial={name}"
                 for name in ("root", "modules", "job", "out")]
        devices = ["virtio-serial-device", "virtconsole,chardev=tty", *ports, *disks]
        return [
            "-M", self.variant.machine, "-cpu", self.variant.cpu, "-m", MEMORY,
            *(counting if self.icount else parallel),
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-append", append,
            *(word for device in devices for word in ("-device", device)),
        ]

    def _command(self, memory: str) -> list[str]:
        tree = packages.qemu(self.arch)
        boot = images.boot(self.arch, self.variant.kernel)
        root = images.root(self.arch)
        disks = {"root": root, "modules": boot / "modules"}
        return [
            *packages.program(tree, f"usr/bin/{self.arch.emulator}"),
            "-L", f"{tree}/usr/share/qemu", *self.hardware(),
            "-kernel", f"{boot}/kernel", "-initrd", f"{boot}/initramfs",
            "-object", f"{memory},id=ram,size={MEMORY}",
            *(word for name, path in disks.items() for word in
              ("-blockdev", f"raw,node-name={name},read-only=on,file.driver=file,file.filename={path}")),
        ]

    def _boot(self, memory: str, disks: dict[str, BinaryIO]) -> Machine:
        """Starts a cold host and returns it once it is ready for a job."""
        machine = Machine(self._command(memory), CHANNELS, disks)
        try:
            machine.greet()
            _wait_ready(machine)
        except BaseException:
            machine.__exit__()
            raise
        return machine

    def _build(self, directory: Path) -> None:
        say(f"booting host ({self.label}) to save it")
        start = time.monotonic()
        memory = f"memory-backend-file,mem-path={directory}/memory,share=on"
        with empty_disk() as job, empty_disk() as out:
            with self._boot(memory, {"job": job, "out": out}) as machine:
                machine.save(directory / "devices")
                machine.quit()
        say(f"host ({self.label}) saved after {time.monotonic() - start:.0f} s")

    def saved(self) -> Path:
        """The directory with this host's saved `memory` and `devices`."""
        boot = images.boot(self.arch, self.variant.kernel)
        root = images.root(self.arch)
        recipe = {
            "qemu": packages.contents(packages.qemu(self.arch)),
            "hardware": self.hardware(),
            "disk": DISK_BYTES,
            "images": [boot.name, root.parent.name],
        }
        return built("hosts", self.label.replace(" ", "-"), recipe, self._build)

    def start(self, disks: dict[str, BinaryIO]) -> Machine:
        """A host that waits for a job, running or not."""
        if not self.variant.restorable:
            say(f"booting host ({self.label})")
            return self._boot("memory-backend-ram", disks)
        saved = self.saved()
        memory = f"memory-backend-file,mem-path={saved}/memory,share=off"
        machine = Machine([*self._command(memory), "-S", "-incoming", "defer"], CHANNELS, disks)
        try:
            machine.greet()
            machine.restore(saved / "devices")
        except BaseException:
            machine.__exit__()
            raise
        return machine

    def prepare(self) -> None:
        """Builds whatever a later start needs."""
        if self.variant.restorable:
            self.saved()
        else:
            self._command("")


def empty_disk() -> BinaryIO:
    """A sparse disk without a name: it ends with its last user."""
    directory = CACHE / "lab"
    directory.mkdir(parents=True, exist_ok=True)
    disk = tempfile.TemporaryFile(dir=directory)
    disk.truncate(DISK_BYTES)
    return disk


def _wait_ready(machine: Machine) -> None:
    """Waits until a booting host asks for a job."""
    deadline = time.monotonic() + _BOOT_SECONDS
    said = b""
    with selectors.DefaultSelector() as selector:
        for name in ("control", "console"):
            selector.register(machine.channels[name], selectors.EVENT_READ, name)
        while b"\n" not in said:
            events = selector.select(max(0, deadline - time.monotonic()))
            if not events:
                raise LabError(f"the host isn't up after {_BOOT_SECONDS} s\n{machine.last_words()}")
            for event, _ in events:
                data = event.fileobj.recv(65536)  # type: ignore[union-attr]
                if not data:
                    raise LabError(f"QEMU ended while the host booted\n{machine.last_words()}")
                if event.data == "console":
                    machine.keep_console(data)
                else:
                    said += data
    if said != b"ready\n":
        raise LabError(f"the host said {said!r} instead of ready\n{machine.last_words()}")
