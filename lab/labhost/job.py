# SPDX-License-Identifier: Apache-2.0
"""A job: a directory goes into a host, its `run` runs, `out/` comes back."""
import fcntl
import math
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
import tty
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, Callable, Iterator

from .common import CHECKOUT, HostStopped, LabError
from .heart import PROCESSORS, SILENCE, Heart
from .host import DISK_BYTES, Host
from .keeper import ready
from .qemu import Machine, ended_by
from .wire import Wire

_BLOCK = 65536  # unit of the job disk, as in guest/agent
_LOOK_SECONDS = 5  # how often the host's heart is looked after when nothing else happens


def _append_tar(disk: BinaryIO, directory: Path, names: list[str]) -> int:
    """Appends a tar to the disk, in whole blocks; returns how many."""
    start = disk.tell()
    tar = ["tar", "-c", "--sort=name", "--owner=0", "--group=0", "--numeric-owner",
           "--warning=no-file-ignored", "--warning=no-file-changed", "-C", str(directory), "--", *names]
    status = subprocess.run(tar, stdout=disk, stdin=subprocess.DEVNULL).returncode
    if status > 1:  # 1 is a file that changed meanwhile, which others' business may be
        raise LabError(f"cannot pack {directory} (tar: {ended_by(status)})")
    end = disk.seek(0, os.SEEK_END)
    blocks = -(-(end - start) // _BLOCK)
    disk.seek(start + blocks * _BLOCK)
    return blocks


def _programs(arch_name: str) -> tuple[Path, list[str]]:
    """The project's programs of that architecture, as far as they are built."""
    directory = CHECKOUT / "build" / arch_name
    files = directory.iterdir() if directory.is_dir() else ()
    return directory, sorted(file.name for file in files
                             if file.is_file() and os.access(file, os.X_OK))


def _pack(disk: BinaryIO, arch_name: str, directory: Path | None) -> dict[str, int]:
    """Fills the job disk; returns how many blocks are what."""
    disk.seek(0)  # QEMU moves it too
    disk.truncate(0)
    build, names = _programs(arch_name)
    blocks = {"bin": _append_tar(disk, build, names) if names else 0,
              "job": _append_tar(disk, directory, ["."]) if directory else 0}
    if disk.tell() > DISK_BYTES:
        raise LabError(f"{directory} is too large: a job has at most {DISK_BYTES >> 20} MiB")
    disk.truncate(DISK_BYTES)
    return blocks


def _unpack(disk: BinaryIO, directory: Path) -> None:
    """Brings what the job left in out/ back."""
    if not any(os.pread(disk.fileno(), 512, 0)):
        return  # no tar: the job has no out/
    out = directory / "out"
    out.mkdir(exist_ok=True)
    os.lseek(disk.fileno(), 0, os.SEEK_SET)
    tar = ["tar", "-x", "--no-same-owner", "-C", str(out)]
    status = subprocess.run(tar, stdin=disk).returncode
    if status != 0:
        raise LabError(f"cannot unpack out/ (tar: {ended_by(status)})")


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data):]


class _Dialogue:
    """Passes bytes between a host and our own descriptors until the job ends. The selector's keys
    hold what is to be called."""

    def __init__(self, machine: Machine, stack: ExitStack, wire: Path | None = None) -> None:
        self._machine = machine
        self._control = b""
        self._heart = Heart(PROCESSORS if "beat" in machine.channels else 0)
        self._selector = stack.enter_context(selectors.DefaultSelector())
        self._sinks: dict[str, Callable[[bytes], None]] = {
            "beat": self._heart.hear,
            "control": self._on_control,
            "console": machine.keep_console,
            "stdout": lambda data: _write_all(1, data),
            "stderr": lambda data: _write_all(2, data),
            "tty": lambda data: _write_all(1, data),
        }
        if wire:
            end = Wire(wire, self._selector, machine.channels["tty"].sendall)
            stack.callback(end.close)
            self._sinks["tty"] = end.send
        for name, channel in machine.channels.items():
            self._selector.register(channel, selectors.EVENT_READ, partial(self._pass_on, name))

    def _on_control(self, data: bytes) -> None:
        self._control += data

    def _on_keyboard(self) -> None:
        data = os.read(0, 4096)
        if not data:
            self._selector.unregister(0)
        self._machine.channels["tty"].sendall(data or b"\x04")

    def _pass_on(self, name: str) -> None:
        data = self._machine.channels[name].recv(65536)
        if not data:
            raise LabError(f"QEMU ended in the middle of the job\n{self._machine.last_words()}")
        self._sinks[name](data)

    def _drain(self) -> None:
        """Takes what lies ready: the agent reports the end after the last byte."""
        for name in ("stdout", "stderr", "tty"):
            channel = self._machine.channels[name]
            channel.setblocking(False)
            try:
                while data := channel.recv(65536):
                    self._sinks[name](data)
            except BlockingIOError:
                pass

    def _verdict(self) -> int | None:
        """The job's exit status, once the agent has reported it."""
        while b"\n" in self._control:
            line, _, self._control = self._control.partition(b"\n")
            word, _, rest = line.decode(errors="replace").partition(" ")
            if word == "exit":
                return int(rest)
            if word == "terminal":  # before this nobody would read what is typed
                self._selector.register(0, selectors.EVENT_READ, self._on_keyboard)
            if word == "error":
                raise LabError(f"in the host: {rest}")
        return None

    def run(self, timeout: float | None) -> int:
        """Returns the job's exit status."""
        deadline = time.monotonic() + (timeout or math.inf)
        while (status := self._verdict()) is None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise LabError(f"the job isn't done after {timeout:g} s\n{self._machine.last_words()}")
            ready = [key for key, _ in self._selector.select(min(left, _LOOK_SECONDS))]
            # Beats first: we may have been writing to somebody slow for longer than a silence.
            beats = [key for key in ready if key.fileobj is self._machine.channels.get("beat")]
            for key in beats:
                key.data()
            if (processor := self._heart.silent()) is not None:
                raise HostStopped(f"the host's clock stands still: nothing of processor {processor} "
                                  f"for {SILENCE} s\n{self._machine.last_words()}")
            for key in ready:
                if key not in beats:
                    key.data()
        self._drain()
        return status


@contextmanager
def _raw_terminal() -> Iterator[dict[str, int | str]]:
    """Our terminal in raw mode for a while; yields what the host should know of it."""
    if not sys.stdin.isatty():
        yield {"term": "dumb"}
        return
    rows, cols, _, _ = struct.unpack("4H", fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8)))
    before = termios.tcgetattr(0)
    try:
        tty.setraw(0)
        yield {"rows": rows or 24, "cols": cols or 80, "term": os.environ.get("TERM", "dumb")}
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


def _start(host: Host, machine: Machine, settings: dict[str, int | str]) -> None:
    if not host.icount:  # there the clock is part of what must repeat
        settings = {**settings, "time": int(time.time())}
    line = " ".join(["go", *(f"{name}={value}" for name, value in settings.items())])
    machine.channels["control"].sendall(line.encode() + b"\n")
    machine.qmp("cont")  # a restored host starts with its job at hand


def run_job(host: Host, directory: Path, timeout: float | None, wire: Path | None) -> int:
    """Runs directory/run in the host; returns its exit status."""
    with ready(host) as (machine, job, out), ExitStack() as stack:
        blocks = _pack(job, host.arch_name, directory)
        dialogue = _Dialogue(machine, stack, wire)
        _start(host, machine, {"mode": "run", **blocks})
        status = dialogue.run(timeout)
        _unpack(out, directory)
    return status


def run_shell(host: Host, directory: Path | None, timeout: float | None) -> int:
    """An interactive shell in the host; returns its exit status."""
    with ready(host) as (machine, job, out), ExitStack() as stack:
        blocks = _pack(job, host.arch_name, directory)
        with _raw_terminal() as terminal:
            _start(host, machine, {"mode": "shell", **blocks, **terminal})
            status = _Dialogue(machine, stack).run(timeout)
        if directory:
            _unpack(out, directory)
    return status
