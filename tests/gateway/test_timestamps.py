"""Times at the edge are exact to the microsecond, and have an offset."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.timestamps import microseconds, rfc3339


@given(st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999))
def test_a_time_written_is_read_back(at_us: int) -> None:
    assert microseconds(rfc3339(at_us)) == at_us


def test_an_offset_is_taken_off() -> None:
    assert microseconds("1970-01-01T01:00:00.000001+01:00") == 1


@pytest.mark.parametrize(
    "text",
    ["", "2026-11-20", "2026-11-20T09:00:00", "2026-11-20T25:00:00Z", "20261120T090000Z", "now"],
)
def test_a_time_without_offset_or_meaning_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"offset|no such time"):
        microseconds(text)
