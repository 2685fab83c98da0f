"""One epoch's journal as the mirror follows it: rows in order, and which numbers have none."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gateway.journal_reader import GapLine, JournalMeta, gaps, last_seq, read_after, read_meta
from gateway.journal_record import JournalRecord

HOLE_PATIENCE_S = 2.0
"""A missing number may still be booked as a gap; after this it counts as missing."""


@dataclass(frozen=True, slots=True)
class Run:
    """Rows that follow one another, and the numbers whose row cannot be read."""

    records: tuple[JournalRecord, ...]
    unreadable: tuple[int, ...]
    through: int  # every row up to this number is in the run or before it


def read_run(path: Path, after: int, limit: int) -> Run:
    """Read rows that follow `after`; a damaged row is stepped over and named."""
    try:
        records = read_after(path, after, limit)
    except ValueError:
        return _read_singly(path, after, limit)
    return Run(tuple(records), (), records[-1].seq if records else after)


def _read_singly(path: Path, after: int, limit: int) -> Run:
    records: list[JournalRecord] = []
    unreadable: list[int] = []
    highest = last_seq(path)
    while after < highest and len(records) < limit:
        try:
            found = read_after(path, after, 1)
        except ValueError:
            after += 1
            unreadable.append(after)
        else:
            records.extend(found)
            after = found[0].seq if found else highest
    return Run(tuple(records), tuple(unreadable), after)


@dataclass(slots=True)
class Tail:
    """Where the mirror stands in one epoch. `meta` is None for an epoch that left only gaps."""

    epoch: str
    path: Path
    gap_path: Path
    meta: JournalMeta | None
    shipped_seq: int
    closed_before: bool = False  # the store has it as over already
    finished: bool = False
    behind: bool = True
    trouble: str | None = None  # the code of what keeps this epoch from being shipped
    booked: dict[int, GapLine] = field(default_factory=dict)
    shipped_gaps: set[int] = field(default_factory=set)
    clock: Callable[[], float] = time.monotonic
    _gap_size: int = -1
    _quiet_since_s: float | None = None
    _hole: tuple[int, float] | None = None  # its number, and since when it is known

    def look_at_gaps(self) -> list[GapLine]:
        """Read the gap file if it has grown; give the gaps that were not shipped in this life."""
        size = self.gap_path.stat().st_size if self.gap_path.exists() else 0
        if size != self._gap_size:
            self.booked = {gap.seq: gap for gap in gaps(self.gap_path)} if size else {}
            self._gap_size = size
        return [gap for seq, gap in self.booked.items() if seq not in self.shipped_gaps]

    def look_at_meta(self) -> bool:
        """Read again what the journal says of itself; say whether it is closed."""
        self.meta = read_meta(self.path)
        return self.meta.closed

    def up_to_hole(self, run: Run, *, live: bool) -> Run:
        """Cut a run before the first number that nothing accounts for yet, while it may still be.

        A live gateway can commit a row a moment before it books the gap of its forerunner.
        """
        known = set(self.booked) | set(run.unreadable)
        expected = self.shipped_seq + 1
        for index, record in enumerate(run.records):
            while expected < record.seq and (expected in known or not self._waits(expected, live)):
                expected += 1
            if expected < record.seq:
                through = expected - 1
                lost = tuple(seq for seq in run.unreadable if seq <= through)
                return Run(run.records[:index], lost, through)
            expected = record.seq + 1
        return run

    def is_quiet(self, *, news: bool) -> bool:
        """Say whether a dead gateway's epoch has brought nothing for long enough to be over."""
        now_s = self.clock()
        if news or self._quiet_since_s is None:
            self._quiet_since_s = now_s
        return now_s - self._quiet_since_s >= HOLE_PATIENCE_S

    def _waits(self, hole: int, live: bool) -> bool:
        if not live:
            return False
        now_s = self.clock()
        if self._hole is None or self._hole[0] < hole:
            self._hole = (hole, now_s)
        return self._hole[0] == hole and now_s - self._hole[1] < HOLE_PATIENCE_S
