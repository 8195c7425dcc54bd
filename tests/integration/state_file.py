# SPDX-License-Identifier: Apache-2.0
"""Reads state files of snapshots as docs/snapshot-format.md has them, with a reader that is nobody
else's."""
import struct

HEADER, MACHINE, VCPU = 88, 12, 4  # the header's size; where it has the ELF machine; a tag


def machine(data):
    return struct.unpack_from("<I", data, MACHINE)[0]


def sections(data):
    """{(tag, nth): value}, in the file's order"""
    found, at = {}, HEADER
    while at < len(data):
        tag, size = struct.unpack_from("<QQ", data, at)
        nth = sum(1 for key in found if key[0] == tag)
        found[tag, nth] = data[at + 16:at + 16 + size]
        at += 16 + (size + 7) // 8 * 8
    return found


def registers(vcpu):
    """{number: value} of a vCPU's section"""
    size, = struct.unpack_from("<I", vcpu, 46)
    at, end, found = 50, 50 + size, {}
    while at < end:
        number, length = struct.unpack_from("<QI", vcpu, at)
        found[number] = vcpu[at + 16:at + 16 + length]
        at += 16 + (length + 7) // 8 * 8
    return found
