# SPDX-License-Identifier: Apache-2.0
"""Hosts that are ready for a job: restored for it alone, or kept and lent to it.

A host that can't be saved belongs to a keeper, a process in the background that
boots it and ends with it. A keeper's place is a slot, with three files: the job
that uses the host holds SLOT.job, the keeper holds SLOT.keeper and listens on the
socket SLOT. It lends the host by passing all its descriptors over. Whoever gives
the host back says so; else, however a job ended, its host ends too. So does one
that isn't ready again after a job, or that nobody has asked for in a while.
"""
import fcntl
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Iterator

from .cache import built
from .common import LAB, LabError, say
from .host import DISK_BYTES, Host, empty_disk, wait_ready
from .qemu import Machine

_SLOTS = 2 * (os.cpu_count() or 1)
_IDLE_SECONDS = float(os.environ.get("LAB_IDLE", "180"))  # a host waits so long for its next job
_TIDY_SECONDS = 60  # and is ready for it so soon after the last
_LISTEN_SECONDS = 30  # a keeper listens so soon
_DONE = b"done"

Ready = tuple[Machine, BinaryIO, BinaryIO]  # a host, its job disk, its out disk


@contextmanager
def ready(host: Host) -> Iterator[Ready]:
    """A host that waits for a job, standing still or running."""
    if not host.variant.restorable:
        with _borrowed(host) as borrowed:
            yield borrowed
    else:
        with empty_disk() as job, empty_disk() as out, host.restore({"job": job, "out": out}) as machine:
            yield machine, job, out


def _folder(host: Host) -> Path:
    """Where the slots of such hosts are, for all who speak as this file does."""
    recipe = {**host.recipe(), "keeper": Path(__file__).read_text()}
    return built("kept", host.file_name, recipe, lambda _: None)


@contextmanager
def _address(folder: Path, slot: int) -> Iterator[str]:
    """The address of a slot's socket: a short one, however long the path."""
    directory = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{slot}"
    finally:
        os.close(directory)


def _unlink(address: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(address)


@contextmanager
def _lock(path: Path) -> Iterator[bool]:
    """Holds a lock, if it is free; yields whether it was."""
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = True
        except BlockingIOError:
            free = False
        yield free


# ---- the keeper --------------------------------------------------------------------------

def keep(host: Host, slot: int) -> None:
    """Boots a host and lends it out, until there is a reason to end it."""
    folder = _folder(host)
    with _lock(folder / f"{slot}.keeper") as free, ExitStack() as stack:
        if not free:
            return  # the client of the one before us is gone, but that one isn't
        address = stack.enter_context(_address(folder, slot))
        listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        _unlink(address)  # left by one that was killed
        listener.bind(address)
        stack.callback(_unlink, address)
        listener.listen(_SLOTS)
        try:
            job, out = (stack.enter_context(empty_disk()) for _ in range(2))
            machine = stack.enter_context(host.boot({"job": job, "out": out}))
            while _wanted(listener, machine) and _lend(listener, machine, job, out):
                machine.channels["control"].sendall(b"next\n")
                wait_ready(machine, _TIDY_SECONDS)
        except LabError as error:
            say(str(error))
            _refuse(listener, str(error))


def _wanted(listener: socket.socket, machine: Machine) -> bool:
    """Waits for a job; false when there is none, or the host isn't well."""
    deadline = time.monotonic() + _IDLE_SECONDS
    console, beat = machine.channels["console"], machine.channels["beat"]
    with selectors.DefaultSelector() as selector:
        for source in (listener, *machine.channels.values()):
            selector.register(source, selectors.EVENT_READ)
        while events := selector.select(max(0, deadline - time.monotonic())):
            sources = {event.fileobj for event, _ in events}
            if console in sources:
                if not (data := console.recv(65536)):
                    return False
                machine.keep_console(data)
            if beat in sources:
                beat.recv(65536)  # who wants to know asks for a job
            if sources - {console, beat, listener}:
                return False
            if listener in sources:
                return True
    return False


def _lend(listener: socket.socket, machine: Machine, job: BinaryIO, out: BinaryIO) -> bool:
    """Lends the host to one job; returns whether it was given back."""
    for disk in (job, out):
        disk.truncate(0)
        disk.truncate(DISK_BYTES)
    lent = {**machine.descriptors(), "job": job.fileno(), "out": out.fileno()}
    connection, _ = listener.accept()
    with connection:
        try:
            socket.send_fds(connection, [json.dumps({"lent": list(lent)}).encode()], list(lent.values()))
        except BrokenPipeError:
            return True  # it couldn't wait
        with suppress(ConnectionResetError):
            return connection.recv(len(_DONE)) == _DONE
    return False


def _refuse(listener: socket.socket, why: str) -> None:
    """Tells the job that waits for this host, if one does."""
    listener.settimeout(0)
    with suppress(OSError):
        connection, _ = listener.accept()
        with connection:
            connection.sendall(json.dumps({"error": why}).encode())


# ---- its client --------------------------------------------------------------------------

@contextmanager
def _borrowed(host: Host) -> Iterator[Ready]:
    folder = _folder(host)
    with _free_slot(folder) as slot:
        connection, lent = _borrow(host, folder, slot)
        errors, job, out = (os.fdopen(lent.pop(name), "r+b", buffering=0)
                            for name in ("errors", "job", "out"))
        channels = {name: socket.socket(fileno=number) for name, number in lent.items()}
        with connection, job, out, Machine(channels, errors, connection.close) as machine:
            yield machine, job, out
            with suppress(OSError):  # the job is done, whatever has become of the host
                connection.sendall(_DONE)


@contextmanager
def _free_slot(folder: Path) -> Iterator[int]:
    """Holds a slot that nobody uses, with a host that is up if there is one."""
    waited = False
    while True:
        for slot in sorted(range(_SLOTS), key=lambda slot: not (folder / str(slot)).exists()):
            with _lock(folder / f"{slot}.job") as free:
                if free:
                    yield slot
                    return
        if not waited:
            say(f"waiting for one of {_SLOTS} hosts")
            waited = True
        time.sleep(0.1)


def _borrow(host: Host, folder: Path, slot: int) -> tuple[socket.socket, dict[str, int]]:
    """Returns descriptors by name, and the connection that lasts as long as the loan."""
    keeper = None
    deadline = time.monotonic() + _LISTEN_SECONDS
    while time.monotonic() < deadline:
        if connection := _connect(folder, slot):
            if lent := _receive(connection):
                return connection, lent
            connection.close()  # this host has just ended
        elif keeper is None or keeper.poll() == 0:  # none yet, or one that found the last still there
            keeper = _start_keeper(host, folder, slot)
        elif keeper.poll() is not None:
            break
        time.sleep(0.02)
    raise LabError(f"no keeper for the host; see {folder}/{slot}.log")


def _connect(folder: Path, slot: int) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with _address(folder, slot) as address:
        try:
            connection.connect(address)
        except OSError:
            connection.close()
            return None
    return connection


def _receive(connection: socket.socket) -> dict[str, int] | None:
    """Waits for what a keeper lends; none when it ends instead."""
    try:
        message, descriptors, _, _ = socket.recv_fds(connection, 65536, 32)
    except ConnectionResetError:
        return None
    if not message:
        return None
    answer = json.loads(message)
    if "error" in answer:
        raise LabError(answer["error"])
    return dict(zip(answer["lent"], descriptors))


def _start_keeper(host: Host, folder: Path, slot: int) -> subprocess.Popen[bytes]:
    say(f"booting host ({host.label})")
    command = [sys.executable, str(LAB / "lab"), "--keep", str(slot), "--host", host.name,
               *(["--icount"] if host.icount else []), host.arch_name]
    with open(folder / f"{slot}.log", "wb") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=log, start_new_session=True, cwd="/")
