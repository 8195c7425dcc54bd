#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""uffd_handler.py SOCKET MEMORY LOG: serves the page faults of one restored microVM from a memory
file, by what Firecracker documents of such handlers (docs/snapshotting/
handling-page-faults-on-snapshot-resume.md) and userfaultfd(2) alone. Writes how many pages it has
served after each."""

import array
import ctypes
import fcntl
import json
import mmap
import os
import platform
import select
import socket
import struct
import sys

EVENT_PAGEFAULT, EVENT_REMOVE = 0x12, 0x15  # struct uffd_msg, 32 bytes: the event first
# _IOWR(0xaa, 3, struct uffdio_copy): five words of 8 bytes; POWER has its directions elsewhere.
UFFDIO_COPY = (6 << 29 if platform.machine() == "ppc64le" else 3 << 30) | 40 << 16 | 0xAA << 8 | 3


def connection(path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        return listener.accept()[0]


def hello(peer):
    """The mappings of the guest's memory, and the userfaultfd that comes with them."""
    text, ancillary, _, _ = peer.recvmsg(65536, socket.CMSG_SPACE(4))
    fds = array.array("i")
    fds.frombytes(ancillary[0][2][:4])
    return json.loads(text), fds[0]


def serve(uffd, mappings, address, memory):
    for mapping in mappings:
        start, page = mapping["base_host_virt_addr"], mapping["page_size"]
        if start <= address < start + mapping["size"]:
            address -= (address - start) % page
            source = memory + mapping["offset"] + address - start
            copy = bytearray(struct.pack("QQQQq", address, source, page, 0, 0))
            fcntl.ioctl(uffd, UFFDIO_COPY, copy)
            return
    sys.exit(f"{address:#x} is in no mapping")


def main():
    path, memory_path, log_path = sys.argv[1:]
    with open(memory_path, "rb") as file:
        memory = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE)
    where = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    peer = connection(path)
    mappings, uffd = hello(peer)
    poll, served = select.poll(), 0
    poll.register(uffd, select.POLLIN)
    poll.register(peer, select.POLLIN)
    while True:
        ready = dict(poll.poll())
        if peer.fileno() in ready and not peer.recv(1):
            return
        if uffd not in ready:
            continue
        event, _, address = struct.unpack_from("<B15sQ", os.read(uffd, 32))
        if event != EVENT_PAGEFAULT:
            continue
        serve(uffd, mappings, address, where)
        served += 1
        with open(log_path, "w", encoding="ascii") as log:
            log.write(f"{served}\n")


main()
