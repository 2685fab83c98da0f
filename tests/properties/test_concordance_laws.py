"""Laws of concordance with a censored time: second routes, symmetry, row order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.discrimination.areas import single_area
from evaluation.inference.events.concordance import ScoredTimes, c_index, c_index_difference
from protocols.vocabulary import Direction

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER


@st.composite
def scored(draw: st.DrawFn) -> ScoredTimes:
    """Scores with ties and worst ranks, times with ties, and at least one comparable pair."""
    n = draw(st.integers(4, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    time = np.ceil(rng.exponential(6, n)) if draw(st.booleans()) else rng.exponential(6, n)
    event = rng.random(n) < 0.6
    time[0], event[0], time[1] = 0.5, True, 99.0
    candidate = rng.integers(0, 6, n).astype(np.float64)
    candidate[rng.random(n) < 0.1] = -np.inf
    cluster = rng.integers(0, max(3, n // 2), n)
    cluster[:2] = 0, 1
    return ScoredTimes(candidate, rng.normal(size=n) - time / 6, time, event, cluster)


@settings(max_examples=500)
@given(scored())
def test_concordance_is_the_double_loop(data: ScoredTimes) -> None:
    right = pairs = 0.0
    for i in np.flatnonzero(data.event):
        later = (data.time > data.time[i]) | ((data.time == data.time[i]) & ~data.event)
        pairs += later.sum()
        lower = data.candidate[later] < data.candidate[i]
        tied = data.candidate[later] == data.candidate[i]
        right += lower.sum() + tied.sum() / 2
    assert c_index(data.candidate, data.time, data.event) == right / pairs


@settings(max_examples=500)
@given(scored())
def test_concordance_with_one_event_time_is_the_area_under_the_curve(data: ScoredTimes) -> None:
    time = np.ones(len(data.event))
    if data.event.all() or data.event.sum() < 2 or (~data.event).sum() < 2:
        return
    area = single_area(data.candidate, data.event, level=0.95)
    if isinstance(area, NotEvaluable):
        return
    assert c_index(data.candidate, time, data.event) == pytest.approx(area.area, rel=1e-12)


@settings(max_examples=500)
@given(scored(), st.floats(0, 0.3), st.integers(0, 2**32 - 1))
def test_concordance_mirrors_and_knows_no_order_of_rows(
    data: ScoredTimes, margin: float, seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(data.time))
    columns = data.candidate, data.standard_of_care, data.time, data.event, data.cluster
    shuffled = ScoredTimes(
        data.candidate[order],
        data.standard_of_care[order],
        data.time[order],
        data.event[order],
        data.cluster[order],
    )
    mirrored = ScoredTimes(columns[1], columns[0], *columns[2:])

    def asked(which: ScoredTimes, direction: Direction) -> Estimate | NotEvaluable:
        return c_index_difference(
            which, margin=margin, direction=direction, level=0.95, drawing=(1, 12)
        )

    one = asked(data, HIGHER)
    assert asked(shuffled, HIGHER) == one
    other = asked(mirrored, LOWER)
    if isinstance(one, NotEvaluable):
        assert isinstance(other, NotEvaluable)
        return
    assert isinstance(other, Estimate)
    assert other.estimate == -one.estimate
    assert other.statistic == pytest.approx(one.statistic, rel=1e-12)
