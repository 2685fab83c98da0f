"""A process that is dead looks dead after the clock was set back, too."""

import pytest

from gateway.mirror.heartbeat import Heartbeat
from gateway.store.watch_beat import WatchBeat

HOUR_US = 3_600_000_000


@pytest.mark.parametrize("state", ["watching", "away"])
def test_a_watch_last_heard_of_in_the_future_is_silent(state: str) -> None:
    beat = WatchBeat(2 * HOUR_US, state, None, None, None, None)
    assert beat.is_silent(HOUR_US)
    assert not beat.is_silent(2 * HOUR_US - 1_000_000)  # two hosts' clocks may differ by a little
    assert not WatchBeat(2 * HOUR_US, "stopped", None, None, None, None).is_silent(HOUR_US)


def test_a_mirror_last_heard_of_in_the_future_is_silent() -> None:
    beat = Heartbeat(2 * HOUR_US, "running", 0, "closed", None, (), None, None)
    assert beat.is_silent(HOUR_US)
    assert not beat.is_silent(2 * HOUR_US - 1_000_000)
