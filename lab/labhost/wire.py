# SPDX-License-Identifier: Apache-2.0
"""A wire: who connects to a socket on this machine speaks with a terminal in the host."""
import os
import selectors
import socket
from pathlib import Path
from typing import Callable


class Wire:
    """Listens at `path` and takes one connection at a time. Neither side learns of the other's
    coming and going: what the host says when nobody listens is lost."""

    def __init__(self, path: Path, selector: selectors.BaseSelector,
                 to_host: Callable[[bytes], None]) -> None:
        self._path, self._selector, self._to_host = path, selector, to_host
        self._client: socket.socket | None = None
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(os.fspath(path))
        self._listener.listen()
        self._listen()

    def close(self) -> None:
        for one in (self._client, self._listener):
            if one:
                one.close()
        self._path.unlink(missing_ok=True)

    def _listen(self) -> None:
        self._selector.register(self._listener, selectors.EVENT_READ, self._connect)

    def _connect(self) -> None:
        self._client, _ = self._listener.accept()
        self._selector.unregister(self._listener)
        self._selector.register(self._client, selectors.EVENT_READ, self._receive)

    def _disconnect(self, client: socket.socket) -> None:
        self._selector.unregister(client)
        client.close()
        self._client = None
        self._listen()

    def _receive(self) -> None:
        assert self._client
        try:
            data = self._client.recv(4096)
        except ConnectionResetError:
            data = b""
        if data:
            self._to_host(data)
        else:
            self._disconnect(self._client)

    def send(self, data: bytes) -> None:
        """What came from the host."""
        if not self._client:
            return
        try:
            self._client.sendall(data)
        except OSError:
            self._disconnect(self._client)
