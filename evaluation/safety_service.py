"""`python -m evaluation.safety_service --folder F`: the watch that `equipoise serve` keeps running.

The rules are read again as soon as the store has something new, and else every `LONGEST_S`, more
rarely where a reading takes long, because outcomes also mature by the clock. A store that is away
is waited out. Reading takes no more than a fifth of one processor's time, and everything else on
the machine goes first.
"""

import argparse
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from evaluation.safety_round import Round, watch_round
from evaluation.safety_units import Unit
from gateway.store.arrivals import news_of
from gateway.store.engine import Store, open_store
from gateway.store.folder import read_store_location
from gateway.store.watch_beat import (
    BEAT_S,
    WATCH_FILE,
    WatchBeat,
    read_watch_beat,
    write_watch_beat,
)
from protocols.errors import EquipoiseError, StoreError

ACTOR = "equipoise serve"
LONGEST_S = 30.0
_REST = 4
_IDLE = 20  # readings' times between two readings where nothing is new
RETRY_S = 5.0
_COLLECT_AFTER = (200_000, 20, 20)
_FIRST_OUT = "500"


class SafetyService:
    """One watch of one folder; `run` works until `stop`."""

    def __init__(self, folder: Path, *, retry_s: float = RETRY_S) -> None:
        self._trial, self._url = read_store_location(folder)
        self._path = folder / WATCH_FILE
        self._stop = threading.Event()
        self._saying = threading.Lock()
        self._beat = WatchBeat(_now_us(), "watching", None, None, None, None)
        self._store: Store | None = None
        self._news: tuple[int, ...] | None = None
        self._due_at_s = 0.0
        self._retry_s = retry_s
        # The newest outcome that a reading has seen, be it one of the watch before this one.
        before = read_watch_beat(self._path)
        self._newest_us = 0 if before is None or before.read_at_us is None else before.read_at_us

    def stop(self) -> None:
        """Let the reading under way end, then end."""
        self._stop.set()

    def run(self) -> None:
        """Read the rules whenever there is something new.

        Raises
        ------
        EquipoiseError
            No protocol is registered, or the store is one of another version.
        """
        beating = threading.Thread(target=self._keep_beating, daemon=True)
        beating.start()
        try:
            while not self._stop.wait(self._step()):
                pass
        finally:
            self._stop.set()
            beating.join(timeout=2 * BEAT_S)
            self._say(state="stopped")
            if self._store is not None:
                self._store.close()

    def _step(self) -> float:
        """Read if there is reason to; give the seconds until the next step."""
        try:
            if self._store is None:
                self._store = open_store(self._url)
            news = news_of(self._store)
            if news == self._news and time.monotonic() < self._due_at_s:
                return BEAT_S
            took_s = self._read(self._store)
        except StoreError as error:
            if error.code == "STORE_SCHEMA":
                raise
            if self._beat.store_error is None:
                _log(f"the store is away: {error.code}")
            self._say(state="away", store_error=error.code)
            return self._retry_s
        rest_s = max(LONGEST_S, _IDLE * took_s)
        self._news, self._due_at_s = news, time.monotonic() + rest_s
        return max(BEAT_S, _REST * took_s)

    def _read(self, store: Store) -> float:
        at_us, started_s = _now_us(), time.monotonic()
        found = watch_round(store, self._trial, actor=ACTOR, at_us=at_us, past=False)
        took_s = time.monotonic() - started_s
        for rule in found.raised:
            alarm = next(row for row in found.alarms if row.rule == rule)
            _log(f"ALARM {rule} asks to {alarm.action} ({alarm.severity})")
        self._say(
            state="watching",
            read_at_us=at_us,
            round_ms=round(1000 * took_s, 1),
            lag_s=self._lag_s(found, at_us + int(1e6 * took_s)),
            store_error=None,
        )
        return took_s

    def _lag_s(self, found: Round, read_at_us: int) -> float | None:
        """Of the newest outcome, by the first reading that saw it: others tell nothing of a lag."""
        newest = max((case.entered_at_us for case in _cases(found)), default=0)
        if newest <= self._newest_us:
            return self._beat.lag_s
        self._newest_us = newest
        return round(max(0, read_at_us - newest) / 1e6, 1)

    def _say(self, **changes: object) -> None:
        with self._saying, suppress(OSError):  # a full disk must not end the watch
            self._beat = replace(self._beat, at_us=_now_us(), **changes)  # type: ignore[arg-type]
            write_watch_beat(self._path, self._beat)

    def _keep_beating(self) -> None:
        """Beat beside a long reading, so that slow is not taken for dead."""
        while not self._stop.wait(BEAT_S):
            self._say()


def _cases(found: Round) -> Iterator[Unit]:
    for one in found.watch.rules:
        yield from one.units.cases


def _go_last() -> None:
    """Fewer looks for garbage among many rows; and before anybody else, memory is taken from us."""
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    with suppress(OSError):  # not on Linux, or not allowed
        Path("/proc/self/oom_score_adj").write_text(_FIRST_OUT)


def _now_us() -> int:
    return time.time_ns() // 1000


def _log(line: str) -> None:
    sys.stderr.write(f"equipoise: watch: {line}\n")
    sys.stderr.flush()


def main(arguments: list[str] | None = None) -> int:
    """Run the watch; give the exit status."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.safety_service")
    parser.add_argument("--folder", type=Path, required=True, help="the trial's folder")
    parser.add_argument("--niceness", type=int, default=10, help="added to the process's niceness")
    options = parser.parse_args(arguments)
    os.umask(0o027)
    os.nice(options.niceness)
    _go_last()
    try:
        service = SafetyService(options.folder)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())
        service.run()
    except EquipoiseError as error:
        _log(f"{error.code}: {error}")
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
