"""The verdict vocabulary over every place an interval can lie, in both directions."""

import itertools

import pytest

from evaluation.decide import PASSING, read_interval
from evaluation.results import Interval
from protocols.vocabulary import Direction, Framework, Verdict

MARGIN = 0.02
NON_INFERIORITY = [
    # low, high, verdict; higher is better
    (0.010, 0.030, Verdict.NON_INFERIOR),
    (0.000, 0.030, Verdict.NON_INFERIOR),
    (-0.010, 0.030, Verdict.NON_INFERIOR),
    (-0.010, 0.000, Verdict.NON_INFERIOR),
    (-0.010, -0.005, Verdict.NON_INFERIOR_BUT_WORSE),
    (-0.020, 0.010, Verdict.NOT_SHOWN),  # on the margin is not inside it
    (-0.030, 0.010, Verdict.NOT_SHOWN),
    (-0.030, 0.000, Verdict.NOT_SHOWN),
    (-0.030, -0.010, Verdict.NOT_SHOWN_AND_WORSE),
    (-0.030, -0.020, Verdict.NOT_SHOWN_AND_WORSE),
    (-0.040, -0.030, Verdict.INFERIOR),
]
SUPERIORITY = [
    (0.010, 0.030, Verdict.SUPERIOR),
    (0.000, 0.030, Verdict.NOT_SHOWN),
    (-0.010, 0.030, Verdict.NOT_SHOWN),
    (-0.010, 0.000, Verdict.NOT_SHOWN),
    (-0.020, -0.010, Verdict.INFERIOR),
]
EQUIVALENCE = [
    (-0.010, 0.010, Verdict.EQUIVALENT),
    (0.005, 0.010, Verdict.EQUIVALENT),
    (-0.010, -0.005, Verdict.EQUIVALENT),
    (-0.020, 0.010, Verdict.NOT_SHOWN),
    (-0.010, 0.020, Verdict.NOT_SHOWN),
    (0.030, 0.040, Verdict.NOT_SHOWN),
    (-0.030, -0.010, Verdict.NOT_SHOWN_AND_WORSE),
    (-0.040, -0.030, Verdict.INFERIOR),
]
CASES = [(Framework.NON_INFERIORITY, MARGIN, *case) for case in NON_INFERIORITY] + [
    *((Framework.SUPERIORITY, 0.0, *case) for case in SUPERIORITY),
    *((Framework.EQUIVALENCE, MARGIN, *case) for case in EQUIVALENCE),
]


def _interval(low: float, high: float, direction: Direction) -> Interval:
    if direction is Direction.LOWER_IS_BETTER:
        low, high = -high, -low
    return Interval(low=low, high=high, level=0.95, kind="repeated")


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize(("framework", "margin", "low", "high", "verdict"), CASES)
def test_the_verdict_follows_from_the_interval(
    framework: Framework,
    margin: float,
    low: float,
    high: float,
    verdict: Verdict,
    direction: Direction,
) -> None:
    interval = _interval(low, high, direction)
    reading = read_interval(interval, margin=margin, framework=framework, direction=direction)
    assert reading.verdict is verdict
    assert reading.worse is (high < 0)
    assert reading.inferior is (high < -margin)


def test_a_wider_interval_never_says_more() -> None:
    """Nested intervals: what passes when wide passes when narrow, and never turns into harm."""
    grid = [i / 200 for i in range(-10, 11)]
    for low, high in itertools.combinations(grid, 2):
        wide = _verdict(low, high)
        for narrow in (_verdict(low, low + 1e-6), _verdict(high - 1e-6, high)):
            if wide in PASSING:
                assert narrow in PASSING
            if wide is Verdict.INFERIOR:
                assert narrow is Verdict.INFERIOR


def test_non_inferiority_alone_never_claims_superiority() -> None:
    assert _verdict(0.1, 0.2) is Verdict.NON_INFERIOR


def _verdict(low: float, high: float) -> Verdict:
    return read_interval(
        Interval(low=low, high=high, level=0.95, kind="repeated"),
        margin=MARGIN,
        framework=Framework.NON_INFERIORITY,
        direction=Direction.HIGHER_IS_BETTER,
    ).verdict
