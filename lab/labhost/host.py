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

from . import images, packages, qemu
from .cache import built
from .common import CACHE, LabError, say
from .heart import PROCESSORS
from .qemu import Machine
from .variants import Architecture, Variant

MEMORY = "2G"
DISK_BYTES = 1280 << 20  # room for a job and for what it leaves; sparse
_PORTS = ("control", "stdout", "stderr")
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

    @property
    def ports(self) -> tuple[str, ...]:
        """The virtio ports. Hosts that are kept have a heart; what saved ones count is the job
        alone."""
        return _PORTS if self.variant.restorable else (*_PORTS, "beat")

    @property
    def channels(self) -> tuple[str, ...]:
        return (*self.ports, "tty")

    def hardware(self) -> list[str]:
        """The part of QEMU's command line that is the same on every machine.
        Saver and restorer must agree on it, so it is part of the recipe."""
        bus = self.variant.bus
        counting = ["-icount", "shift=0,sleep=off", "-smp", "1", "-rtc", "clock=vm",
                    "-global", f"{bus.transport}.ioeventfd=off"]
        parallel = ["-accel", "tcg,thread=multi", "-smp", str(PROCESSORS)]
        append = f"console={self.arch.console} quiet panic=-1 audit=0 mitigations=off rodata=off" \
                 f" lab.variant={self.name} lab.icount={int(self.icount)}" \
                 f" lab.terminal={self.arch.terminal}" \
                 f" lab.saved={int(self.variant.restorable)}"
        ports = [f"virtserialport,chardev={name},name={name}" for name in self.ports]
        disks = [f"virtio-blk-{bus.device}{bus.place.format(number)},drive={name},serial={name}"
                 for number, name in enumerate(("root", "modules", "job", "out"), 1)]
        serial = f"virtio-serial-{bus.device}{bus.place.format(0)}"
        devices = [*bus.others, serial, "virtconsole,chardev=tty", *ports, *disks]
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

    def boot(self, disks: dict[str, BinaryIO], memory: str = "memory-backend-ram") -> Machine:
        """Starts a cold host and returns it once it is ready for a job. One that doesn't get there
        is started once more: on a busy machine an emulated one may hang."""
        try:
            return self._boot(disks, memory)
        except LabError as error:
            say(f"{error}\nbooting it again")
            return self._boot(disks, memory)

    def _boot(self, disks: dict[str, BinaryIO], memory: str) -> Machine:
        machine = qemu.start(self._command(memory), self.channels, disks)
        try:
            machine.greet()
            wait_ready(machine, _BOOT_SECONDS)
        except BaseException:
            machine.__exit__()
            raise
        return machine

    def _build(self, directory: Path) -> None:
        say(f"booting host ({self.label}) to save it")
        start = time.monotonic()
        memory = f"memory-backend-file,mem-path={directory}/memory,share=on"
        with empty_disk() as job, empty_disk() as out:
            with self.boot({"job": job, "out": out}, memory) as machine:
                machine.save(directory / "devices")
                machine.quit()
        say(f"host ({self.label}) saved after {time.monotonic() - start:.0f} s")

    @property
    def file_name(self) -> str:
        return self.label.replace(" ", "-")

    def recipe(self) -> dict[str, object]:
        """Whatever makes another host of it."""
        boot = images.boot(self.arch, self.variant.kernel)
        root = images.root(self.arch)
        return {
            "qemu": packages.contents(packages.qemu(self.arch)),
            "hardware": self.hardware(),
            "disk": DISK_BYTES,
            "images": [boot.name, root.parent.name],
        }

    def saved(self) -> Path:
        """The directory with this host's saved `memory` and `devices`."""
        return built("hosts", self.file_name, self.recipe(), self._build)

    def restore(self, disks: dict[str, BinaryIO]) -> Machine:
        """A saved host, which stands still where it waits for a job."""
        saved = self.saved()
        memory = f"memory-backend-file,mem-path={saved}/memory,share=off"
        machine = qemu.start([*self._command(memory), "-S", "-incoming", "defer"], self.channels, disks)
        try:
            machine.greet()
            machine.restore(saved / "devices")
        except BaseException:
            machine.__exit__()
            raise
        return machine


def empty_disk() -> BinaryIO:
    """A sparse disk without a name: it ends with its last user."""
    directory = CACHE / "lab"
    directory.mkdir(parents=True, exist_ok=True)
    disk = tempfile.TemporaryFile(dir=directory, buffering=0)
    disk.truncate(DISK_BYTES)
    return disk


def wait_ready(machine: Machine, seconds: float) -> None:
    """Waits until a host asks for a job."""
    deadline = time.monotonic() + seconds
    said = b""
    with selectors.DefaultSelector() as selector:
        for name in ("control", "console"):
            selector.register(machine.channels[name], selectors.EVENT_READ, name)
        while b"\n" not in said:
            events = selector.select(max(0, deadline - time.monotonic()))
            if not events:
                raise LabError(f"the host isn't ready after {seconds:g} s\n{machine.last_words()}")
            for event, _ in events:
                data = event.fileobj.recv(65536)  # type: ignore[union-attr]
                if not data:
                    raise LabError(f"QEMU ended before the host was ready\n{machine.last_words()}")
                if event.data == "console":
                    machine.keep_console(data)
                else:
                    said += data
    if said != b"ready\n":
        raise LabError(f"the host said {said!r} instead of ready\n{machine.last_words()}")
