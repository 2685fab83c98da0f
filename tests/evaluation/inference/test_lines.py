"""Passing and Bablok's line on numbers as people write them down, and its two rules of ranks."""

import numpy as np
import pytest

from evaluation.inference.base import NotEvaluable
from evaluation.inference.continuous.regression import Line, RankRule, passing_bablok


def lined(
    candidate: np.ndarray,
    soc: np.ndarray,
    *,
    level: float = 0.95,
    rule: RankRule = "passing_bablok",
) -> Line:
    found = passing_bablok(candidate, soc, level=level, rule=rule)
    assert not isinstance(found, NotEvaluable)
    return found


def test_tenths_have_the_line_of_whole_numbers() -> None:
    """Slopes that are -1 on paper and not quite so in binary must be left out all the same."""
    rng = np.random.default_rng(3)
    for _ in range(40):
        soc = rng.integers(60, 160, 30)
        candidate = soc + rng.integers(-15, 20, 30)
        whole = lined(candidate.astype(float), soc.astype(float)).slope
        tenths = lined(candidate / 10, soc / 10).slope
        got = tenths.estimate, tenths.low, tenths.high
        assert got == pytest.approx((whole.estimate, whole.low, whole.high), rel=1e-9)


def test_sens_own_example() -> None:
    """Sen 1968, J Am Stat Assoc 63:1379, section 5: slope 4, 93 % interval 26/7 to 35/8."""
    time = np.array([1.0, 2, 3, 4, 10, 12, 18])
    distance = np.array([9.0, 15, 19, 20, 45, 55, 78])
    found = lined(distance, time, level=0.93, rule="sen")
    assert found.slope.estimate == pytest.approx(4)
    assert found.intercept.estimate == pytest.approx(6)
    assert (found.slope.low, found.slope.high) == pytest.approx((26 / 7, 35 / 8))


def test_an_even_number_of_slopes_has_limits_halfway_between_two() -> None:
    soc, candidate = np.arange(1.0, 10.0), np.array([1.2, 1.9, 3.3, 4.4, 4.7, 6.6, 6.8, 8.5, 8.9])
    found = lined(candidate, soc, rule="sen").slope
    angles = np.sort(
        [
            np.arctan((candidate[j] - candidate[i]) / (soc[j] - soc[i]))
            for i in range(9)
            for j in range(i)
        ]
    )
    outwards = int(np.ceil(1.959964 * np.sqrt(9 * 8 * 23 / 18) / 2))
    low, high = (np.tan(angles[[k - 1, k]].mean()) for k in (18 - outwards, 18 + outwards))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_limits_of_the_intercept_are_in_order_for_negative_values_too() -> None:
    rng = np.random.default_rng(4)
    soc = rng.normal(-50.0, 8.0, 40)
    found = lined(soc + rng.normal(0, 3, 40), soc).intercept
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.estimate < found.high


def test_passing_and_bablok_without_limits_say_so() -> None:
    found = lined(np.array([1.0, 2.1, 2.9]), np.array([1.0, 2.0, 3.0]))
    assert found.slope.low is None
    assert found.reason is not None
