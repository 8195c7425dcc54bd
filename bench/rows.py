# SPDX-License-Identifier: Apache-2.0
"""What is measured, as tables: a figure more is an entry more."""
import fnmatch
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Command:
    """Something that can be started and says a byte.

    files: what has to lie beside it, from build/ARCH/bench or build/ARCH (for examples).
    texts: small files that are written there. packages: Debian packages that the host needs.
    socket: where it listens; as soon as it does, requests are sent there as they are.
    status: how it has to end, with a socket or `ends` by SIGTERM after the first byte.
    snapshot: MiB of a microVM that runs `counter` and is written to snapshot/ before all; 0: none.
    migration: the command of a QEMU that is written to the file `migration` before all.
    mib, pages: of a microVM that is reset, and how many of its pages it writes to.
    peer: how `stream ask` reaches the one that it starts.
    """
    title: str
    argv: tuple[str, ...]
    files: tuple[str, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    socket: str = ""
    requests: str = ""
    status: int = 0
    ends: bool = False
    snapshot: int = 0
    migration: tuple[str, ...] = ()
    mib: int = 0
    pages: int = 0
    peer: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One line of a table. Its name is MEASURE/COMMAND[-N]; the measures are in bench/measure.

    runs: starts in one host, the first of which is the cold one; or how often it is done.
    monitors: how many run at once.
    """
    name: str
    command: str
    runs: int = 12
    monitors: int = 1

    @property
    def measure(self) -> str:
        return self.name.split("/")[0]


@dataclass(frozen=True)
class Target:
    """A bound for the figure at a path of names in a row's figures; in units of the same
    figure of another row if there is one."""
    what: str
    row: str
    path: str
    limit: float
    unit: str
    of: str = ""


def _put(path: str, body: str) -> str:
    return f"PUT {path} HTTP/1.1\r\nHost: m\r\nContent-Length: {len(body)}\r\n\r\n{body}"


_START = _put("/actions", '{"action_type": "InstanceStart"}')
_CONFIGURED = ("mote-vmm", "--no-api", "--config-file", "config.json")
_SERVING = ("mote-vmm", "--api-sock", "api.sock")
_QEMU = ("qemu-system-aarch64", "-M", "virt,gic-version=3", "-accel", "kvm", "-cpu", "host",
         "-nodefaults", "-display", "none", "-serial", "stdio")
_QEMU_PACKAGES = ("qemu-system-arm",)

_LOAD = _put("/snapshot/load", '{"snapshot_path": "snapshot/state", '
             '"mem_file_path": "snapshot/memory", "resume_vm": true}')


_QEMU_COUNTER = (*_QEMU, "-m", "128", "-kernel", "bare-counter")


def _restore(mib):
    return Command(f"mote-vmm --restore --no-api, {mib} M",
                   ("mote-vmm", "--restore", "/job/snapshot", "--no-api"),
                   ("counter",), status=143, ends=True, snapshot=mib)


def _dirtier(pages):
    return Command(f"mote-vmm: {pages} pages", ("dirtier", str(pages)), ("dirtier",))


def _reset(mib, pages):
    return Command(f"{pages} dirty pages of {mib} MiB", _SERVING, ("guests/dirty",),
                   socket="api.sock", mib=mib, pages=pages)


# RAM and dirty pages.
_RESETS = ((32, 0), (32, 16), (32, 256), (32, 4096), (128, 16), (512, 16))

COMMANDS = {
    "process": Command("no VM: fork, exec, hello", ("./hello-host",), ("hello-host",)),
    "minimal": Command("minimal monitor, one exit", ("./minimal",), ("minimal",)),
    "mote": Command("mote-vmm --no-api: hello", _CONFIGURED, ("examples/hello/hello",),
                    {"config.json": '{"application": {"path": "hello"}}'}),
    "api": Command("mote-vmm, two requests: hello", _SERVING, ("examples/hello/hello",),
                   socket="api.sock",
                   requests=_put("/application", '{"path": "hello"}') + _START),
    "mote-bare": Command("mote-vmm --no-api: bare hello", _CONFIGURED, ("bare-hello",),
                         {"config.json": '{"boot-source": {"kernel_image_path": "bare-hello"}}'}),
    "qemu": Command("QEMU: bare hello", (*_QEMU, "-kernel", "bare-hello"), ("bare-hello",),
                    packages=_QEMU_PACKAGES),
    "sleeper": Command("mote-vmm, API: sleeper", _SERVING, ("sleeper",), socket="api.sock",
                       requests=_put("/machine-config", '{"vcpu_count": 1, "mem_size_mib": 32}') +
                       _put("/application", '{"path": "/job/sleeper"}') + _START),
    "qemu-sleeper": Command("QEMU: bare sleeper",
                            (*_QEMU, "-m", "32", "-kernel", "/job/bare-sleeper"),
                            ("bare-sleeper",), packages=_QEMU_PACKAGES),
    "registers": Command("mote", ("./registers", "bare-waker", "PC"), ("registers", "bare-waker")),
    "qemu-registers": Command("QEMU", (*_QEMU, "-qmp", "unix:qmp.sock,server=on,wait=off",
                                       "-kernel", "bare-waker"),
                              ("bare-waker",), packages=_QEMU_PACKAGES, socket="qmp.sock",
                              requests='{"execute": "qmp_capabilities"}'),
    **{f"mote-restore-{mib}": _restore(mib) for mib in (32, 128, 512)},
    "mote-restore-api": Command("mote-vmm, load: counter", _SERVING, ("counter",), socket="api.sock",
                                requests=_LOAD, snapshot=128),
    "qemu-restore": Command("QEMU -incoming: bare counter, 128 M",
                            (*_QEMU_COUNTER, "-incoming", "exec:cat /job/migration"),
                            ("bare-counter",), packages=_QEMU_PACKAGES, ends=True,
                            migration=_QEMU_COUNTER),
    **{f"dirtier-{pages}": _dirtier(pages) for pages in (0, 256, 4096)},
    **{f"mote-{mib}-{pages}": _reset(mib, pages) for mib, pages in _RESETS},
    "stream": Command("a process, Unix socket", ("/job/stream", "serve", "stream.sock"), ("stream",),
                      peer=("stream.sock",)),
    "mote-stream": Command("mote-vmm, vsock", _SERVING, ("stream",), socket="api.sock",
                           requests=_put("/vsock", '{"guest_cid": 3, "uds_path": "/job/v.sock"}') +
                           _put("/application", '{"path": "/job/stream", "args": ["serve", "1234"]}') +
                           _START, peer=("/job/v.sock", "1234")),
    "qemu-stream": Command("QEMU, virtio-serial: Linux",
                           (*_QEMU, "-m", "256", "-kernel", "/job/Image", "-initrd",
                            "/job/stream-initrd", "-append", "console=hvc9 quiet",
                            "-device", "virtio-serial-device",
                            "-chardev", "socket,id=c,path=/job/q.sock,server=on,wait=off",
                            "-device", "virtserialport,chardev=c"),
                           ("linux/Image", "stream-initrd", "stream"), packages=_QEMU_PACKAGES,
                           peer=("/job/q.sock",)),
    "writer": Command("mote-vmm --no-api: bare writer", _CONFIGURED, ("bare-writer",),
                      {"config.json": '{"boot-source": {"kernel_image_path": "bare-writer"}}'}),
    "qemu-writer": Command("QEMU: bare writer", (*_QEMU, "-kernel", "bare-writer"),
                           ("bare-writer",), packages=_QEMU_PACKAGES),
}

ROWS = (
    Row("start/process", "process"),
    Row("start/minimal", "minimal"),
    Row("start/mote", "mote"),
    Row("start/api", "api"),
    Row("start/mote-bare", "mote-bare"),
    Row("start/qemu", "qemu", runs=5),
    Row("start/restore-32", "mote-restore-32"),
    Row("start/restore-128", "mote-restore-128"),
    Row("start/restore-512", "mote-restore-512"),
    Row("start/restore-api", "mote-restore-api"),
    Row("start/qemu-restore", "qemu-restore", runs=3),
    Row("loads/mote-32", "mote-restore-32"),
    Row("loads/mote-128", "mote-restore-128"),
    Row("loads/mote-512", "mote-restore-512"),
    Row("saves/mote-0", "dirtier-0", runs=3),
    Row("saves/mote-256", "dirtier-256", runs=3),
    Row("saves/mote-4096", "dirtier-4096", runs=3),
    Row("counts/minimal", "minimal"),
    Row("counts/mote", "mote"),
    Row("counts/api", "api"),
    Row("counts/mote-bare", "mote-bare"),
    Row("counts/qemu", "qemu"),
    Row("counts/restore", "mote-restore-128"),
    Row("counts/qemu-restore", "qemu-restore"),
    Row("registers/mote", "registers"),
    Row("registers/qemu", "qemu-registers"),
    Row("exits/mote", "writer"),
    Row("exits/qemu", "qemu-writer"),
    *(Row(f"reset/mote-{mib}-{pages}", f"mote-{mib}-{pages}") for mib, pages in _RESETS),
    Row("streams/process", "stream", runs=5),
    Row("streams/mote", "mote-stream", runs=5),
    Row("streams/qemu", "qemu-stream", runs=5),
    Row("memory/mote", "sleeper"),
    Row("memory/mote-10", "sleeper", monitors=10),
    Row("memory/mote-100", "sleeper", monitors=100),
    Row("memory/restore", "mote-restore-128"),
    Row("memory/qemu", "qemu-sleeper"),
    Row("memory/qemu-10", "qemu-sleeper", monitors=10),
)

# Programs as installed, in build/ARCH.
SIZES = ("mote", "mote-vmm", "runtime.elf")

TARGETS = (
    Target("first byte, no API", "start/mote", "first.warm.median", 1.8, "x minimal", "start/minimal"),
    Target("exit, no API", "start/mote", "exit.warm.median", 2.0, "x minimal", "start/minimal"),
    Target("first byte, API", "start/api", "first.warm.median", 2.7, "x minimal", "start/minimal"),
    Target("restore, no API", "start/restore-128", "first.warm.median", 1.8, "x minimal",
           "start/minimal"),
    Target("restore, API", "start/restore-api", "first.warm.median", 2.7, "x minimal",
           "start/minimal"),
    Target("restore of 512 MiB", "start/restore-512", "first.warm.median", 1.05, "x 32 MiB",
           "start/restore-32"),
    Target("KVM ioctls to first byte", "counts/mote", "ioctls", 30, ""),
    Target("KVM ioctls to first byte, API", "counts/api", "ioctls", 30, ""),
    Target("exits to the monitor", "counts/mote", "monitor_exits", 10, ""),
    Target("guest pages faulted in", "counts/mote", "guest_pages", 30, ""),
    Target("read PC: GET", "registers/mote", "read.both.get", 1, ""),
    Target("read PC and run: SET", "registers/mote", "read.both.set", 0, ""),
    Target("write PC and run: SET", "registers/mote", "write.both.set", 1, ""),
    Target("inspect: SET", "registers/mote", "inspect.act.set", 0, ""),
    Target("run after inspect: SET", "registers/mote", "inspect.next.set", 0, ""),
    Target("MMIO exits: register ioctls", "exits/mote", "registers", 0, ""),
    Target("reset of 16 pages", "reset/mote-32-16", "instructions", 200000, ""),
    Target("reset in 512 MiB", "reset/mote-512-16", "instructions", 1.2, "x 32 MiB",
           "reset/mote-32-16"),
    Target("reset: GET", "reset/mote-32-16", "registers.get.runtime", 0, ""),
    Target("resident outside the guest", "memory/mote", "total", 512, "KiB"),
    Target("of which anonymous", "memory/mote", "anonymous", 128, "KiB"),
    Target("size of mote-vmm", "size/mote-vmm", "bytes", 1000000, "bytes"),
    Target("size of mote", "size/mote", "bytes", 1000000, "bytes"),
)

# Rows that can't be taken somewhere, by pattern, and why.
NOT_COUNTED = {
    "ppc64": {
        "*/qemu*": "QEMU's pseries machine runs its own firmware first, and that for seconds",
    },
}


def not_counted(arch, row):
    """Why a row can't be taken there; None: it can."""
    return next((why for pattern, why in NOT_COUNTED.get(arch, {}).items()
                 if fnmatch.fnmatch(row, pattern)), None)
