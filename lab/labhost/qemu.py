# SPDX-License-Identifier: Apache-2.0
"""One QEMU process: how it starts, is spoken to, and ends."""
import json
import os
import signal
import socket
import subprocess
import time
from typing import Any, BinaryIO, Callable

from .common import LabError

_CONSOLE_BYTES, _CONSOLE_LINES = 8192, 40  # as much is kept, and shown on failure


class Machine:
    """Our ends of a running QEMU's channels: `channels` are for whoever uses the
    machine, `qmp` and `errors` are spoken by this class, `stop` ends QEMU."""

    def __init__(self, channels: dict[str, socket.socket], errors: BinaryIO,
                 stop: Callable[[], None]) -> None:
        self.channels = dict(channels)
        self.errors = errors
        self.console = bytearray()
        self._stop = stop
        self._qmp = self.channels.pop("qmp")
        self._replies = self._qmp.makefile("rwb")

    def descriptors(self) -> dict[str, int]:
        """All that another process needs to use this machine, by name."""
        return {**{name: channel.fileno() for name, channel in self.channels.items()},
                "qmp": self._qmp.fileno(), "errors": self.errors.fileno()}

    def __enter__(self) -> "Machine":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        for one in (*self.channels.values(), self._replies, self._qmp, self.errors):
            one.close()

    def keep_console(self, data: bytes) -> None:
        """Remembers the end of what the host wrote on its console."""
        self.console = (self.console + data)[-_CONSOLE_BYTES:]

    def last_words(self) -> str:
        """What there is to say about a machine that failed; ends it."""
        self._stop()
        errors = self.errors.read().decode(errors="replace")
        try:
            while data := self.channels["console"].recv(65536):
                self.keep_console(data)
        except OSError:
            pass
        console = self.console.decode(errors="replace").replace("\r", "")
        tail = "\n".join(f"  | {line}" for line in console.splitlines()[-_CONSOLE_LINES:])
        return "\n".join(part for part in (errors.strip(), tail and f"end of the host's console:\n{tail}")
                         if part)

    def _reply(self) -> dict[str, Any]:
        line = self._replies.readline()
        if not line:
            raise LabError(f"QEMU ended\n{self.last_words()}")
        return json.loads(line)

    def qmp(self, command: str, **arguments: object) -> Any:
        """Executes a QMP command and returns its result."""
        self._replies.write(json.dumps({"execute": command, "arguments": arguments}).encode())
        self._replies.flush()
        while True:
            reply = self._reply()
            if "error" in reply:
                raise LabError(f"QEMU refused {command}: {reply['error']['desc']}")
            if "return" in reply:
                return reply["return"]

    def greet(self) -> None:
        """Opens QMP; QEMU takes no command before."""
        self._reply()
        self.qmp("qmp_capabilities")
        # Memory is a file that saver and restorer share: it isn't in the stream.
        self.qmp("migrate-set-capabilities",
                 capabilities=[{"capability": "x-ignore-shared", "state": True}])

    def _wait_migration(self, what: str) -> None:
        while True:
            status = self.qmp("query-migrate")
            if status.get("status") == "completed":
                return
            if status.get("status") == "failed":
                raise LabError(f"cannot {what} the host: {status.get('error-desc', 'no reason given')}")
            time.sleep(0.005)  # QEMU offers events too, but this is over in a moment

    def save(self, path: os.PathLike[str]) -> None:
        """Stops the machine and writes its device state to a file."""
        self.qmp("stop")
        self.qmp("migrate", uri=f"file:{path}")
        self._wait_migration("save")

    def restore(self, path: os.PathLike[str]) -> None:
        """Reads the device state back; the machine doesn't run yet."""
        self.qmp("migrate-incoming", uri=f"file:{path}")
        self._wait_migration("restore")

    def quit(self) -> None:
        """Ends a saved machine in an orderly way: its memory must reach the file."""
        self.qmp("quit")
        self.errors.read()  # to its end, which is QEMU's


def start(argv: list[str], names: tuple[str, ...], disks: dict[str, BinaryIO]) -> Machine:
    """Starts a QEMU with channels and disks of these names.

    Everything passes through inherited descriptors: socket pairs for ports
    and files without a name for disks. So there is nothing to delete, however
    we end; and the kernel kills QEMU when we die.
    """
    channels: dict[str, socket.socket] = {}
    theirs: list[socket.socket] = []
    for name in (*names, "qmp", "console"):
        ours, other = socket.socketpair()
        channels[name] = ours
        theirs.append(other)
        argv = [*argv, "-chardev", f"socket,id={name},fd={other.fileno()}"]
    argv += ["-mon", "chardev=qmp,mode=control", "-serial", "chardev:console"]
    for index, (name, disk) in enumerate(disks.items()):
        argv += ["-add-fd", f"fd={disk.fileno()},set={index}",
                 "-blockdev", f"raw,node-name={name},file.driver=file,file.locking=off,"
                              f"file.filename=/dev/fdset/{index}"]
    inherited = [*(other.fileno() for other in theirs), *(disk.fileno() for disk in disks.values())]
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", *argv], pass_fds=inherited,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        start_new_session=True)  # the terminal's Ctrl-C is ours to handle
    for other in theirs:
        other.close()

    def stop() -> None:
        process.kill()
        process.wait()

    assert process.stderr is not None
    return Machine(channels, process.stderr, stop)


def ended_by(status: int) -> str:
    """Says how a process ended, for an error message."""
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
