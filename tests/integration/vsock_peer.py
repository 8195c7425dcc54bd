#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The host's end of a guest's sockets, for vsock.bats: `vsock_peer.py UDS_PATH TEST [ARGUMENTS]`.
Each test is a function; it prints what it saw and ends with a status of 0 if that was right."""

import os
import random
import select
import socket
import struct
import sys
import threading
import time

PORT = 1234
PATTERN = 65521
TIMEOUT = 120


def make_pattern():
    state, out = 1, bytearray()
    for _ in range(PATTERN):
        state = (state * 1664525 + 1013904223) & 0xffffffff
        out.append(state >> 24)
    return bytes(out) * 2


BYTES = make_pattern()
path = sys.argv[1] if len(sys.argv) > 1 else None


def pattern(offset, count):
    start = offset % PATTERN
    return BYTES[start:start + count]


def dial(port=PORT):
    """Connected as the protocol has it; None: refused."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(TIMEOUT)
    s.connect(path)
    s.sendall(b"CONNECT %d\n" % port)
    answer = b""
    while not answer.endswith(b"\n"):
        byte = s.recv(1)
        if not byte:
            return None
        answer += byte
    assert answer.startswith(b"OK ") and int(answer[3:]) >= 1 << 30, answer
    return s


def read_all(s):
    data = b""
    while piece := s.recv(65536):
        data += piece
    return data


def to_guest(count):
    """Sends so much and hears that it was right."""
    s = dial()
    s.sendall(b"s")
    sent = 0
    while sent < count:
        sent += s.send(pattern(sent, min(count - sent, 60000)))
    s.shutdown(socket.SHUT_WR)
    answer = read_all(s)
    assert struct.unpack("<Q", answer)[0] == count, (answer, count)


def from_guest(count):
    s = dial()
    s.sendall(b"g" + struct.pack("<Q", count))
    got = 0
    while piece := s.recv(60000):
        assert piece == pattern(got, len(piece)), got
        got += len(piece)
    assert got == count, (got, count)


def echo_one(s, data):
    """Sends and receives at the same time."""
    sent, back = 0, b""
    s.setblocking(False)
    while len(back) < len(data):
        readable, writable, _ = select.select([s], [s] if sent < len(data) else [], [], TIMEOUT)
        assert readable or writable, "nothing happens"
        if writable:
            sent += s.send(data[sent:sent + 30000])
        if readable:
            piece = s.recv(65536)
            assert piece, "cut off"
            back += piece
    assert back == data
    s.settimeout(TIMEOUT)


def test_echo():
    s = dial()
    s.sendall(b"e")
    for size in 1, 2, 4051, 4052, 4053, 65536, 300000:
        echo_one(s, pattern(size, size) if size <= PATTERN else BYTES[:size] * 3)
    s.shutdown(socket.SHUT_WR)
    assert read_all(s) == b""
    print("ok")


def test_many(count="64", size="100000"):
    sockets = [dial() for _ in range(int(count))]
    for s in sockets:
        s.sendall(b"e")
    failed = []

    def one(number, s):
        try:
            echo_one(s, pattern(number, min(int(size), PATTERN)))
        except Exception as e:  # told by the main thread
            failed.append(e)
    threads = [threading.Thread(target=one, args=(n, s)) for n, s in enumerate(sockets)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed, failed[0]
    print("ok")


def test_bulk(total):
    """So many bytes each way in all, on four connections at once."""
    share = int(total) // 2
    failed = []

    def run(what):
        try:
            what(share)
        except Exception as e:
            failed.append(e)
    threads = [threading.Thread(target=run, args=(w,)) for w in (to_guest, from_guest) * 2]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed, failed[0]
    print("ok")


def test_half():
    """The guest answers after our half is closed; and we after the guest's is."""
    to_guest(100001)
    s = dial()
    s.sendall(b"g" + struct.pack("<Q", 5000))
    assert read_all(s) == pattern(0, 5000)
    s.sendall(b"more")  # its other half is open
    s.close()
    print("ok")


def test_refused():
    assert dial(4321) is None
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(TIMEOUT)
    s.connect(path)
    s.sendall(b"HELLO\n")
    assert s.recv(1) == b""
    print("ok")


def test_abrupt(rounds="60", seed="1"):
    rng = random.Random(int(seed))
    for _ in range(int(rounds)):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(TIMEOUT)
        s.connect(path)
        line = b"CONNECT %d\n" % PORT
        command = rng.choice([b"e", b"s", b"g" + struct.pack("<Q", 1 << 20), b"a", b"d"])
        data = line + command + pattern(0, rng.randrange(30000))
        cut = rng.randrange(len(data))
        try:
            s.sendall(data[:cut])
            s.setblocking(False)
            for _ in range(rng.randrange(3)):
                try:
                    s.recv(rng.randrange(1, 5000))
                except BlockingIOError:
                    time.sleep(rng.random() / 100)
        except OSError:
            pass
        s.close()
    print("ok")


def test_deaf():
    """Neither a guest that never reads nor a host that never does holds up the others."""
    silent = dial()
    silent.sendall(b"d")
    silent.setblocking(False)
    held = 0
    idle = 0
    while idle < 5:  # until nothing has moved for a while
        try:
            held += silent.send(bytes(65536))
            idle = 0
        except BlockingIOError:
            idle += 1
            time.sleep(0.1)
    lazy = dial()
    lazy.sendall(b"g" + struct.pack("<Q", 1 << 30))
    time.sleep(0.3)
    to_guest(200000)
    from_guest(200000)
    print("held", held)
    assert held < 4 << 20
    print("ok")


def test_hold():
    """Three connections in the middle of something, until they end."""
    sockets = [dial() for _ in range(3)]
    sockets[0].sendall(b"e123")
    assert sockets[0].recv(3, socket.MSG_WAITALL) == b"123"
    sockets[1].sendall(b"g" + struct.pack("<Q", 1 << 20))
    sockets[2].sendall(b"s")
    print("connected", flush=True)
    for s in sockets:
        try:
            read_all(s)
        except ConnectionResetError:
            pass
    print("ended")


def test_quit():
    s = dial()
    s.sendall(b"q")
    assert s.recv(1) == b""
    print("ok")


def test_listen(port, answer="echo"):
    """What a guest connects to: `echo`: gives back everything; `close`: closes at once;
    `deaf`: never reads."""
    name = f"{path}_{port}"
    server = socket.socket(socket.AF_UNIX)
    server.bind(name)
    server.listen(128)
    print("ready", flush=True)
    kept = []

    def one(s):
        try:
            while data := s.recv(65536):
                s.sendall(data)
        except OSError:  # the guest has left
            pass
        s.close()
    while True:
        s, _ = server.accept()
        if answer == "close":
            s.close()
        elif answer == "deaf":
            kept.append(s)
        else:
            threading.Thread(target=one, args=(s,), daemon=True).start()


if __name__ == "__main__":
    globals()["test_" + sys.argv[2]](*sys.argv[3:])
    os._exit(0)
