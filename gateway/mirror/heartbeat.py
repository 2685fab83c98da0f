"""`mirror.json`: how the mirror stands, replaced whole every second for `equipoise status`."""

import os
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from gateway.mirror.logs import say
from protocols.vocabulary import Fate

HEARTBEAT_FILE = "mirror.json"

_LAGS = 2000
_SILENT_AFTER_US = 10_000_000


@dataclass(slots=True)
class Progress:
    """What the loader and the asker count. `lags_ms`: arrival to asking, of the latest pairs."""

    state: str = "starting"
    shipped: int = 0
    quarantined: int = 0
    asking: int = 0
    unwritten: int = 0
    backlog: int = 0
    breaker: str = "closed"
    store_error: str | None = None
    missing_journals: list[str] = field(default_factory=list)
    held_by: list[str] = field(default_factory=list)  # safety rules that keep it from asking
    fates: Counter[Fate] = field(default_factory=Counter)
    lags_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_LAGS))

    def lag_ms(self, share: float) -> float | None:
        """Quantile of the latest lags; None before the first asking."""
        lags = sorted(self.lags_ms.copy())
        return round(lags[int(share * (len(lags) - 1))], 1) if lags else None


def write_heartbeat(path: Path, progress: Progress) -> None:
    """Replace the file in one step; a full disk is logged, not fatal."""
    content = orjson.dumps(
        {
            "at_us": time.time_ns() // 1000,
            "pid": os.getpid(),
            "state": progress.state,
            "shipped": progress.shipped,
            "quarantined": progress.quarantined,
            "backlog": progress.backlog,
            "asking": progress.asking,
            "unwritten": progress.unwritten,
            "breaker": progress.breaker,
            "store_error": progress.store_error,
            "missing_journals": progress.missing_journals,
            "held_by": progress.held_by,
            "lag_ms": {"p50": progress.lag_ms(0.5), "p99": progress.lag_ms(0.99)},
            "fates": {fate.value: n for fate, n in sorted(progress.fates.items())},
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )
    draft = path.with_suffix(".json.draft")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        say("heartbeat_not_written", errno=error.errno)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What `mirror.json` says. Lags are milliseconds; None before the first asking."""

    at_us: int
    state: str
    backlog: int
    breaker: str
    store_error: str | None
    missing_journals: tuple[str, ...]
    lag_p50_ms: float | None
    lag_p99_ms: float | None
    held_by: tuple[str, ...] = ()

    def is_silent(self, at_us: int) -> bool:
        """Whether a mirror that should run has not been heard of for some beats.

        A last word from the future is one from before the clock was set back.
        """
        return self.state != "stopped" and abs(at_us - self.at_us) > _SILENT_AFTER_US


def read_heartbeat(path: Path) -> Heartbeat | None:
    """Read the file; None where no mirror has written one that can be read."""
    try:
        said = orjson.loads(path.read_bytes())
        return Heartbeat(
            at_us=int(said["at_us"]),
            state=str(said["state"]),
            backlog=int(said["backlog"]),
            breaker=str(said["breaker"]),
            store_error=said["store_error"],
            missing_journals=tuple(map(str, said["missing_journals"])),
            lag_p50_ms=said["lag_ms"]["p50"],
            lag_p99_ms=said["lag_ms"]["p99"],
            held_by=tuple(map(str, said.get("held_by", ()))),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
