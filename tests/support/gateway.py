"""A trial's folder, and a gateway over it: a real process on a real port."""

import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.demo.children import end, free_port
from gateway.journal_reader import GapLine, gap_files, gaps, journals, read_after
from gateway.journal_record import JournalRecord
from gateway.store.capture import register
from gateway.store.engine import open_store
from protocols.canonical import canonical_protocol
from protocols.schema import Protocol
from tests.support.example_protocol import example_protocol
from tests.support.trial_folder import EQUAL_SHARE

ROOT = Path(__file__).resolve().parents[2]


def make_folder(
    folder: Path,
    *,
    standard_of_care_url: str,
    candidate_url: str | None = None,
    protocol: Protocol | None = None,
    store: bool = False,
    **settings: Any,
) -> Path:
    """Lay out a trial's folder as registering does; without `store` there is no trial store."""
    protocol = protocol or example_protocol()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "protocol.json").write_bytes(canonical_protocol(protocol))
    key = folder / "subject.key"
    key.write_text(secrets.token_hex(32))
    key.chmod(0o600)
    document = {
        "trial": protocol.protocol.id,
        "store_url": f"sqlite:///{folder / 'trial.sqlite'}",
        "journal_folder": "journal",
        "gap_folder": "gaps",
        "subject_key_file": "subject.key",
        "standard_of_care_url": standard_of_care_url,
        "candidate_url": candidate_url,
        "port": free_port(),
        "drain_delay_s": 0.0,
        "mirror": EQUAL_SHARE,
        **settings,
    }
    (folder / "equipoise.json").write_text(json.dumps(document))
    if store:
        opened = open_store(document["store_url"], create=True)
        register(opened, protocol, "source", actor="tests", at_us=1)
        opened.close()
    return folder


@dataclass(slots=True)
class Reply:
    """One HTTP reply; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class RunningGateway:
    """A gateway process."""

    folder: Path
    trial: str
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path
    _connection: http.client.HTTPConnection | None = field(default=None)

    @property
    def path(self) -> str:
        return f"/v1/trials/{self.trial}/decisions"

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        *,
        timeout_s: float = 20.0,
    ) -> Reply:
        """Send one request on the kept connection."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            self._connection.request(method, path, body, headers or {})
            response = self._connection.getresponse()
            content = response.read()
        except (http.client.HTTPException, OSError):
            self.hang_up()
            raise
        return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, content)

    def hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def decide(self, encounter: str = "enc-1", **options: Any) -> Reply:
        """Send one good decision request; `headers` are added, `body` replaces the body."""
        headers = {"content-type": "application/json", **options.get("headers", {})}
        body = options.get("body", decision(encounter, subject=options.get("subject", "sub-1")))
        return self.send("POST", options.get("path", self.path), body, headers)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end."""
        self.hang_up()
        self.process.send_signal(how)
        return self.process.wait(30)

    def records(self) -> list[JournalRecord]:
        """Read every journal row of the trial, oldest journal first."""
        files = journals(self.folder / "journal", self.trial)
        return [record for path in files for record in read_after(path, 0, 1_000_000)]

    def gaps(self) -> list[GapLine]:
        return [line for path in gap_files(self.folder / "gaps", self.trial) for line in gaps(path)]


def decision(encounter: str = "enc-1", *, subject: object = "sub-1", **more: object) -> bytes:
    """Write a good request body."""
    inputs = {"age": 71, "sex": "female"}
    return json.dumps(
        {"subject": subject, "encounter": encounter, "inputs": inputs} | more
    ).encode()


@contextmanager
def running_gateway(folder: Path, *, check_ready: bool = True) -> Iterator[RunningGateway]:
    """Run the gateway of a folder until the block ends."""
    settings = json.loads((folder / "equipoise.json").read_text())
    log = folder / "gateway.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.serve", "--folder", str(folder), "--only", "gateway"],
            cwd=ROOT,
            stdout=output,
            stderr=output,
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
        )
    gateway = RunningGateway(folder, settings["trial"], settings["port"], process, log)
    try:
        if check_ready:
            wait_until_ready(gateway)
        yield gateway
    finally:
        gateway.hang_up()
        if process.poll() is None:
            end(process, longest_s=20)


def wait_until_ready(gateway: RunningGateway, *, timeout_s: float = 30.0) -> None:
    """Wait for /readyz."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        assert gateway.process.poll() is None, gateway.log.read_text()
        try:
            if gateway.send("GET", "/readyz").status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"not ready: {gateway.log.read_text()}")
