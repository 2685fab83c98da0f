"""Structured log lines on standard error: an event, numbers and closed words; no identifiers.

No arm's text, no input, no token and no pair id is ever passed to `say`.
"""

import sys
import time
from datetime import UTC, datetime

import orjson


def say(event: str, **facts: str | int | float | bool | None) -> None:
    """Write one JSON line."""
    at = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")
    line = orjson.dumps({"at": at, "process": "mirror", "event": event, **facts})
    sys.stderr.write(line.decode() + "\n")
    sys.stderr.flush()
