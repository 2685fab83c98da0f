"""The candidate matrix: does a candidate, in any state, change what the clinician gets?

Every case has a gateway of its own; rounds go through all cases in turn, at one steady rate, and
the medians over the rounds are compared with those of the case without a candidate in the same run.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contenders import Contender, gap_count, our_gateway
from benchmarks.load import Load, steady
from benchmarks.processes import (
    LAST,
    REPLY,
    oversized_arm,
    python,
    running,
    static_arm,
)
from gateway.demo.children import free_port

OFF = "off"
CASES = (OFF, "healthy", "hung", "refusing", "dripping", "huge", "undeclared")
RATE = 100.0
CONNECTIONS = 8


@dataclass(frozen=True, slots=True)
class Case:
    """One state of the candidate: medians over the rounds, and what must not change."""

    name: str
    p50_ms: float
    p99_ms: float
    n: int
    failed: int
    changed: int
    gaps: int


@contextmanager
def _candidate(folder: Path, name: str) -> Iterator[str]:
    if name in (OFF, "refusing"):
        yield f"http://127.0.0.1:{free_port()}/"
    elif name == "healthy":
        with static_arm(folder, "healthy") as port:
            yield f"http://127.0.0.1:{port}/"
    elif name in ("huge", "undeclared"):
        with oversized_arm(folder, declared=name == "huge") as port:
            yield f"http://127.0.0.1:{port}/"
    else:
        port = free_port()
        command = [*LAST, *python("benchmarks.arm", name, str(port))]
        with running(command, folder / f"{name}.log", port=port):
            yield f"http://127.0.0.1:{port}/"


def measure(*, rounds: int, seconds: float) -> list[Case]:
    """Go through the matrix."""
    loads: dict[str, list[Load]] = {name: [] for name in CASES}
    changed = dict.fromkeys(CASES, 0)
    gaps = dict.fromkeys(CASES, 0)
    for number in range(rounds):
        # Each round begins at another case, so that no case is always the first or the last.
        for name in CASES[number % len(CASES) :] + CASES[: number % len(CASES)]:
            with tempfile.TemporaryDirectory() as place, _running(Path(place), name) as contender:
                load, outputs = asyncio.run(_round(contender, seconds))
                gaps[name] += gap_count(contender)
            loads[name].append(load)
            changed[name] += len(outputs - {REPLY.encode()})
            print(f"  candidate {name}: p50 {load.p50_ms:.2f} ms, p99 {load.p99_ms:.2f} ms")
    return [_case(name, loads[name], changed[name], gaps[name]) for name in CASES]


@contextmanager
def _running(folder: Path, name: str) -> Iterator[Contender]:
    with ExitStack() as stack:
        soc = stack.enter_context(static_arm(folder, "soc"))
        url = stack.enter_context(_candidate(folder, name))
        yield stack.enter_context(our_gateway(folder / "trial", soc, url, mirror=name != OFF))


async def _round(contender: Contender, seconds: float) -> tuple[Load, set[bytes]]:
    async def send(lane: str, seconds: float) -> tuple[Load, set[bytes]]:
        return await steady(
            contender.port,
            contender.path,
            lane=lane,
            rate=RATE,
            seconds=seconds,
            connections=CONNECTIONS,
        )

    await send("warm", 1.0)
    return await send("measured", seconds)


def _case(name: str, loads: list[Load], changed: int, gaps: int) -> Case:
    return Case(
        name=name,
        p50_ms=statistics.median(load.p50_ms for load in loads),
        p99_ms=statistics.median(load.p99_ms for load in loads),
        n=sum(load.n for load in loads),
        failed=sum(load.failed for load in loads),
        changed=changed,
        gaps=gaps,
    )
