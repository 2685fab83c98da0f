"""`equipoise serve` as a process over a folder, seen from outside."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.gateway import ROOT


@contextmanager
def served(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`equipoise serve` over a folder, until the block ends."""
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.serve", "--folder", str(folder)],
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(40)


def port_of(folder: Path) -> int:
    """The port of a folder's gateway."""
    port: int = json.loads((folder / "equipoise.json").read_text())["port"]
    return port


def is_ready(folder: Path) -> bool:
    """Whether the gateway of a folder says that it is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port_of(folder), timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def children_of(process: "subprocess.Popen[bytes]") -> dict[str, int]:
    """The process ids of its children by module; Linux only."""
    found = {}
    task = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    for pid in task.read_text().split():
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"-m" in command:
            found[command[command.index(b"-m") + 1].decode()] = int(pid)
    return found
