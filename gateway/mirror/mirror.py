"""The mirror at work: a loader and an asker side by side, a writer behind them, and an end."""

import asyncio
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

from gateway.journal_reader import JournalError, last_seq
from gateway.mirror.asker import Asker
from gateway.mirror.candidate import CandidateClient
from gateway.mirror.door import StoreDoor
from gateway.mirror.gate import Gate
from gateway.mirror.heartbeat import Progress, write_heartbeat
from gateway.mirror.loader import Loader
from gateway.mirror.logs import say
from gateway.mirror.observations import Recorder
from gateway.mirror.retention import delete_finished
from gateway.mirror.row_readers import RowReaders
from gateway.mirror.source import PendingSource
from gateway.mirror.writer import Writer
from gateway.settings import GatewaySettings
from protocols.errors import EquipoiseError, RefusedError, UsageError
from protocols.schema import Protocol

_SHORTEST_PAUSE_S = 0.01
_FIRST_RETRY_S = 0.1
_BEAT_S = 1.0
_RETENTION_EVERY_S = 10.0


class Mirror:
    """One mirror of one folder. Make it inside its event loop, run it once."""

    def __init__(self, settings: GatewaySettings, protocol: Protocol, *, heartbeat: Path) -> None:
        if settings.candidate_url is None:
            raise UsageError(
                "SETTINGS", "set candidate_url in equipoise.json; it names no candidate"
            )
        own = settings.mirror
        self._settings = settings
        self._heartbeat = heartbeat
        self._beat_lock = threading.Lock()
        self._last_beat = False
        self._progress = Progress()
        self._door = StoreDoor(settings.store_url)
        recorder = Recorder(protocol, lag_deviation_s=own.lag_deviation_s)
        readers = RowReaders(protocol, self._door.store, lag_deviation_s=own.lag_deviation_s)
        self._loader = Loader(settings, self._door, readers, self._progress)
        self._source = PendingSource(
            self._door.store,
            settings.trial,
            lambda: self._loader.tails,
            journal_folder=settings.journal_folder,
            lost_epochs=own.lost_epochs,
        )
        self._candidate = CandidateClient(
            settings.candidate_url,
            protocol.setting.mirror,
            concurrency=own.concurrency,
            reply_limit_bytes=own.reply_limit_bytes,
        )
        self._writer = Writer(self._door.record, own, self._progress)
        self._gate = Gate(self._door.store, settings.trial, self._progress)
        self._asker = Asker(
            self._candidate,
            recorder,
            self._writer,
            settings=own,
            progress=self._progress,
            gate=self._gate,
        )
        self._stop = asyncio.Event()
        self._shipped = asyncio.Event()
        self._in_hand = 0

    def stop(self) -> None:
        """Ask the mirror to finish what is under way and end."""
        self._stop.set()

    async def run(self, *, once: bool) -> None:
        """Work until `stop`; with `once` until everything pending was dealt with.

        Raises
        ------
        EquipoiseError
            With `once`: the store or a journal cannot be used. Otherwise that is waited out.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        self._progress.state = "running"
        writing = asyncio.create_task(self._writer.run())
        beating = asyncio.create_task(self._beat())
        gating = asyncio.create_task(self._gate.watch())
        try:
            await (self._work_once(writing, gating) if once else self._work(writing, gating))
            if gating.done():
                gating.result()  # why nobody keeps the gate any more
        finally:
            await self._end(writing)
            beating.cancel()
            gating.cancel()
            await asyncio.gather(beating, gating, return_exceptions=True)
            self._progress.state = "stopped"
            self._write_heartbeat(last=True)
            self._door.close()

    async def _work(self, writing: asyncio.Task[None], gating: asyncio.Task[None]) -> None:
        """Until any part of it ends; whoever started the mirror starts it anew."""
        loading = asyncio.create_task(self._load())
        asking = asyncio.create_task(self._ask())
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait(
            (loading, asking, stopping, writing, gating), return_when=asyncio.FIRST_COMPLETED
        )
        self._stop.set()
        # A pair that is met but not asked stays pending; the batch being shipped is finished.
        asking.cancel()
        stopping.cancel()
        for ended in await asyncio.gather(loading, asking, stopping, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
        await self._ship_rest()

    async def _ship_rest(self) -> None:
        """Ship what the gateway accepted last: it ends before the mirror, and a look may follow."""
        ends_at_s = time.monotonic() + self._settings.mirror.drain_s / 2
        try:
            n_shipped = 1
            while n_shipped and time.monotonic() < ends_at_s:
                n_shipped = await asyncio.to_thread(self._loader.step)
        except EquipoiseError as error:  # it stays in the journal, for the next mirror
            say("rest_not_shipped", code=error.code)

    async def _work_once(self, writing: asyncio.Task[None], gating: asyncio.Task[None]) -> None:
        while not self._stop.is_set():
            n_shipped = await asyncio.to_thread(self._loader.step)
            if n_shipped == 0 and self._loader.is_caught_up:
                break
            if n_shipped == 0:
                await self._pause(_SHORTEST_PAUSE_S)
        await self._gate.look()
        asking = asyncio.create_task(self._ask_all())
        while not (asking.done() or writing.done() or gating.done() or self._stop.is_set()):
            await asyncio.wait((asking,), timeout=0.1)
            if self._gate.hold.rules and self._asker.under_way == 0:
                say("held", rules=" ".join(self._gate.hold.rules))
                break
            if self._asker.breaker.is_stuck:
                say("candidate_unreachable", held=self._asker.n_held)
                break
        if not asking.done():
            asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
        if any(tail.trouble for tail in self._loader.tails):
            raise JournalError(
                "JOURNAL_SKIPPED", "a journal could not be shipped; the log names its epoch"
            )

    async def _ask_all(self) -> None:
        while True:
            page = await asyncio.to_thread(self._source.next_page)
            for pair in page:
                await self._asker.meet(pair)
            await self._asker.meet_held()
            if not page and self._asker.is_idle:
                return
            if not page:
                await self._pause(_SHORTEST_PAUSE_S)

    async def _load(self) -> None:
        own, retry_s = self._settings.mirror, _FIRST_RETRY_S
        next_retention_s = 0.0
        while not self._stop.is_set():
            try:
                n_shipped = await asyncio.to_thread(self._loader.step)
                if n_shipped == 0 and time.monotonic() >= next_retention_s:
                    next_retention_s = time.monotonic() + _RETENTION_EVERY_S
                    await asyncio.to_thread(self._delete_finished)
            except RefusedError:
                raise  # the folder's protocol is not the registered one; waiting mends nothing
            except EquipoiseError as error:
                retry_s = await self._wait_out(error, "shipping", retry_s)
                continue
            retry_s = _FIRST_RETRY_S
            self._progress.store_error = None
            if n_shipped:
                self._shipped.set()
            if n_shipped < own.batch_rows:
                await self._pause((own.ship_ms if n_shipped else own.idle_ms) / 1000)

    async def _ask(self) -> None:
        retry_s = _FIRST_RETRY_S
        while not self._stop.is_set():
            await self._asker.meet_held()
            try:
                page = await asyncio.to_thread(self._source.next_page)
            except EquipoiseError as error:
                retry_s = await self._wait_out(error, "asking", retry_s)
                continue
            retry_s = _FIRST_RETRY_S
            self._in_hand = len(page)
            for pair in page:
                await self._asker.meet(pair)
                self._in_hand -= 1
            if not page:
                await self._until_shipped()

    async def _until_shipped(self) -> None:
        """Nothing can be pending before the loader ships; held pairs are met again meanwhile."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._shipped.wait(), self._settings.mirror.idle_ms / 1000)
        self._shipped.clear()

    async def _wait_out(self, error: EquipoiseError, what: str, retry_s: float) -> float:
        self._progress.store_error = error.code
        say("waiting", what=what, code=error.code, retry_s=round(retry_s, 3))
        await self._pause(retry_s)
        return min(2 * retry_s, self._settings.mirror.retry_longest_s)

    async def _pause(self, longest_s: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), longest_s)

    async def _end(self, writing: asyncio.Task[None]) -> None:
        self._progress.state = "draining"
        ends_at_s = time.monotonic() + self._settings.mirror.drain_s
        unfinished = await self._asker.drain(self._settings.mirror.drain_s)
        self._writer.close()
        await asyncio.wait((writing,), timeout=max(2.0, ends_at_s - time.monotonic()))
        if unfinished or not writing.done():
            # They stay pending, and the next mirror asks about them again.
            say("drain_ended", unfinished=unfinished, unwritten=self._progress.unwritten)
        writing.cancel()
        (ended,) = await asyncio.gather(writing, return_exceptions=True)
        await self._candidate.aclose()
        if isinstance(ended, Exception):  # a fault of ours; a service manager starts us again
            raise ended

    async def _beat(self) -> None:
        while True:
            await asyncio.to_thread(self._write_heartbeat)
            await asyncio.sleep(_BEAT_S)

    def _write_heartbeat(self, *, last: bool = False) -> None:
        """Beat; a thread that was under way at the end must not beat after the last one."""
        with self._beat_lock:
            if self._last_beat:
                return
            self._last_beat = last
            self._note_backlog()
            write_heartbeat(self._heartbeat, self._progress)

    def _note_backlog(self) -> None:
        backlog = self._in_hand + self._asker.n_held + self._progress.asking
        for tail in self._loader.tails:
            scanned = self._source.scanned_through(tail.epoch)
            if not (tail.finished and scanned >= tail.shipped_seq):
                with suppress(JournalError):
                    backlog += max(0, last_seq(tail.path) - scanned)
        self._progress.backlog = backlog
        self._progress.missing_journals = list(self._source.missing)

    def _delete_finished(self) -> None:
        keep_s = self._settings.mirror.keep_closed_s
        delete_finished(self._loader.tails, self._door.store, self._settings.trial, keep_s=keep_s)
