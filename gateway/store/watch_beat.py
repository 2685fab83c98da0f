"""`safety.json`: how the watch over the safety rules stands, replaced whole with every beat.

No number of the arms is in it: the file, like `equipoise status`, is for everybody.
"""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

WATCH_FILE = "safety.json"
BEAT_S = 1.0
_SILENT_AFTER_US = 60_000_000


@dataclass(frozen=True, slots=True)
class WatchBeat:
    """`read_at_us`: the start of the last whole reading of the rules, which took `round_ms`.

    `lag_s`: from the newest outcome's beginning to count to the end of the reading that saw it.
    """

    at_us: int
    state: str  # watching | away | stopped
    read_at_us: int | None
    round_ms: float | None
    lag_s: float | None
    store_error: str | None

    def is_silent(self, at_us: int) -> bool:
        """Whether a watch that should run has not been heard of for a minute.

        A last word from the future is one from before the clock was set back.
        """
        return self.state != "stopped" and abs(at_us - self.at_us) > _SILENT_AFTER_US


def write_watch_beat(path: Path, beat: WatchBeat) -> None:
    """Replace the file in one step.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    content = orjson.dumps(asdict(beat) | {"pid": os.getpid()}, option=orjson.OPT_APPEND_NEWLINE)
    draft = path.with_suffix(".json.draft")
    draft.write_bytes(content)
    draft.replace(path)


def read_watch_beat(path: Path) -> WatchBeat | None:
    """Read the file; None where no watch has written one that can be read."""
    try:
        said = orjson.loads(path.read_bytes())
        return WatchBeat(
            at_us=int(said["at_us"]),
            state=str(said["state"]),
            read_at_us=said["read_at_us"],
            round_ms=said["round_ms"],
            lag_s=said["lag_s"],
            store_error=said["store_error"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
