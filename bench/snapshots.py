# SPDX-License-Identifier: Apache-2.0
"""Runs in a KVM host, for bench/measure: monitors that are told to write and to load snapshots,
and what it takes them. Times are in units of the host's clock."""
import http.client
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import time
from pathlib import Path


class Failed(Exception):
    """The message says what went wrong."""


class Api(http.client.HTTPConnection):
    """A monitor's API at a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)

    def must(self, method, target, **body):
        self.request(method, target, json.dumps(body))
        answer = self.getresponse()
        text = answer.read().decode()
        if answer.status != 204:
            raise Failed(f"{method} {target}: {text}")

    def took(self, operation):
        """Of the last one of that kind, in units of the host's clock."""
        self.request("GET", "/metrics")
        found = re.search(f'operation_seconds{{operation="{operation}"}} ([0-9.e+-]+)',
                          self.getresponse().read().decode())
        return round(float(found[1]) * 1e9)


def monitor(output=subprocess.DEVNULL):
    """A monitor with nothing in it yet, and its API."""
    Path("own.sock").unlink(missing_ok=True)
    process = subprocess.Popen(["mote-vmm", "--api-sock", "own.sock"], stdout=output)
    while not Path("own.sock").exists():
        time.sleep(0.001)
    return process, Api("own.sock")


def end(process):
    process.kill()
    process.wait()


def begin_paused(mib, path, *args, track=False):
    """A microVM with a program that has said a byte, and the end of its output."""
    output, its_end = os.pipe()
    process, api = monitor(its_end)
    os.close(its_end)
    api.must("PUT", "/machine-config", vcpu_count=1, mem_size_mib=mib, track_dirty_pages=track)
    api.must("PUT", "/application", path=path, args=args)
    api.must("PUT", "/actions", action_type="InstanceStart")
    os.read(output, 1)
    api.must("PATCH", "/vm", state="Paused")
    return process, api, output


def write_snapshot(api, kind="Full"):
    """Returns what it took, and the bytes of both files on the disk."""
    api.must("PUT", "/snapshot/create", snapshot_path="snapshot/state",
             mem_file_path="snapshot/memory", snapshot_type=kind)
    return {"instructions": api.took("snapshot"),
            "bytes": sum(file.stat().st_blocks * 512 for file in Path("snapshot").iterdir())}


def make_snapshot(mib):
    """Of a microVM that counts."""
    Path("snapshot").mkdir()
    process, api, _ = begin_paused(mib, "counter")
    write_snapshot(api)
    end(process)


def make_migration(argv):
    """The same by QEMU, to the file `migration`. Returns what it took. One that was stopped before
    would stay so where it comes in."""
    program = shutil.which(argv[0])
    if not program:
        raise Failed(f"there is no {argv[0]} in this host")
    process = subprocess.Popen([program, *argv[1:], "-qmp", "unix:own.sock,server=on,wait=off"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    while not Path("own.sock").exists():
        time.sleep(0.001)
    connection = socket.socket(socket.AF_UNIX)
    connection.connect("own.sock")
    answered(connection, '{"execute": "qmp_capabilities"}')
    os.read(process.stdout.fileno(), 1)
    began = time.monotonic_ns()
    answered(connection, '{"execute": "migrate", "arguments": {"uri": "exec:cat >migration"}}')
    status = b""
    while b'"completed"' not in status:
        time.sleep(0.001)
        status = answered(connection, '{"execute": "query-migrate"}')
        if b'"failed"' in status:
            raise Failed(f"the migration failed: {status.decode()}")
    took = time.monotonic_ns() - began
    end(process)
    return took


def answered(connection, line=""):
    """Sends a command of QEMU's monitor protocol if there is one, and waits for an answer."""
    connection.sendall(line.encode())
    answer = b""
    while b'"return"' not in answer:
        answer += connection.recv(65536)
        if not answer or b'"error"' in answer:
            raise Failed(f"the monitor answered {answer.decode()!r}")
    return answer


def loads(row):
    """PUT /snapshot/load alone, in a monitor that waits for it; the first one is the cold one."""
    times = []
    for _ in range(row["runs"]):
        process, api = monitor()
        api.must("PUT", "/snapshot/load", snapshot_path="snapshot/state",
                 mem_file_path="snapshot/memory")
        times.append(api.took("load"))
        end(process)
    return {"cold": times[0], "warm": statistics.median(times[1:])}


def saves(row):
    """Snapshots of a program that has written to some pages: Full, and a Diff after it has done
    so once more. The median of several."""
    figures = {"Full": [], "Diff": []}
    Path("snapshot").mkdir()
    for _ in range(row["runs"]):
        process, api, output = begin_paused(128, *row["argv"], track=True)
        figures["Full"].append(write_snapshot(api))
        api.must("PATCH", "/vm", state="Resumed")
        api.must("PATCH", "/application", signal=10)
        os.read(output, 1)
        api.must("PATCH", "/vm", state="Paused")
        figures["Diff"].append(write_snapshot(api, "Diff"))
        end(process)
    return {kind: {what: statistics.median(each[what] for each in taken) for what in taken[0]}
            for kind, taken in figures.items()}
