"""Observations on their way to the store: gathered, written in batches, kept while it is down."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from gateway.mirror.heartbeat import Progress
from gateway.mirror.logs import say
from gateway.mirror.settings import MirrorSettings
from gateway.store.tables import Deviation, Observation
from protocols.errors import EquipoiseError
from protocols.vocabulary import Fate

Record = Callable[[Sequence[Observation], Sequence[Deviation]], object]

_ROOM_BATCHES = 10
_FIRST_RETRY_S = 0.1


class Writer:
    """Writes what the asker hands over. `record` blocks and runs in a thread.

    Nothing is dropped: while the store is down the observations wait here, and `room` holds the
    asker back, so that no more than ten batches wait.
    """

    def __init__(self, record: Record, settings: MirrorSettings, progress: Progress) -> None:
        self._record = record
        self._settings = settings
        self._progress = progress
        self._waiting: list[tuple[Observation, Deviation | None]] = []
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closing = False

    def add(self, observation: Observation, deviation: Deviation | None = None) -> None:
        """Take one observation over."""
        self._waiting.append((observation, deviation))
        self._progress.unwritten = len(self._waiting)
        if len(self._waiting) >= self._settings.flush_rows:
            self._filled.set()
        if len(self._waiting) >= _ROOM_BATCHES * self._settings.flush_rows:
            self._room.clear()

    async def room(self) -> None:
        """Wait until the store has taken enough for more askings to make sense."""
        await self._room.wait()

    @property
    def is_empty(self) -> bool:
        return not self._waiting

    async def run(self) -> None:
        """Write until `close`; retry a store that is down with growing pauses."""
        retry_s = _FIRST_RETRY_S
        while not (self._closing and self.is_empty):
            await self._pause(self._settings.flush_ms / 1000)
            try:
                await self._flush()
            except EquipoiseError as error:
                self._progress.store_error = error.code
                say("store_down", code=error.code, unwritten=len(self._waiting))
                await asyncio.sleep(retry_s)
                retry_s = min(2 * retry_s, self._settings.retry_longest_s)
            else:
                retry_s = _FIRST_RETRY_S

    def close(self) -> None:
        """Let `run` end once everything is written."""
        self._closing = True
        self._filled.set()

    async def _pause(self, longest_s: float) -> None:
        if not self._closing:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._filled.wait(), longest_s)
        self._filled.clear()

    async def _flush(self) -> None:
        while self._waiting:
            batch = self._waiting[: self._settings.flush_rows]
            observations = [observation for observation, _ in batch]
            deviations = [deviation for _, deviation in batch if deviation is not None]
            fates = [Fate(observation.fate) for observation in observations]
            await asyncio.to_thread(self._record, observations, deviations)
            del self._waiting[: len(batch)]
            self._progress.fates.update(fates)
            self._progress.unwritten = len(self._waiting)
            self._progress.store_error = None
            self._room.set()
