"""The gap book: answers that left although the journal had not confirmed them, on another disk.

One JSON line per gap. Where even this book cannot be written, the line goes to the log at level
ERROR: a pair id and a number, nothing of the patient.
"""

import asyncio
import logging
import os
from dataclasses import dataclass
from pathlib import Path

import orjson

from gateway.batching import Batcher
from gateway.journal_reader import GapLine, gaps_path

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Booking:
    line: GapLine
    booked: "asyncio.Future[bool]"


class GapBook:
    """Books gaps in files of their own, one per epoch."""

    def __init__(self, folder: Path, trial: str) -> None:
        self._folder = folder
        self._trial = trial
        self._loop = asyncio.get_running_loop()
        self._batcher: Batcher[_Booking, bool] = Batcher("gap-book", self._write, self._done)

    async def book(self, line: GapLine, *, patience_s: float) -> bool:
        """Book one gap; False when it was not on the disk within `patience_s` (it may be yet)."""
        booked: asyncio.Future[bool] = self._loop.create_future()
        self._batcher.hand_over(_Booking(line, booked))
        await asyncio.wait((booked,), timeout=patience_s)
        return booked.done() and booked.result()

    def _write(self, bookings: list[_Booking]) -> bool:
        try:
            for epoch in {booking.line.epoch for booking in bookings}:
                self._append(epoch, [b.line for b in bookings if b.line.epoch == epoch])
        except OSError as error:
            for booking in bookings:
                log.error(  # noqa: TRY400 - one line per gap; a traceback would bury them
                    "gap not booked (%s): %s",
                    error.strerror,
                    _text(booking.line, with_epoch=True).decode(),
                )
            return False
        return True

    def _append(self, epoch: str, lines: list[GapLine]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = gaps_path(self._folder, self._trial, epoch)
        with path.open("ab") as book:
            book.write(b"".join(_text(line) + b"\n" for line in lines))
            book.flush()
            os.fsync(book.fileno())

    def _done(self, bookings: list[_Booking], result: bool) -> None:
        for booking in bookings:
            if not booking.booked.done():
                booking.booked.set_result(result)

    async def aclose(self, timeout_s: float) -> bool:
        return await self._batcher.aclose(timeout_s)


def _text(line: GapLine, *, with_epoch: bool = False) -> bytes:
    row: dict[str, object] = {
        "seq": line.seq,
        "pair_id": line.pair_id,
        "at_us": line.at_us,
        "cause": line.cause,
    }
    return orjson.dumps(row | {"epoch": line.epoch} if with_epoch else row)
