"""Pending pairs in the order of their journals, with the exact bytes that the arms get.

The store says which pairs wait; it holds allowlisted fields only, so the bytes come from the
journal. One mirror works on a folder, and an epoch is shipped in order: what lies behind the
epoch's cursor is asked or under way, and is not looked for again in this mirror's life.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from gateway.journal_reader import LARGEST_READ_BYTES, JournalError, journal_path
from gateway.journal_record import JournalRecord
from gateway.mirror.logs import say
from gateway.mirror.pairs import Waiting
from gateway.mirror.tail import Tail, read_run
from gateway.store.engine import Store
from gateway.store.reads import PendingPair, pending_pairs

PAGE = 500
_BEYOND = 2**62


class PendingSource:
    """Pages of pending pairs. Blocking: it runs in a thread."""

    def __init__(
        self,
        store: Callable[[], Store],
        trial: str,
        tails: Callable[[], list[Tail]],
        *,
        journal_folder: Path,
        lost_epochs: tuple[str, ...],
    ) -> None:
        self._store = store
        self._trial = trial
        self._tails = tails
        self._journal_folder = journal_folder
        self._lost_epochs = lost_epochs
        self.missing: list[str] = []
        self._cursors: dict[str, int] = {}
        self._last_epoch = ""
        self._unreadable: set[str] = set()
        self._orphans_sought = False
        self._orphan_place: tuple[str, int] | None = None

    def next_page(self) -> list[Waiting]:
        """Read the next pending pairs, one epoch after the other; empty when there are none now.

        Raises
        ------
        StoreError
            The store cannot be read now; nothing was skipped.
        """
        if not self._orphans_sought:
            orphans = self._next_orphans()
            if orphans:
                return orphans
            self._orphans_sought = True
        for tail in self._in_turn():
            shipped = tail.shipped_seq
            if not tail.path.exists():  # retired, or lost: `missing` has said so
                continue
            if shipped > self._cursors.get(tail.epoch, 0):
                page = self._page_or_nothing(tail, shipped)
                if page:
                    self._last_epoch = tail.epoch
                    return page
        return []

    def _in_turn(self) -> list[Tail]:
        """List the epochs, beginning behind the last one that had its turn."""
        tails = self._tails()
        later = [tail for tail in tails if tail.epoch > self._last_epoch]
        return later + [tail for tail in tails if tail.epoch <= self._last_epoch]

    def scanned_through(self, epoch: str) -> int:
        """Say up to which number the epoch's pairs were handed out."""
        return self._cursors.get(epoch, 0)

    def _journal(self, epoch: str) -> Path:
        return journal_path(self._journal_folder, self._trial, epoch)

    def _page_or_nothing(self, tail: Tail, shipped: int) -> list[Waiting]:
        """Read a page; a journal that cannot be read now does not hold up the others."""
        try:
            page = self._page_of(tail, shipped)
        except JournalError as error:
            if tail.epoch not in self._unreadable:
                say("journal_unreadable", epoch=tail.epoch, code=error.code)
            self._unreadable.add(tail.epoch)
            return []
        self._unreadable.discard(tail.epoch)
        return page

    def _page_of(self, tail: Tail, shipped: int) -> list[Waiting]:
        after = (tail.epoch, self._cursors.get(tail.epoch, 0))
        pairs = pending_pairs(self._store(), self._trial, limit=PAGE, after=after, same_epoch=True)
        waiting, size = [], 0
        for pair in _with_inputs(pairs, tail.path) if pairs else ():
            waiting.append(pair)
            size += len(pair.inputs or b"")
            if size >= LARGEST_READ_BYTES:  # the rest of the page is read again
                self._cursors[tail.epoch] = pair.seq
                return waiting
        scanned = 0 if len(pairs) == PAGE else shipped
        self._cursors[tail.epoch] = max([scanned, *(pair.seq for pair in pairs)])
        return waiting

    def _next_orphans(self) -> list[Waiting]:
        """Find pairs whose journal is not here: lost where an operator has said so, else named.

        A disk that is not mounted looks the same, and an observation cannot be taken back: so the
        mirror does not declare a loss by itself.
        """
        while found := pending_pairs(
            self._store(), self._trial, limit=PAGE, after=self._orphan_place
        ):
            epoch = found[0].epoch
            is_here = self._journal(epoch).exists()
            if epoch in self._lost_epochs and not is_here:
                lost = [pair for pair in found if pair.epoch == epoch]
                self._orphan_place = (epoch, lost[-1].seq)
                return [_waiting(pair, None) for pair in lost]
            if not is_here:
                self.missing.append(epoch)
                say("journal_missing", epoch=epoch)
            self._orphan_place = (epoch, _BEYOND)
        return []


def _with_inputs(pairs: list[PendingPair], path: Path) -> Iterator[Waiting]:
    wanted = {pair.seq: pair for pair in pairs}
    after, last = pairs[0].seq - 1, pairs[-1].seq
    while after < last:
        run = read_run(path, after, min(PAGE, last - after))
        for record in run.records:
            pair = wanted.pop(record.seq, None)
            if pair is not None:
                yield _waiting(pair, record)
        if run.through == after:
            break
        after = run.through
    if wanted:  # shipped once, and damaged since: they stay pending, and a person should look
        say("rows_missing", n=len(wanted))


def _waiting(pair: PendingPair, record: JournalRecord | None) -> Waiting:
    return Waiting(
        pair_id=pair.pair_id,
        epoch=pair.epoch,
        seq=pair.seq,
        arrived_at_us=pair.arrived_at_us,
        inputs=None if record is None else record.inputs,
        trace=None if record is None else record.trace,
    )
