"""A trial's folder as registration leaves it, and journals as gateways leave them. All real."""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import select

from gateway.journal import Journal, JournalPlan
from gateway.journal_record import JournalRecord
from gateway.mirror.mirror import Mirror
from gateway.settings import GatewaySettings, load_protocol, load_settings
from gateway.store.capture import register
from gateway.store.engine import Store, open_store
from gateway.store.tables import Observation
from protocols.canonical import canonical_protocol, digest_of
from protocols.schema import Protocol
from protocols.vocabulary import Fate
from tests.support.example_protocol import Document, example_protocol

ROOT = Path(__file__).resolve().parents[2]
CANDIDATE_IDENTITY = {"name": "Candidate score", "version": "1", "digest": "sha256:" + "b" * 64}
SOC_IDENTITY = {"name": "Score in use", "version": "1", "digest": "sha256:" + "a" * 64}
EQUAL_SHARE: dict[str, object] = {"scheduling": "nice", "niceness": 0}
"""A mirror that steps back, as it does by default, starves beside tests on every processor."""
FIRST_US = 1_800_000_000_000_000
REGISTERED_US = 1_600_000_000_000_000


@dataclass(frozen=True, slots=True)
class TrialFolder:
    """One registered trial on this machine."""

    path: Path
    protocol: Protocol

    @property
    def trial(self) -> str:
        return self.protocol.protocol.id

    @property
    def settings(self) -> GatewaySettings:
        return load_settings(self.path, {})

    def change_settings(self, **changes: object) -> None:
        """Change the operator's settings; a running process keeps those it started with."""
        path = self.path / "equipoise.json"
        path.write_text(json.dumps(json.loads(path.read_bytes()) | changes))

    def store(self) -> Store:
        return open_store(self.settings.store_url)

    def journal_plan(self) -> JournalPlan:
        settings = self.settings
        return JournalPlan(
            folder=settings.journal_folder,
            trial=self.trial,
            protocol_digest=digest_of(self.protocol),
            budget_ms=5000,
            queue_limit=10_000,
            rotate_rows=1_000_000,
            now_us=_counting_clock(self.path),
        )

    def mirror_once(self) -> None:
        """Ship and ask everything pending, in this process."""
        asyncio.run(self._mirror_once())

    async def _mirror_once(self) -> None:
        protocol = load_protocol(self.path, trial=self.trial)
        mirror = Mirror(self.settings, protocol, heartbeat=self.path / "mirror.json")
        await mirror.run(once=True)

    def start_mirror(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start the mirror as a process of its own; its log is in the folder."""
        command = [sys.executable, "-m", "gateway.mirror", "--folder", str(self.path), *arguments]
        with (self.path / "mirror.log").open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT, stderr=log, env=dict(os.environ))

    def observations(self, arm: str = "candidate") -> dict[str, Observation]:
        """Read every observation of an arm, by pair."""
        store = self.store()
        try:
            with store.session() as session:
                rows = session.exec(select(Observation).where(Observation.arm == arm)).all()
        finally:
            store.close()
        assert len({row.pair_id for row in rows}) == len(rows)
        return {row.pair_id: row for row in rows}

    def fates(self, arm: str = "candidate") -> Counter[str]:
        return Counter(row.fate for row in self.observations(arm).values())

    def heartbeat(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.path / "mirror.json").read_bytes())
        return found


def make_folder(
    path: Path,
    *,
    candidate_url: str = "http://127.0.0.1:9/",
    standard_of_care_url: str = "http://127.0.0.1:9/",
    mirror: dict[str, object] | None = None,
    edit: Callable[[Document], None] | None = None,
    **settings: object,
) -> TrialFolder:
    """Register the example protocol (after `edit`) into a fresh folder."""
    path.mkdir(parents=True, exist_ok=True)
    protocol = example_protocol(edit)
    document = {
        "trial": protocol.protocol.id,
        "store_url": f"sqlite:///{path / 'trial.sqlite'}",
        "journal_folder": "journal",
        "gap_folder": "gaps",
        "subject_key_file": "subject.key",
        "standard_of_care_url": standard_of_care_url,
        "candidate_url": candidate_url,
        "mirror": {"flush_ms": 20, "keep_closed_s": 0, **EQUAL_SHARE, **(mirror or {})},
        **settings,
    }
    (path / "equipoise.json").write_text(json.dumps(document))
    (path / "protocol.json").write_bytes(canonical_protocol(protocol))
    key = path / "subject.key"
    key.touch(mode=0o600)
    key.write_text("5a" * 32)
    store = open_store(f"sqlite:///{path / 'trial.sqlite'}", create=True)
    register(store, protocol, "source", actor="tests", at_us=REGISTERED_US)
    store.close()
    return TrialFolder(path, protocol)


def soc_reply(score: object = 0.5, **identity: str) -> bytes:
    """Write a reply of the registered standard of care."""
    reply = {"model": SOC_IDENTITY | identity, "output": {"score": score}}
    return json.dumps(reply).encode()


def record(number: int, *, inputs: object = None, **changes: Any) -> JournalRecord:
    """Make one journal row: pair `pair-<number>`, numbered `number` in its epoch."""
    given = {"age": 70.0, "sex": "female"} if inputs is None else inputs
    body = json.dumps({"inputs": given}).encode()
    facts: dict[str, Any] = {
        "seq": number,
        "pair_id": f"pair-{number}",
        "arrived_at_us": FIRST_US + number,
        "subject": hashlib.sha256(f"subject-{number}".encode()).hexdigest(),
        "encounter": hashlib.sha256(f"encounter-{number}".encode()).hexdigest(),
        "inputs": body,
        "inputs_sha256": hashlib.sha256(body).hexdigest(),
        "soc_fate": Fate.ANSWERED,
        "soc_http_status": 200,
        "soc_duration_ms": 3.5,
        "soc_reply": soc_reply(),
        "trace": None,
    }
    return JournalRecord(**(facts | changes))


def write_journal(
    folder: TrialFolder, records: Sequence[JournalRecord], *, closed: bool = True
) -> str:
    """Write one epoch with the gateway's own journal; give the epoch.

    Without `closed` the file is left as a killed gateway leaves it.
    """
    return asyncio.run(_write_journal(folder, records, closed=closed))


async def _write_journal(
    folder: TrialFolder, records: Sequence[JournalRecord], *, closed: bool
) -> str:
    journal = Journal(folder.journal_plan())
    await journal.start()
    epoch = journal.epoch
    for item in records:
        journal.next_seq()
        assert await journal.append(item) is None
    if closed:
        await journal.aclose(10)
    else:
        journal._writer._abandon(epoch)
    return epoch


def _counting_clock(path: Path) -> Callable[[], int]:
    # Each journal of a folder starts later than the one before it.
    started = len(list((path / "journal").glob("*.sqlite"))) * 1_000_000
    return lambda: FIRST_US + started


def wait_until(holds: Callable[[], object], *, longest_s: float = 60.0) -> None:
    """Wait until something holds; fail when it does not in time."""
    ends_at_s = time.monotonic() + longest_s
    while not holds():
        assert time.monotonic() < ends_at_s, "it did not come about in time"
        time.sleep(0.05)
