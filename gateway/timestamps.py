"""Times at the edge: RFC 3339 text with an offset, to and from whole microseconds UTC."""

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


def microseconds(text: str) -> int:
    """Read RFC 3339 text; digits beyond a microsecond are cut.

    Raises
    ------
    ValueError
        The text is not a time with an offset. The message does not repeat it.
    """
    if _RFC3339.fullmatch(text) is None:
        raise ValueError("write an RFC 3339 time with an offset, as in 2026-11-20T09:00:00Z")
    try:
        moment = datetime.fromisoformat(text.upper())
        return (moment - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        raise ValueError("there is no such time; check the day, the hour and the offset") from None


def rfc3339(at_us: int) -> str:
    """Write a time in UTC, to the microsecond."""
    moment = _EPOCH + timedelta(microseconds=at_us)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
