"""The asker: takes pending pairs in order, asks the candidate about each once, hands over its fate.

Askings are idempotent and happen at least once: a pair without an observation after a crash is
asked again. The store's unique key (pair, arm) keeps the first answer that it was given.
"""

import asyncio
import time
from collections import deque
from typing import Protocol

from gateway.mirror.breaker import Admission, Breaker, BreakerPlan
from gateway.mirror.gate import Gate
from gateway.mirror.heartbeat import Progress
from gateway.mirror.logs import say
from gateway.mirror.observations import Recorder
from gateway.mirror.pairs import BACKLOG_LIMIT, BREAKER_OPEN, JOURNAL_GONE, Asked, Waiting
from gateway.mirror.settings import MirrorSettings
from gateway.mirror.writer import Writer
from protocols.vocabulary import Fate


class Candidate(Protocol):
    """Who is asked; it has room for as many askings at a time as the asker has slots."""

    async def ask(self, pair: Waiting) -> Asked:
        """Ask about one pair and give what came of it."""


HELD_MOST = 2000
"""Pairs that may wait for an open breaker; with more, the asker stands still until it closes."""

_UNREACHABLE = frozenset({Fate.FAILED, Fate.TIMED_OUT})


class Asker:
    """One candidate's asker, on the mirror's event loop."""

    def __init__(
        self,
        candidate: Candidate,
        recorder: Recorder,
        writer: Writer,
        *,
        settings: MirrorSettings,
        progress: Progress,
        gate: Gate,
    ) -> None:
        self._candidate = candidate
        self._recorder = recorder
        self._writer = writer
        self._settings = settings
        self._progress = progress
        self._gate = gate
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._under_way: set[asyncio.Task[None]] = set()
        self._held: deque[Waiting] = deque()
        self.breaker = Breaker(
            BreakerPlan(
                settings.breaker_failures,
                settings.breaker_pause_s,
                settings.breaker_longest_pause_s,
            )
        )

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way or held back."""
        return not self._under_way and not self._held

    @property
    def under_way(self) -> int:
        """Askings that have begun and not ended."""
        return len(self._under_way)

    @property
    def n_held(self) -> int:
        return len(self._held)

    async def meet(self, pair: Waiting) -> None:
        """Give one pair its fate, or set its asking going; waits for room, a slot or a probe.

        A shut gate comes before everything: what waits there has no fate yet, and stays pending.
        """
        await self._gate.passed()
        await self._writer.room()
        if pair.inputs is None:
            self._settle(pair, Fate.LOST_AT_SHUTDOWN, JOURNAL_GONE)
            return
        if self._gate.waited_s(pair.arrived_at_us) > self._settings.backlog_limit_s:
            self._settle(pair, Fate.SHED, BACKLOG_LIMIT)
            return
        await self._slot()
        while (admission := self.breaker.admit(time.monotonic())) is Admission.REFUSE:
            if pair.arrived_at_us >= self.breaker.trouble_since_us:
                self._slots.release()
                self._settle(pair, Fate.BREAKER_OPEN, BREAKER_OPEN)
                return
            if len(self._held) < HELD_MOST:
                self._slots.release()
                self._held.append(pair)
                return
            await self._probe_time()
            self._slots.release()
            await self._slot()
        self._start(pair, probe=admission is Admission.PROBE)

    async def _slot(self) -> None:
        """A free slot at a moment when the gate is open; none is kept while it is shut."""
        await self._slots.acquire()
        while not self._gate.is_open:
            self._slots.release()
            await self._gate.passed()
            await self._slots.acquire()

    async def meet_held(self) -> None:
        """Let held pairs through as the breaker allows: one as a probe, all when it is closed."""
        while self._held and self._gate.is_open and self.breaker.may_pass(time.monotonic()):
            await self.meet(self._held.popleft())

    async def drain(self, longest_s: float) -> int:
        """Wait for askings under way; give the number of those left unfinished."""
        if self._under_way and longest_s > 0:
            await asyncio.wait(self._under_way, timeout=longest_s)
        return len(self._under_way)

    async def _probe_time(self) -> None:
        await asyncio.sleep(max(0.01, self.breaker.wait_s(time.monotonic())))

    def _settle(self, pair: Waiting, fate: Fate, detail: str) -> None:
        observation, deviation = self._recorder.not_asked(pair, fate, detail, _now_us())
        self._writer.add(observation, deviation)

    def _start(self, pair: Waiting, *, probe: bool) -> None:
        task = asyncio.create_task(self._asking(pair, probe=probe))
        self._under_way.add(task)
        self._progress.asking = len(self._under_way)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._progress.asking = len(self._under_way)
        self._slots.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            # A fault of ours: the pair stays pending and is asked again after a restart.
            say("asking_broke", error=type(error).__name__)

    async def _asking(self, pair: Waiting, *, probe: bool) -> None:
        started_at_us = _now_us()
        asked = await self._candidate.ask(pair)
        self._note(asked, started_at_us, probe=probe)
        self._progress.lags_ms.append(max(0, started_at_us - pair.arrived_at_us) / 1000)
        self._writer.add(*self._recorder.asked(pair, asked, started_at_us))

    def _note(self, asked: Asked, started_at_us: int, *, probe: bool) -> None:
        was_open = self.breaker.is_open
        self.breaker.report(
            reachable=asked.fate not in _UNREACHABLE,
            probe=probe,
            asked_at_us=started_at_us,
            now_s=time.monotonic(),
        )
        self._progress.breaker = "open" if self.breaker.is_open else "closed"
        if was_open != self.breaker.is_open:
            say("breaker", state=self._progress.breaker, held=len(self._held))


def _now_us() -> int:
    return time.time_ns() // 1000
