#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""openapi.py DOCUMENT DIRECTORY: holds mote-vmm against its own document.

Bodies are derived from the schemas: right ones must get the documented success, and each
mistake 400 with a message that names the field. What the document does not list is 400.
DOCUMENT is JSON; DIRECTORY is for sockets and files. Prints what is wrong.
"""

import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import sys

DOCUMENT = json.loads(pathlib.Path(sys.argv[1]).read_text())
DIRECTORY = pathlib.Path(sys.argv[2])
PROGRAM = os.environ["MOTE_PROGRAM"]
METHODS = ("GET", "PUT", "PATCH", "DELETE", "POST")
ELSEWHERE = ("/nothing", "/vm/", "/drives/a", "/network-interfaces/a", "/balloon", "/mmds", "/entropy",
             "/cpu-config", "/pmem/a", "/hotplug/memory", "/openapi.json", "/Application")
BODY_MAX = 51200

# Values that a schema can't tell: what has to exist on the host.
EXAMPLES = {
    "Application.path": PROGRAM,
    "Application.root": str(DIRECTORY),
    "Application.env": {"K": "V=W", "EMPTY": ""},
    "Logger.log_path": str(DIRECTORY / "log"),
    "Metrics.metrics_path": str(DIRECTORY / "metrics"),
    "Core.path": str(DIRECTORY / "core"),
    "Debug.socket": str(DIRECTORY / "gdb"),
    "Vsock.uds_path": str(DIRECTORY / "vsock"),
    "Serial.serial_out_path": str(DIRECTORY / "serial"),
    "SnapshotCreate.snapshot_path": str(DIRECTORY / "new.state"),
    "SnapshotCreate.mem_file_path": str(DIRECTORY / "new.memory"),
    "SnapshotLoad.snapshot_path": str(DIRECTORY / "state"),
    "SnapshotLoad.mem_file_path": str(DIRECTORY / "memory"),
    "SnapshotLoad.vsock_override": None,  # the snapshot has no such device
    "SnapshotLoad.mem_backend": None,  # with mem_file_path it is one too many
}
# Bodies that need more than what the schema requires.
NEEDED = {"SnapshotLoad": ["mem_file_path"]}
# The schemas whose right request needs a microVM that runs, by the value that needs it.
STILL = {"/registers"}  # for what is paused or has ended
RUNNING = {("PATCH", "/vm"), ("PATCH", "/application")}
RUNNING_ACTIONS = {"FlushMetrics", "SendCtrlAltDel"}

requests = faults = 0


def complain(what: str) -> None:
    global faults
    faults += 1
    print("wrong:", what)


class Connection(http.client.HTTPConnection):
    def __init__(self, path: str):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Monitor:
    """A mote-vmm, new when `used`: right requests change it, wrong ones must not."""

    def __init__(self):
        self.process, self.number, self.state = None, 0, ""

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait()
        self.process = None

    def start(self, state: str) -> None:
        self.stop()
        self.number += 1
        self.state = state
        self.path = str(DIRECTORY / f"{self.number}.sock")
        # Standard input stays open: the program that runs waits for it.
        self.process = subprocess.Popen(["mote-vmm", "--api-sock", self.path],
                                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        while not os.path.exists(self.path):
            if self.process.poll() is not None:
                sys.exit("mote-vmm did not start")
        if state == "loaded":
            self.must("PUT", "/snapshot/load", {
                "snapshot_path": str(DIRECTORY / "state"), "track_dirty_pages": True,
                "mem_file_path": str(DIRECTORY / "memory"), "resume_vm": True})
        elif state != "fresh":
            self.must("PUT", "/application", {"path": PROGRAM.replace("hello/hello", "cat/cat")})
        if state in ("running", "paused"):
            self.must("PUT", "/actions", {"action_type": "InstanceStart"})
            while '"running"' not in self.send("GET", "/application", None)[1]:
                pass
        if state == "paused":
            self.must("PATCH", "/vm", {"state": "Paused"})

    def must(self, method: str, path: str, body: object) -> None:
        status, text, _ = self.send(method, path, json.dumps(body))
        if status != 204:
            sys.exit(f"{method} {path}: {status} {text}")

    def send(self, method: str, path: str, body: str | None) -> tuple[int, str, str]:
        global requests
        requests += 1
        connection = Connection(self.path)
        connection.request(method, path, body)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text, answer.getheader("Content-Type") or ""


def resolve(node: dict) -> tuple[dict, str]:
    """The node that a reference means, and its name."""
    if "$ref" not in node:
        return node, ""
    target = DOCUMENT
    for part in node["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return target, node["$ref"].rsplit("/", 1)[1]


def a_value(name: str, schema: dict) -> object:
    if name in EXAMPLES:
        return EXAMPLES[name]
    if "enum" in schema:
        return schema["enum"][0]
    return {"integer": schema.get("minimum", 0), "boolean": False, "array": ["a", "", "b c"],
            "object": {}, "string": "x"}[schema["type"]]


def right_values(name: str, schema: dict):
    yield a_value(name, schema)
    yield from schema.get("enum", [])
    yield from (schema[key] for key in ("minimum", "maximum") if key in schema)
    if schema.get("nullable"):
        yield None


def wrong_values(schema: dict):
    of_type = {"integer": 1, "boolean": True, "array": [], "object": {}, "string": "x"}
    yield from (value for kind, value in of_type.items() if kind != schema["type"])
    if not schema.get("nullable"):
        yield None
    if schema["type"] == "integer":
        yield from (1.5, 1e300, -1, 2 ** 40)
        yield from (schema[key] + step for key, step in (("minimum", -1), ("maximum", 1))
                    if key in schema)
    if schema["type"] == "boolean" and "enum" in schema:
        yield True not in schema["enum"]
    if schema["type"] == "string" and "enum" in schema:
        yield from ("", "x", str(schema["enum"][0]).swapcase())
    if schema["type"] == "array":
        yield from ([1], ["a", None])
    if schema["type"] == "object":
        yield from ({"a": 1}, {"": "b"}, {"a=b": "c"})


def minimal(name: str, schema: dict) -> dict:
    return {key: a_value(f"{name}.{key}", schema["properties"][key])
            for key in (*schema.get("required", []), *NEEDED.get(name, []))}


def right_bodies(name: str, schema: dict):
    least, properties = minimal(name, schema), schema["properties"]
    yield least
    yield {key: a_value(f"{name}.{key}", properties[key]) for key in properties}
    for key, field in properties.items():
        for value in right_values(f"{name}.{key}", field):
            if value is not None or key not in NEEDED.get(name, []):
                yield least | {key: value}


def wrong_bodies(name: str, schema: dict):
    """Bodies as text, each with what the message must contain."""
    least, properties = minimal(name, schema), schema["properties"]
    for key in least:
        yield json.dumps({k: v for k, v in least.items() if k != key}), key
    yield json.dumps(least | {"turbo": True}), "turbo"
    for key, field in properties.items():
        for value in wrong_values(field):
            yield json.dumps(least | {key: value}), key
        yield json.dumps(least | {key.upper(): a_value(f"{name}.{key}", field)}), key.upper()
        pair = f"{json.dumps(key)}: {json.dumps(a_value(f'{name}.{key}', field))}"
        yield "{" + pair + ", " + pair + "}", key if len(key) < 20 else "duplicate"
    for text in ("[]", "1", "null", '"x"', "{", "{} {}", "x", "\0"):
        yield text, ""


def matches(value: object, schema: dict, where: str) -> None:
    """Complains where a reply is not what the document says."""
    schema, _ = resolve(schema)
    kinds = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
    if value is None and schema.get("nullable"):
        return
    if not isinstance(value, kinds[schema["type"]]):
        complain(f"{where}: {value!r} is no {schema['type']}")
    elif "enum" in schema and value not in schema["enum"]:
        complain(f"{where}: {value!r} is not in {schema['enum']}")
    elif schema["type"] == "object" and "properties" in schema:
        for key in schema.get("required", []):
            if key not in value:
                complain(f"{where}: no {key}")
        for key, item in value.items():
            if key in schema["properties"]:
                matches(item, schema["properties"][key], f"{where}.{key}")
            else:
                complain(f"{where}.{key} is not documented")


def expect_fault(monitor: Monitor, method: str, path: str, body: str | None, part: str) -> None:
    status, text, _ = monitor.send(method, path, body)
    what = f"{method} {path} {(body or '')[:200]}: {status} {text[:300]}"
    try:
        message = json.loads(text)["fault_message"]
    except (ValueError, KeyError, TypeError):
        return complain(what)
    if status != 400 or part not in message:
        complain(what)


def state_for(method: str, path: str, body: dict) -> str:
    if (method, path) in RUNNING or body.get("action_type") in RUNNING_ACTIONS:
        return "running"
    if path == "/snapshot/create":
        return "paused"
    if path == "/snapshot/reset":
        return "loaded"
    return "configured" if path == "/actions" else "fresh"


def check_body(monitor: Monitor, method: str, path: str, operation: dict) -> None:
    schema, name = resolve(operation["requestBody"]["content"]["application/json"]["schema"])
    bodies = list(right_bodies(name, schema))
    monitor.start(state_for(method, path, bodies[0]))
    before = monitor.send("GET", "/vm/config", None), monitor.send("GET", "/application", None)
    for text, part in wrong_bodies(name, schema):
        expect_fault(monitor, method, path, text, part)
    expect_fault(monitor, method, path, None, f"Empty {method} request.")
    if (monitor.send("GET", "/vm/config", None), monitor.send("GET", "/application", None)) != before:
        complain(f"{method} {path}: a refused request has changed something")
    status, text, _ = monitor.send(method, path, " " * (BODY_MAX + 1))
    if status != 413 or "413" not in operation["responses"]:
        complain(f"{method} {path}: {status} for a body that is too large")
    for body in bodies:
        # What was set by one body must not be what makes the next one right.
        monitor.start(state_for(method, path, body))
        status, text, _ = monitor.send(method, path, json.dumps(body))
        if status != 204 or "204" not in operation["responses"] or text:
            complain(f"{method} {path} {json.dumps(body)}: {status} {text}")


def check_get(monitor: Monitor, path: str, operation: dict) -> None:
    for state in ("fresh", "configured", "running", "paused"):
        monitor.start(state)
        if path in STILL and state != "paused":
            expect_fault(monitor, "GET", path, None, "microVM")
            continue
        status, text, kind = monitor.send("GET", path, None)
        content = operation["responses"]["200"]["content"]
        if status != 200 or kind.split(";")[0] not in content:
            complain(f"GET {path}: {status} {kind} {text[:100]}")
        elif "application/json" in content:
            matches(json.loads(text), content["application/json"]["schema"], f"GET {path}")
        expect_fault(monitor, "GET", path, "{}", "GET request cannot have a body.")


def check_elsewhere(monitor: Monitor) -> None:
    for state in ("fresh", "running"):
        monitor.start(state)
        for path in (*DOCUMENT["paths"], *ELSEWHERE):
            for method in METHODS:
                if method.lower() not in DOCUMENT["paths"].get(path, {}):
                    body = None if method == "GET" else "{}"
                    expect_fault(monitor, method, path, body, path.removeprefix("/"))


def check_full_config(monitor: Monitor) -> None:
    """GET /vm/config shows all that can be set, and what it shows can be sent back."""
    monitor.start("fresh")
    for key in ("machine-config", "logger", "metrics", "serial", "application", "watchdog"):
        schema, name = resolve(DOCUMENT["components"]["schemas"]["VmConfig"]["properties"][key])
        monitor.must("PUT", f"/{key}", list(right_bodies(name, schema))[1])
    shown = json.loads(monitor.send("GET", "/vm/config", None)[1])
    monitor.start("fresh")
    for key, body in shown.items():
        monitor.must("PUT", f"/{key}", body)
    if json.loads(monitor.send("GET", "/vm/config", None)[1]) != shown or len(shown) != 6:
        complain(f"GET /vm/config: {shown}")


def main() -> int:
    monitor = Monitor()
    try:
        monitor.start("paused")
        monitor.must("PUT", "/snapshot/create", {
            key: EXAMPLES[f"SnapshotLoad.{key}"] for key in ("snapshot_path", "mem_file_path")})
        for path, item in DOCUMENT["paths"].items():
            if not re.fullmatch(r"/[a-z/.-]*", path):
                complain(f"{path}: a path that this test does not know how to send")
            for method, operation in item.items():
                if method == "get":
                    check_get(monitor, path, operation)
                else:
                    check_body(monitor, method.upper(), path, operation)
        check_elsewhere(monitor)
        check_full_config(monitor)
    finally:
        monitor.stop()
    print(f"{requests} requests, {faults} wrong")
    return 1 if faults else 0


sys.exit(main())
