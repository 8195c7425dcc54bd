#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""reset.py SOCKET OUT TIMES [EVERY]: resets the microVM behind SOCKET, which runs
tests/guests/litter and prints to OUT, TIMES times, and compares what it is then with its snapshot
a, with a reader that is nobody else's: each register, every field of every section, each page. The
snapshot was taken before the guest did anything, as a.state and a.memory here; the microVM was
loaded from it. With EVERY only each so many-th time is compared.

What may differ: generation, entropy, terminals and what else of the control page is each machine's
own, the mark of whose memory it is; of registers, what is a clock or KVM keeps in its own way."""
import http.client
import json
import os
import pathlib
import socket
import struct
import sys

from state_file import VCPU, machine as machine_of, registers, sections

SOCKET, OUT, TIMES = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
EVERY = int(sys.argv[4]) if len(sys.argv) > 4 else 1
CONTROL_AREA = 0x10000
# In the control page: terminals, generation and entropy; rows and columns; whose memory it is.
OWN = ((4, 88), (96, 100), (0x3b0, 0x3c0))
# The counter and pending events that have nothing lasting; TB_OFFSET, VTB.
VOLATILE = {183: {0x603000000013df1a, 1}, 21: {0x103000000000009c, 0x10300000000000b9}}
DEC_EXPIRY = 0x10300000000000be
# XICS sources, 8 bytes each: an interrupt that KVM has queued for a vCPU is told here, and no
# interface takes it back (docs/adr/0021-reset-in-place.md).
QUEUED = 1 << 42


class Connection(http.client.HTTPConnection):
    def __init__(self):
        super().__init__("localhost")

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(SOCKET)


def ask(method, path, body, status=(204,)):
    connection = Connection()
    connection.request(method, path, json.dumps(body))
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    if reply.status not in status:
        sys.exit(f"{method} {path}: {reply.status} {text}")
    return reply.status


def without_queued(sources):
    words = struct.unpack(f"<{len(sources) // 8}Q", sources)
    return struct.pack(f"<{len(words)}Q", *(word & ~QUEUED for word in words))


def differences(state, memory):
    for key in {**first_sections, **state}:
        one, other = first_sections.get(key), state.get(key)
        if machine == 21 and key[0] == 5:
            one, other = without_queued(one), without_queued(other)
        if one == other:
            continue
        if key[0] != VCPU or one is None or other is None:
            yield f"section {key[0]}.{key[1]}: {(one or b'').hex()} {(other or b'').hex()}"
            continue
        if one[:46] != other[:46]:
            yield f"vCPU {key[1]}: {one[:46].hex()} {other[:46].hex()}"
        one, other = registers(one), registers(other)
        for number in one:
            if number in VOLATILE[machine] or one[number] == other.get(number):
                continue
            if number != DEC_EXPIRY or any(one[number]):
                yield f"register {number:#x}: {one[number].hex()} {other.get(number, b'').hex()}"
    if memory == first_memory:
        return
    for at in range(0, len(first_memory), 4096):
        if memory[at:at + 4096] != first_memory[at:at + 4096]:
            yield f"memory at {at:#x}"


def without_own(memory):
    """The memory's bytes without what is each machine's own."""
    memory = bytearray(memory)
    page = len(memory) - CONTROL_AREA
    for begin, end in OWN:
        memory[page + begin:page + end] = bytes(end - begin)
    return bytes(memory)


def generation(memory):
    return memory[len(memory) - CONTROL_AREA + 8:][:80]


def wait_for_litter(lines):
    """More lines than there are now: the guest has left nothing as it was."""
    lines += OUT.read_bytes().count(b"done\n")
    while OUT.read_bytes().count(b"done\n") < lines:
        pass


first = pathlib.Path("a.state").read_bytes()
machine = machine_of(first)
first_sections = sections(first)
first_memory = without_own(pathlib.Path("a.memory").read_bytes())
generations, compared = set(), 0
for i in range(TIMES):
    ask("PATCH", "/vm", {"state": "Resumed"})
    wait_for_litter(1 + i % 2)
    if i % 3 == 0:
        ask("PUT", "/snapshot/reset", {})  # and it goes on from there
        wait_for_litter(1)
    ask("PATCH", "/vm", {"state": "Paused"})
    ask("PUT", "/snapshot/reset", {})
    if (i + 1) % EVERY and i + 1 != TIMES:
        continue
    ask("PUT", "/snapshot/create", {"snapshot_path": "b.state", "mem_file_path": "b.memory"})
    memory = pathlib.Path("b.memory").read_bytes()
    generations.add(generation(memory))
    compared += 1
    wrong = list(differences(sections(pathlib.Path("b.state").read_bytes()), without_own(memory)))
    if wrong:
        print(f"after reset {i + 1}:", *wrong[:20], sep="\n  ")
        sys.exit(1)
if len(generations) != compared:
    sys.exit("a generation or entropy came twice")
print(f"{TIMES} resets, {compared} compared")
