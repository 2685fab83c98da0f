"""Three ways to ask one arm with httpx: its own transport, httpx over aiohttp, and our client."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import uvloop
from httpx_aiohttp import AiohttpTransport

from benchmarks.processes import static_arm
from gateway.arms.client import ArmClient, ArmSettings
from protocols.vocabulary import Fate

BODY = b'{"inputs":{"age":71,"sex":"female","lactate":3.1,"pulse":92}}'
HEADERS = {"content-type": "application/json", "accept-encoding": "identity"}
AT_A_TIME = 32

Ask = Callable[[], Awaitable[None]]


async def _rate(ask: Ask, seconds: float) -> float:
    until = time.perf_counter() + seconds
    done = 0

    async def lane() -> None:
        nonlocal done
        while time.perf_counter() < until:
            await ask()
            done += 1

    await asyncio.gather(*(lane() for _ in range(AT_A_TIME)))
    return done / seconds


async def _client(url: str, seconds: float, transport: httpx.AsyncBaseTransport | None) -> float:
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(transport=transport, limits=limits, trust_env=False) as client:

        async def ask() -> None:
            reply = await client.post(url, content=BODY, headers=HEADERS)
            assert reply.status_code == 200

        return await _rate(ask, seconds)


async def _ours(url: str, seconds: float) -> float:
    client = ArmClient(ArmSettings(url=url, deadline_ms=5000))

    async def ask() -> None:
        answer = await client.ask(BODY, headers=[(b"x-equipoise-pair-id", b"benchmark")])
        assert answer.kind is Fate.ANSWERED

    try:
        return await _rate(ask, seconds)
    finally:
        await client.aclose()


def measure(*, rounds: int, seconds: float) -> dict[str, float]:
    """Give askings a second, medians over interleaved rounds."""
    ways: dict[str, Callable[[str], Awaitable[float]]] = {
        "httpx.AsyncClient, its own transport": lambda url: _client(url, seconds, None),
        "httpx.AsyncClient over httpx-aiohttp": lambda url: _client(
            url, seconds, AiohttpTransport(limits=httpx.Limits(max_connections=64))
        ),
        "the transport called directly, with deadline, caps and strict JSON (ours)": lambda url: (
            _ours(url, seconds)
        ),
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as place, static_arm(Path(place), "soc") as port:
        for _ in range(rounds):
            for name, way in ways.items():

                async def one(way: Callable[[str], Awaitable[float]] = way) -> float:
                    return await way(f"http://127.0.0.1:{port}/")

                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    found[name].append(runner.run(one()))
    return {name: statistics.median(rates) for name, rates in found.items()}
