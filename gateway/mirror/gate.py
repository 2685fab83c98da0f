"""The gate before the candidate: shut while an alarm of a safety rule pauses or stops the asking.

The store says so; a thread of its own reads it, so that nothing on the way of an answer, of a
shipment or of an observation ever waits for it. While the store is away the last word holds, and
before the first word nobody is asked. What is being asked when the gate shuts is finished and
recorded; everything else stays pending, in its place.
"""

import asyncio
import time
from collections.abc import Callable

from gateway.mirror.heartbeat import Progress
from gateway.mirror.logs import say
from gateway.store.alarms import NO_HOLD, Hold, hold_of
from gateway.store.engine import Store
from protocols.errors import EquipoiseError

LOOK_EVERY_S = 0.5
LONGEST_S = 5.0


class Gate:
    """Make it inside the event loop; `watch` keeps it, the asker passes it."""

    def __init__(self, store: Callable[[], Store], trial: str, progress: Progress) -> None:
        self._store = store
        self._trial = trial
        self._progress = progress
        self._hold = NO_HOLD
        self._open = asyncio.Event()

    @property
    def is_open(self) -> bool:
        return self._open.is_set()

    @property
    def hold(self) -> Hold:
        """What the store said last."""
        return self._hold

    async def passed(self) -> None:
        """Wait until the candidate may be asked."""
        await self._open.wait()

    def waited_s(self, arrived_at_us: int) -> float:
        """How long a pair has waited in seconds; a pause that was resumed since does not count."""
        since_us = max(arrived_at_us, self._hold.last_resumed_at_us)
        return (time.time_ns() // 1000 - since_us) / 1_000_000

    async def look(self) -> None:
        """Ask the store once.

        Raises
        ------
        StoreError
            It cannot be asked now; the last word holds.
        """
        self._obey(await asyncio.to_thread(lambda: hold_of(self._store(), self._trial)))

    async def watch(self) -> None:
        """Ask the store again and again, more slowly while it is away; ends when cancelled.

        However it ends, the gate is shut then: one that nobody keeps would let everything pass.
        """
        pause_s = LOOK_EVERY_S
        try:
            while True:
                pause_s = await self._look_or_wait(pause_s)
                await asyncio.sleep(pause_s)
        finally:
            self._open.clear()

    async def _look_or_wait(self, pause_s: float) -> float:
        """Ask the store once; give the seconds until the next time."""
        try:
            await self.look()
        except EquipoiseError as error:
            if pause_s == LOOK_EVERY_S:
                say("gate_not_read", code=error.code, shut=not self.is_open)
            return min(2 * pause_s, LONGEST_S)
        return LOOK_EVERY_S

    def _obey(self, hold: Hold) -> None:
        if hold.rules != self._hold.rules:
            say("gate", state=hold.word or "open", rules=" ".join(hold.rules))
        self._hold = hold
        self._progress.held_by = list(hold.rules)
        if hold.rules:
            self._open.clear()
        else:
            self._open.set()
