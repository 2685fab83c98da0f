"""The gap book: answers that left although the journal had not confirmed them, on another disk.

One JSON line per gap. Where even this book cannot be written, the line goes to the log at level
ERROR (a pair id and a number, nothing of the patient) and is tried again every second, for as long
as the process lives.
"""

import asyncio
import logging
import os
from collections import deque
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import orjson

from gateway.batching import Batcher
from gateway.journal_reader import GapLine, gaps_path

log = logging.getLogger(__name__)

RETRY_S = 1.0
RETRY_LINES = 5_000
MOST_KEPT = 100_000
"""Lines that are kept for another try; the log has them all."""


@dataclass(frozen=True, slots=True)
class _Booking:
    line: GapLine | None  # None: try again what was not booked
    booked: "asyncio.Future[bool]"


class GapBook:
    """Books gaps in files of their own, one per epoch."""

    def __init__(self, folder: Path, trial: str) -> None:
        self._folder = folder
        self._trial = trial
        self._loop = asyncio.get_running_loop()
        self._batcher: Batcher[_Booking, bool] = Batcher("gap-book", self._write, self._done)
        self._unbooked: deque[GapLine] = deque(maxlen=MOST_KEPT)  # the writing thread's
        self._retry: asyncio.TimerHandle | None = None

    async def book(self, line: GapLine, *, patience_s: float) -> bool:
        """Book one gap; False when it was not on the disk within `patience_s` (it may be yet)."""
        booked: asyncio.Future[bool] = self._loop.create_future()
        self._batcher.hand_over(_Booking(line, booked))
        await asyncio.wait((booked,), timeout=patience_s)
        return booked.done() and booked.result()

    def _write(self, bookings: list[_Booking]) -> bool:
        fresh = [booking.line for booking in bookings if booking.line is not None]
        again = [] if len(fresh) == len(bookings) else list(islice(self._unbooked, RETRY_LINES))
        lines = again + fresh
        try:
            for epoch in sorted({line.epoch for line in lines}):
                self._append(epoch, [line for line in lines if line.epoch == epoch])
        except OSError as error:
            for line in fresh:
                log.error(  # noqa: TRY400 - one line per gap; a traceback would bury them
                    "gap not booked (%s): %s",
                    error.strerror,
                    _text(line, with_epoch=True).decode(),
                )
            self._unbooked.extend(fresh)
            return False
        for _ in again:
            self._unbooked.popleft()
        if again:
            log.warning("%d gaps were booked after all", len(again))
        return True

    def _append(self, epoch: str, lines: list[GapLine]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = gaps_path(self._folder, self._trial, epoch)
        # A full disk may have torn the line before; the empty one of other times does no harm.
        torn = b"\n" if self._unbooked else b""
        with path.open("ab") as book:
            book.write(torn + b"".join(_text(line) + b"\n" for line in lines))
            book.flush()
            os.fsync(book.fileno())

    def _done(self, bookings: list[_Booking], result: bool) -> None:
        for booking in bookings:
            if not booking.booked.done():
                booking.booked.set_result(result)
        if self._unbooked and self._retry is None:
            self._retry = self._loop.call_later(RETRY_S, self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        self._batcher.hand_over(_Booking(None, self._loop.create_future()))

    async def aclose(self, timeout_s: float) -> bool:
        """Write what is left; False when that took longer than `timeout_s`."""
        if self._retry is not None:
            self._retry.cancel()
            self._try_again()
        return await self._batcher.aclose(timeout_s)


def _text(line: GapLine, *, with_epoch: bool = False) -> bytes:
    row: dict[str, object] = {
        "seq": line.seq,
        "pair_id": line.pair_id,
        "at_us": line.at_us,
        "cause": line.cause,
    }
    return orjson.dumps(row | {"epoch": line.epoch} if with_epoch else row)
