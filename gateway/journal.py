"""The journal: every accepted request is on the disk before its answer leaves.

One SQLite file per epoch, one writing connection for life, WAL and synchronous=FULL. A thread
writes whatever waits as one statement, which is one transaction and one sync, and is also the one
moment at which it lets go of the interpreter. When the disk fails, the file is left alone as
evidence and a new epoch is tried every second; meanwhile nothing is confirmed.
"""

import asyncio
import logging
import secrets
import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gateway.batching import Batcher, in_thread
from gateway.journal_claim import JournalClaim
from gateway.journal_reader import journal_path
from gateway.journal_record import JournalRecord, encode

log = logging.getLogger(__name__)

RETRY_S = 1.0
START_PATIENCE_S = 5.0
LARGEST_QUEUE_BYTES = 64 * 1024 * 1024
"""Rows that wait for a disk that hangs may take this much memory, however few they are."""

_CHECKPOINT_PAGES = 2000
_PAGE_BYTES = 4096
_SCHEMA = """
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY,
    pair_id TEXT NOT NULL,
    arrived_at_us INTEGER NOT NULL,
    keyed INTEGER NOT NULL,
    record BLOB NOT NULL
);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class Cause(StrEnum):
    """Why the journal did not confirm a row in time."""

    BUDGET = "budget"  # the capture budget ran out; the row may follow
    ERROR = "journal_error"  # the disk refused
    DOWN = "journal_down"  # no journal is open
    QUEUE_FULL = "queue_full"


class JournalState(StrEnum):
    """Whether rows can be confirmed now."""

    UP = "up"
    DOWN = "down"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPlan:
    """Where the journal lies and what it promises. `budget_ms` bounds the wait of one answer."""

    folder: Path
    trial: str
    protocol_digest: str
    budget_ms: float
    queue_limit: int
    rotate_rows: int
    now_us: Callable[[], int]


@dataclass(frozen=True, slots=True)
class _Row:
    epoch: str
    values: tuple[int, str, int, bool, bytes]
    confirmed: "asyncio.Future[Cause | None]"


@dataclass(frozen=True, slots=True)
class _Close:
    epoch: str
    accepted_seq: int
    confirmed: "asyncio.Future[Cause | None]"


_Work = _Row | _Close
_Outcome = list[tuple["asyncio.Future[Cause | None]", Cause | None]]


class Journal:
    """The event loop's side: gives out numbers, hands rows over, and waits within the budget."""

    def __init__(self, plan: JournalPlan) -> None:
        self._plan = plan
        self._loop = asyncio.get_running_loop()
        self._writer = _Writer(plan)
        self._batcher: Batcher[_Work, _Outcome] = Batcher("journal", self._writer.work, self._done)
        self._budgets: deque[tuple[float, asyncio.Future[Cause | None]]] = deque()
        self._alarm: asyncio.TimerHandle | None = None
        self._queue_bytes = 0
        self._opening: asyncio.Task[None] | None = None
        self.state = JournalState.DOWN
        self.epoch = new_epoch(plan.now_us())
        self.accepted_seq = 0

    async def start(self) -> None:
        """Open the first epoch. A journal that cannot be opened is down, and is tried again."""
        self._opening = self._loop.create_task(self._open(self.epoch))
        # A disk that hangs must not keep the gateway from answering.
        await asyncio.wait((self._opening,), timeout=START_PATIENCE_S)

    def next_seq(self) -> int:
        """Give out the next number of the epoch; the caller must append a row for it."""
        if self.accepted_seq >= self._plan.rotate_rows and self.state is JournalState.UP:
            self._reopen()
        self.accepted_seq += 1
        return self.accepted_seq

    def append(self, record: JournalRecord) -> "asyncio.Future[Cause | None]":
        """Hand a row over. The future gives None when it is synced, or why that is not so."""
        confirmed: asyncio.Future[Cause | None] = self._loop.create_future()
        if self.state is not JournalState.UP:
            confirmed.set_result(Cause.DOWN)
        elif self._is_full():
            confirmed.set_result(Cause.QUEUE_FULL)
        else:
            keyed = record.idempotency_token is not None
            values = (record.seq, record.pair_id, record.arrived_at_us, keyed, encode(record))
            self._queue_bytes += len(values[4])
            self._batcher.hand_over(_Row(self.epoch, values, confirmed))
            self._budget(confirmed)
        return confirmed

    def _is_full(self) -> bool:
        too_many = self._batcher.waiting >= self._plan.queue_limit
        return too_many or self._queue_bytes >= LARGEST_QUEUE_BYTES

    def _budget(self, confirmed: "asyncio.Future[Cause | None]") -> None:
        # All budgets are equally long, so one alarm for the oldest replaces a timer per request.
        due = self._loop.time() + self._plan.budget_ms / 1000.0
        self._budgets.append((due, confirmed))
        if self._alarm is None:
            self._alarm = self._loop.call_at(due, self._ring)

    def _ring(self) -> None:
        now = self._loop.time()
        budgets = self._budgets
        while budgets and (budgets[0][1].done() or budgets[0][0] <= now):
            _, confirmed = budgets.popleft()
            if not confirmed.done():
                confirmed.set_result(Cause.BUDGET)
        self._alarm = self._loop.call_at(budgets[0][0], self._ring) if budgets else None

    def _done(self, items: list[_Work], outcome: _Outcome) -> None:
        self._queue_bytes -= sum(len(item.values[4]) for item in items if isinstance(item, _Row))
        failed = False
        for confirmed, cause in outcome:
            failed = failed or cause is Cause.ERROR
            if not confirmed.done():
                confirmed.set_result(cause)
        if failed and self.state is JournalState.UP:
            log.error("the journal failed; a new epoch is tried every %s s", RETRY_S)
            self.state = JournalState.DOWN
            self._reopen()

    def _reopen(self) -> None:
        if self._opening is None or self._opening.done():
            self._opening = self._loop.create_task(self._open(new_epoch(self._plan.now_us())))

    async def _open(self, epoch: str) -> None:
        # Not in the writer's thread: laying a file out takes longer than an answer may wait.
        if not await in_thread("journal-opening", lambda: self._writer.open(epoch)):
            log.error("the journal cannot be opened in %s", self._plan.folder.name)
            self._loop.call_later(RETRY_S, self._retry)
            return
        if self.state is JournalState.CLOSED:
            return
        if self.epoch != epoch:
            left: asyncio.Future[Cause | None] = self._loop.create_future()
            self._batcher.hand_over(_Close(self.epoch, self.accepted_seq, left))
            self.epoch, self.accepted_seq = epoch, 0
        self.state = JournalState.UP

    def _retry(self) -> None:
        if self.state is JournalState.DOWN:
            self._reopen()

    async def aclose(self, timeout_s: float) -> bool:
        """Write what waits, say goodbye in the file; False when the disk did not let it."""
        was_up = self.state is JournalState.UP
        self.state = JournalState.CLOSED
        if self._alarm is not None:
            self._alarm.cancel()
        left: asyncio.Future[Cause | None] = self._loop.create_future()
        self._batcher.hand_over(_Close(self.epoch, self.accepted_seq, left))
        ended = await self._batcher.aclose(timeout_s)
        return was_up and ended and left.done() and left.result() is None


class _Writer:
    """The thread's side. Owns the one writing connection of each open epoch."""

    def __init__(self, plan: JournalPlan) -> None:
        self._plan = plan
        self._connections: dict[str, sqlite3.Connection] = {}
        self._claims: dict[str, JournalClaim] = {}

    def work(self, items: list[_Work]) -> _Outcome:
        outcome: _Outcome = []
        rows: list[_Row] = []
        for item in items:
            if isinstance(item, _Row) and (not rows or rows[0].epoch == item.epoch):
                rows.append(item)
                continue
            outcome += self._insert(rows)
            rows = [item] if isinstance(item, _Row) else []
            if isinstance(item, _Close):
                outcome.append((item.confirmed, self._close(item)))
        return outcome + self._insert(rows)

    def _insert(self, rows: list[_Row]) -> _Outcome:
        if not rows:
            return []
        connection = self._connections.get(rows[0].epoch)
        cause: Cause | None = Cause.DOWN
        if connection is not None:
            try:
                places = ",".join(("(?,?,?,?,?)",) * len(rows))
                connection.execute(
                    f"INSERT INTO entry VALUES {places}",  # noqa: S608 - question marks only
                    [value for row in rows for value in row.values],
                )
                cause = None
            except sqlite3.Error:
                log.exception("the journal could not be written")
                self._abandon(rows[0].epoch)
                cause = Cause.ERROR
        return [(row.confirmed, cause) for row in rows]

    def open(self, epoch: str) -> bool:
        """Lay a new file out; its one connection then belongs to the writer's thread."""
        path = journal_path(self._plan.folder, self._plan.trial, epoch)
        connection = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._claims[epoch] = JournalClaim(path)
            connection = sqlite3.connect(
                path, isolation_level=None, cached_statements=512, check_same_thread=False
            )
            self._lay_out(connection, epoch)
        except (sqlite3.Error, OSError):
            log.exception("the journal could not be opened")
            if connection is not None:
                connection.close()
            self._let_go(epoch)
            for leftover in path.parent.glob(path.name + "*"):  # no row was ever given to it
                with suppress(OSError):
                    leftover.unlink()
            return False
        self._connections[epoch] = connection
        return True

    def _lay_out(self, connection: sqlite3.Connection, epoch: str) -> None:
        (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        if mode != "wal":
            raise sqlite3.OperationalError("this file system does not carry a journal")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        connection.executescript("BEGIN;" + _SCHEMA + "COMMIT;")
        facts = {
            "epoch": epoch,
            "trial": self._plan.trial,
            "protocol_digest": self._plan.protocol_digest,
            "started_at_us": str(self._plan.now_us()),
        }
        places = ",".join(("(?,?)",) * len(facts))
        connection.execute(
            f"INSERT INTO meta VALUES {places}",  # noqa: S608 - question marks only
            [value for pair in facts.items() for value in pair],
        )
        # Grow the files now: a sync that only overwrites what is there has no new size to record,
        # and took two thirds of the time.
        connection.execute(
            "INSERT INTO entry VALUES (0, '', 0, 0, zeroblob(?))",
            (_CHECKPOINT_PAGES * _PAGE_BYTES,),
        )
        connection.execute("DELETE FROM entry WHERE seq = 0")
        connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()

    def _close(self, item: _Close) -> Cause | None:
        connection = self._connections.pop(item.epoch, None)
        if connection is None:
            return Cause.DOWN
        try:
            connection.execute(
                "INSERT INTO meta VALUES ('closed', '1'), ('accepted_seq', ?)",
                (str(item.accepted_seq),),
            )
        except sqlite3.Error:
            log.exception("the journal could not be closed")
            return Cause.ERROR
        finally:
            with suppress(sqlite3.Error):
                connection.close()
            self._let_go(item.epoch)
        return None

    def _abandon(self, epoch: str) -> None:
        with suppress(sqlite3.Error):
            self._connections.pop(epoch).close()
        self._let_go(epoch)

    def _let_go(self, epoch: str) -> None:
        claim = self._claims.pop(epoch, None)
        if claim is not None:
            claim.release()


def new_epoch(now_us: int) -> str:
    """Name an epoch: its start, so that names sort by time, and what tells gateways apart."""
    return f"{now_us:016d}x{secrets.token_hex(4)}"
