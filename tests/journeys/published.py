"""Replays a published table through real processes: two arms, gateway, mirror, store, one look."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from evaluation.results import HypothesisResult, LookResults
from gateway.demo.children import Children, answers, free_port, wait_for
from gateway.demo.replay import clinical_system
from protocols.load import load

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
PROTOCOLS = ROOT / "tests" / "support" / "protocols"
CONNECTIONS = 16
ASCERTAINED_AT = "2000-01-01T00:00:00Z"
LONGEST_S = 120.0


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a published table: what both arms read, and what happened."""

    subject: str
    encounter: str
    inputs: dict[str, float | None]
    died: bool


@dataclass(frozen=True, slots=True)
class ScoreArms:
    """The two fields that hold the published scores; `complement` turns survival into risk."""

    standard_of_care: str
    candidate: str
    complement: bool


@contextmanager
def _trial(folder: Path, protocol_file: Path, arms: ScoreArms) -> Iterator[tuple[Children, str]]:
    """Register and start everything; yield the processes and the gateway's URL."""
    protocol = load(protocol_file)
    plans = {
        arms.standard_of_care: protocol.arms.standard_of_care,
        arms.candidate: protocol.arms.candidate,
    }
    ports = {field: free_port() for field in plans}
    gateway = free_port()
    with Children(folder / "logs") as children:
        urls = [f"http://127.0.0.1:{port}/" for port in ports.values()]
        register = ["protocol", "register", str(protocol_file), "--folder", str(folder / "trial")]
        register += ["--standard-of-care-url", urls[0], "--candidate-url", urls[1]]
        children.run("commands", [*register, "--port", str(gateway), "--actor", "test"])
        for field, plan in plans.items():
            command = [sys.executable, "-m", "tests.support.score_arm", "--field", field]
            command += ["--name", plan.name, "--digest", plan.digest, "--port", str(ports[field])]
            children.start(field, command + ["--complement"] * arms.complement)
        serve = ["-m", "equipoise", "serve", "--folder", str(folder / "trial")]
        children.start("gateway", [sys.executable, *serve])
        url = f"http://127.0.0.1:{gateway}"
        wait_for(lambda: answers(f"{url}/readyz"), children, "gateway")
        yield children, url


async def _replay(url: str, trial: str, rows: Sequence[Row]) -> dict[str, bool]:
    """Ask about every row over kept connections; give pair ids with what happened."""
    outcomes: dict[str, bool] = {}
    waiting = iter(rows)

    async def connection(client: httpx.AsyncClient) -> None:
        for row in waiting:
            body = {"subject": row.subject, "encounter": row.encounter, "inputs": row.inputs}
            reply = await client.post(f"/v1/trials/{trial}/decisions", json=body)
            reply.raise_for_status()
            outcomes[reply.json()["pair_id"]] = row.died

    async with clinical_system(url) as client:
        await asyncio.gather(*(connection(client) for _ in range(CONNECTIONS)))
    return outcomes


def _status(children: Children, folder: Path) -> dict[str, int]:
    printed = children.run("commands", ["status", "--folder", str(folder / "trial"), "--json"])
    status: dict[str, int] = json.loads(printed)
    return status


def _catch_up(children: Children, folder: Path, n_rows: int) -> None:
    until = time.monotonic() + LONGEST_S
    while True:
        status = _status(children, folder)
        if status["recorded"] == n_rows and status["pending"] == 0:
            return
        assert time.monotonic() < until, f"the mirror did not catch up: {status}"
        time.sleep(0.2)


def _report_outcomes(url: str, trial: str, outcomes: dict[str, bool], name: str) -> None:
    items = [
        {"pair_id": pair, "name": name, "value": died, "ascertained_at": ASCERTAINED_AT}
        | {"source": "published table"}
        for pair, died in outcomes.items()
    ]
    with httpx.Client(base_url=url, timeout=30.0) as client:
        for start in range(0, len(items), 500):
            reply = client.post(
                f"/v1/trials/{trial}/outcomes:batch",
                json={"outcomes": items[start : start + 500]},
            )
            reply.raise_for_status()
            refused = [item for item in reply.json()["results"] if item.get("code")]
            assert not refused, refused[:3]


def conduct(folder: Path, protocol_file: Path, arms: ScoreArms, rows: Sequence[Row]) -> LookResults:
    """Run the whole trial on the rows and give what its one look found."""
    trial = load(protocol_file).protocol.id
    with _trial(folder, protocol_file, arms) as (children, url):
        outcomes = asyncio.run(_replay(url, trial, rows))
        _catch_up(children, folder, len(rows))
        _report_outcomes(url, trial, outcomes, "death")
        place = ["--folder", str(folder / "trial")]
        children.run("commands", ["accrual", "close", "--reason", "end of table", *place])
        children.run("commands", ["look", "run", "final", *place])
        built = folder / "report"
        children.run("commands", ["report", "build", "final", *place, "--output", str(built)])
    return LookResults.model_validate_json((built / "results.json").read_bytes())


def hypothesis(results: LookResults, identity: str) -> HypothesisResult:
    return next(found for found in results.hypotheses if found.id == identity)
