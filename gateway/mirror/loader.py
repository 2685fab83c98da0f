"""The loader: ships every epoch's journal to the trial store, in order, in batches.

Shipping is idempotent and starts where the store says it ended, so a mirror may die at any
instant. Dead gateways' journals are shipped like living ones.
"""

import time
from dataclasses import replace
from pathlib import Path

from gateway.journal_claim import is_claimed
from gateway.journal_reader import JournalError, gap_files, gaps_path, journal_path, journals
from gateway.journal_record import JournalRecord
from gateway.mirror.door import StoreDoor
from gateway.mirror.heartbeat import Progress
from gateway.mirror.logs import say
from gateway.mirror.row_readers import RowReaders
from gateway.mirror.tail import Run, Tail, read_run
from gateway.settings import GatewaySettings
from gateway.store.reads import epochs
from gateway.store.shipping import ShipBatch, ShipGap, ShipRow
from gateway.store.tables import Deviation, Epoch
from protocols.errors import RefusedError, StoreError

UNREADABLE = "unreadable_row"
QUARANTINED = "quarantined_row"
_ROW_FAULTS = frozenset({"SEQUENCE_REUSED", "PAIR_REUSED", "STORE_CONFLICT", "STORE_FAILED"})
_TRIES = 3
_TRY_PAUSE_S = 0.05


class Loader:
    """Follows all journals of one trial in one folder. Blocking: it runs in a thread."""

    def __init__(
        self, settings: GatewaySettings, door: StoreDoor, readers: RowReaders, progress: Progress
    ) -> None:
        self._settings = settings
        self._door = door
        self._readers = readers
        self._progress = progress
        self._tails: dict[str, Tail] = {}
        self._known: dict[str, Epoch] | None = None

    @property
    def tails(self) -> list[Tail]:
        """Every epoch that is known, oldest first; called from both threads."""
        found = list(self._tails.values())  # in one step: the loader's thread adds to it
        return sorted(found, key=lambda tail: tail.epoch)

    @property
    def is_caught_up(self) -> bool:
        """Whether the last step found nothing that is still to be shipped."""
        return self._known is not None and not any(tail.behind for tail in self.tails)

    def step(self) -> int:
        """Ship at most one batch of each epoch; give the number of rows and gaps shipped.

        An epoch whose own files or protocol are the trouble does not hold up the others.

        Raises
        ------
        StoreError
            The store cannot be used now; nothing of the failed batch is in it.
        RefusedError
            The folder's protocol is not the registered one; nothing was shipped.
        """
        self._find_epochs()
        return sum(self._step(tail) for tail in self.tails)

    def _step(self, tail: Tail) -> int:
        try:
            n_shipped = self._book(tail) if tail.finished else self._follow(tail)
        except (JournalError, RefusedError) as error:
            return self._in_trouble(tail, error.code)
        except OSError:
            return self._in_trouble(tail, "GAPS_UNREADABLE")
        tail.trouble = None
        return n_shipped

    def _in_trouble(self, tail: Tail, code: str) -> int:
        if tail.trouble != code:
            say("epoch_in_trouble", epoch=tail.epoch, code=code)
        tail.trouble, tail.behind = code, False
        return 0

    def _find_epochs(self) -> None:
        trial, settings = self._settings.trial, self._settings
        if self._known is None:
            self._readers.check_snapshot()
            rows = epochs(self._door.store(), trial)
            self._known = {row.epoch: row for row in rows}
        found = [
            *(_epoch(path) for path in journals(settings.journal_folder, trial)),
            *(_epoch(path) for path in gap_files(settings.gap_folder, trial)),
        ]
        for epoch in found:
            if epoch not in self._tails:
                before = self._known.get(epoch)
                self._tails[epoch] = Tail(
                    epoch=epoch,
                    path=journal_path(settings.journal_folder, trial, epoch),
                    gap_path=gaps_path(settings.gap_folder, trial, epoch),
                    meta=None,
                    shipped_seq=0 if before is None else before.shipped_seq,
                    closed_before=before is not None and before.closed,
                )

    def _follow(self, tail: Tail) -> int:
        # Asked before reading: a writer that was gone by then has left nothing that is not read.
        live = tail.path.exists() and is_claimed(tail.path)
        try:
            closed = tail.path.exists() and tail.look_at_meta()
            run = read_run(tail.path, tail.shipped_seq, self._settings.mirror.batch_rows)
        except JournalError:
            if live:  # it is being made, or its disk is in trouble: look again
                raise
            run, closed = Run((), (), tail.shipped_seq), False  # its process died too early
        live = live and not closed
        gaps = tail.look_at_gaps()
        whole, run = run, tail.up_to_hole(run, live=live)
        exhausted = not (live or run.records or run.unreadable) and run is whole
        # A killed gateway says no goodbye: it is over when nothing more of it has come for a while.
        final = exhausted and (closed or tail.closed_before or tail.is_quiet(news=bool(gaps)))
        if run.records or run.unreadable or gaps or final:
            self._ship(tail, run, closed=final)
        tail.finished = final
        tail.behind = bool(run.records) or run is not whole or (exhausted and not final)
        return len(run.records) + len(gaps)

    def _book(self, tail: Tail) -> int:
        """Ship gaps alone: a gateway whose disk failed goes on counting in the epoch it lost."""
        gaps = tail.look_at_gaps()
        if gaps:
            self._ship(tail, Run((), (), tail.shipped_seq), closed=False)
        return len(gaps)

    def _ship(self, tail: Tail, run: Run, *, closed: bool) -> None:
        batch = self._batch(tail, run, closed=closed)
        try:
            self._door.ship(batch)
        except StoreError as error:
            if error.code not in _ROW_FAULTS:
                raise
            say("batch_refused", code=error.code, rows=len(batch.rows))
            self._ship_singly(batch)
        tail.shipped_seq = max(tail.shipped_seq, run.through)
        tail.shipped_gaps.update(gap.seq for gap in batch.gaps)
        self._progress.shipped += len(batch.rows)

    def _ship_singly(self, batch: ShipBatch) -> None:
        """Ship the rows one by one; the one that the store refuses is booked in its place."""
        for row in batch.rows:
            refused = self._refusal(_part(batch, rows=(row,)))
            if refused is not None:
                say("row_quarantined", code=refused, seq=row.seq)
                self._progress.quarantined += 1
                gap = ShipGap(
                    seq=row.seq, pair_id=row.pair_id, at_us=row.arrived_at_us, cause=QUARANTINED
                )
                self._door.ship(_part(batch, gaps=(gap,)))
        self._door.ship(replace(batch, rows=()))

    def _refusal(self, part: ShipBatch) -> str | None:
        """Ship one row; the code when the store refuses it again and again."""
        for tries_left in reversed(range(_TRIES)):
            try:
                self._door.ship(part)
            except StoreError as error:
                if error.code not in _ROW_FAULTS:
                    raise
                if tries_left == 0:
                    return error.code
                time.sleep(_TRY_PAUSE_S)
            else:
                return None
        return None

    def _batch(self, tail: Tail, run: Run, *, closed: bool) -> ShipBatch:
        meta = tail.meta
        at_us = time.time_ns() // 1000
        gaps = [
            ShipGap(seq=gap.seq, pair_id=gap.pair_id, at_us=gap.at_us, cause=gap.cause)
            for gap in tail.look_at_gaps()
        ]
        for seq in run.unreadable:
            say("row_unreadable", seq=seq)
            self._progress.quarantined += 1
            gaps.append(ShipGap(seq=seq, pair_id="", at_us=at_us, cause=UNREADABLE))
        digest = self._readers.snapshot_digest if meta is None else meta.protocol_digest
        rows, deviations = self._read(run.records, digest)
        numbers = [run.through, *(gap.seq for gap in gaps)]
        if closed and meta is not None and meta.accepted_seq is not None:
            numbers.append(meta.accepted_seq)
        return ShipBatch(
            trial=self._settings.trial,
            epoch=tail.epoch,
            protocol_digest=digest,
            started_at_us=at_us if meta is None else meta.started_at_us,
            shipped_seq=run.through,
            accepted_seq=max(numbers),
            closed=closed,
            at_us=at_us,
            rows=rows,
            gaps=tuple(gaps),
            deviations=deviations,
        )

    def _read(
        self, records: tuple[JournalRecord, ...], digest: str
    ) -> tuple[tuple[ShipRow, ...], tuple[Deviation, ...]]:
        if not records:
            return (), ()
        reader = self._readers.reader(digest)
        read = [reader.read(record) for record in records]
        rows = tuple(row for row, _ in read)
        return rows, tuple(deviation for _, deviation in read if deviation is not None)


def _epoch(path: Path) -> str:
    return path.stem.rsplit("-", maxsplit=1)[-1]


def _part(
    batch: ShipBatch, *, rows: tuple[ShipRow, ...] = (), gaps: tuple[ShipGap, ...] = ()
) -> ShipBatch:
    """Cut a piece out of a batch; a piece does not move the epoch forward."""
    return replace(
        batch, shipped_seq=0, accepted_seq=0, closed=False, rows=rows, gaps=gaps, deviations=()
    )
