"""Replays patients as a clinical system would: concurrent requests over kept connections."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx
import orjson
from httpx_aiohttp import AiohttpTransport

from gateway.demo.children import DemoError
from gateway.demo.cohorts import Patient
from gateway.demo.scores import load_artefact
from protocols.vocabulary import Arm

CONNECTIONS = 16
OUTCOME_BATCH = 250
SYSTEM = "urn:equipoise:demo:rotterdam-tumour-bank"
SOURCE = "rotterdam-tumour-bank"

Outcome = dict[str, str | bool | None]

Tick = Callable[[int], None]
"""Told of answers as they come, for a progress display."""


@dataclass(slots=True)
class Tally:
    """What the clinical system saw of the trial so far."""

    served: int = 0
    not_served: int = 0
    not_the_index: int = 0  # served, but another score than the index of these inputs
    busy_s: float = 0.0  # while requests were sent as fast as the connections allow
    busy_requests: int = 0
    gateway_ms: list[float] = field(default_factory=list)
    answer_ms: list[float] = field(default_factory=list)
    outcomes: int = 0
    outcomes_without_pair: int = 0  # the pair is a gap in the record
    pair_ids: dict[int, str] = field(default_factory=dict)  # patient number -> pair


class Replay:
    """One clinical system."""

    def __init__(self, client: httpx.AsyncClient, trial: str) -> None:
        self.tally = Tally()
        self._client = client
        self._decisions = f"/v1/trials/{trial}/decisions"
        self._outcomes = f"/v1/trials/{trial}/outcomes:batch"
        self._index = load_artefact(Arm.STANDARD_OF_CARE).model

    async def flat_out(self, patients: Sequence[Patient], tick: Tick) -> None:
        """Ask about every patient, as fast as the connections allow."""
        waiting = iter(patients)

        async def connection() -> None:
            for patient in waiting:
                await self._ask(patient)
                tick(1)

        started_s = time.perf_counter()
        await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
        self.tally.busy_s += time.perf_counter() - started_s
        self.tally.busy_requests += len(patients)

    async def paced(self, patients: Sequence[Patient], per_s: float, tick: Tick) -> None:
        """Ask about every patient at an even pace, whatever the answers take."""
        started_s = time.perf_counter()
        asking: list[asyncio.Task[None]] = []
        for number, patient in enumerate(patients):
            await asyncio.sleep(max(0.0, started_s + number / per_s - time.perf_counter()))
            asking.append(asyncio.create_task(self._ask(patient)))
            tick(1)
        await asyncio.gather(*asking)

    async def report_outcomes(self, patients: Sequence[Patient]) -> None:
        """Post what became of these patients; one without a known outcome is not posted.

        To be called when the mirror has caught up: a pair that the trial store does not know then
        is a gap in the record, counted and left.

        Raises
        ------
        DemoError
            An outcome was refused for another reason.
        """
        items = [
            self._outcome(patient)
            for patient in patients
            if patient.recurrence is not None and patient.pid in self.tally.pair_ids
        ]
        for start in range(0, len(items), OUTCOME_BATCH):
            await self._post_outcomes(items[start : start + OUTCOME_BATCH])

    async def _post_outcomes(self, items: Sequence[Outcome]) -> None:
        reply = await self._client.post(self._outcomes, json={"outcomes": list(items)})
        reply.raise_for_status()
        for result in reply.json()["results"]:
            match result.get("code"):
                case None:
                    self.tally.outcomes += 1
                case "UNKNOWN_PAIR":
                    self.tally.outcomes_without_pair += 1
                case code:
                    raise DemoError("DEMO_OUTCOMES", f"an outcome was refused: {code}")

    def _outcome(self, patient: Patient) -> Outcome:
        return {
            "pair_id": self.tally.pair_ids[patient.pid],
            "name": "recurrence_5y",
            "value": patient.recurrence,
            "ascertained_at": f"{patient.year + 6}-01-01T00:00:00Z",
            "source": SOURCE,
        }

    async def _ask(self, patient: Patient) -> None:
        body = {
            "subject": {"system": SYSTEM, "value": str(patient.pid)},
            "encounter": f"{patient.year}-{patient.pid}",
            "inputs": patient.inputs,
        }
        started_s = time.perf_counter()
        try:
            reply = await self._client.post(
                self._decisions,
                content=orjson.dumps(body),
                headers={"content-type": "application/json"},
            )
        except httpx.HTTPError:
            self.tally.not_served += 1
            return
        self._note(patient, reply, (time.perf_counter() - started_s) * 1000)

    def _note(self, patient: Patient, reply: httpx.Response, answer_ms: float) -> None:
        if reply.status_code != httpx.codes.OK:
            self.tally.not_served += 1
            return
        answer = orjson.loads(reply.content)
        self.tally.served += 1
        self.tally.not_the_index += answer["output"]["output"]["score"] != self._index.score(
            patient.inputs
        )
        self.tally.pair_ids[patient.pid] = answer["pair_id"]
        self.tally.answer_ms.append(answer_ms)
        overhead_ms = server_timing(reply.headers.get("server-timing", ""), "gw")
        if overhead_ms is not None:
            self.tally.gateway_ms.append(overhead_ms)


def clinical_system(url: str) -> httpx.AsyncClient:
    """Give a client whose connections are kept; httpx over aiohttp's transport."""
    return httpx.AsyncClient(
        transport=AiohttpTransport(
            limits=httpx.Limits(
                max_connections=CONNECTIONS * 2, max_keepalive_connections=CONNECTIONS
            )
        ),
        base_url=url,
        timeout=10.0,
    )


def server_timing(header: str, name: str) -> float | None:
    """Read one duration in ms out of a Server-Timing header; None when it is not there."""
    for entry in header.split(","):
        metric, *parameters = (part.strip() for part in entry.split(";"))
        if metric != name:
            continue
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key == "dur":
                return float(value)
    return None


def percentile(values: Sequence[float], share: float) -> float | None:
    """Nearest-rank percentile; None of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
