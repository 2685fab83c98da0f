"""Pair ids (UUIDv7: they sort by time of arrival) and trace contexts."""

import os


def new_pair_id(now_us: int) -> str:
    """Make a UUIDv7 (RFC 9562, section 5.7): milliseconds, then 74 random bits."""
    drawn = int.from_bytes(os.urandom(10))
    value = (now_us // 1000 & 0xFFFF_FFFF_FFFF) << 80
    value |= 0x7000_0000_0000_0000_0000 | (drawn >> 64 & 0x0FFF) << 64
    value |= 0x8000_0000_0000_0000 | drawn & 0x3FFF_FFFF_FFFF_FFFF
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def new_traceparent(trace: tuple[str, str] | None) -> str:
    """Continue a trace (its id and flags) under a new parent, or begin one that is not sampled."""
    trace_id, flags = trace or (os.urandom(16).hex(), "00")
    return f"00-{trace_id}-{os.urandom(8).hex()}-{flags}"
