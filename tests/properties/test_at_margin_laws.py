"""Laws of areas held against a margin by a variance taken around it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.centred import CentredVariance
from evaluation.inference.discrimination.areas import delong
from evaluation.inference.discrimination.at_margin import delong_at_margin
from protocols.vocabulary import Direction
from tests.properties.strategies import MARGINS, Scored, scored
from tests.properties.test_discrimination_laws import double_loop

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
PAIRS = st.sampled_from(["independent", "clustered"])


def found_of(
    data: Scored, pairs: str, *, margin: float, direction: Direction = HIGHER
) -> Estimate | NotEvaluable:
    candidate, soc, outcome, cluster = data
    return delong_at_margin(
        (candidate, soc),
        outcome,
        margin=margin,
        level=0.95,
        cluster=cluster if pairs == "clustered" else None,
        direction=direction,
    )


@given(scored(), MARGINS, PAIRS, st.sampled_from(list(Direction)))
@settings(max_examples=500)
def test_the_interval_excludes_the_margin_exactly_when_the_test_rejects(
    data: Scored, margin: float, pairs: str, direction: Direction
) -> None:
    found = found_of(data, pairs, margin=margin, direction=direction)
    if isinstance(found, Estimate) and abs(found.p_value - 0.025) > 1e-9:
        excluded = found.low > -margin if direction is HIGHER else found.high < margin
        assert excluded == (found.p_value < 0.025)


@given(scored(), MARGINS, PAIRS)
@settings(max_examples=500)
def test_swapping_the_arms_mirrors_the_interval(data: Scored, margin: float, pairs: str) -> None:
    candidate, soc, outcome, cluster = data
    one = found_of(data, pairs, margin=margin)
    swapped = found_of((soc, candidate, outcome, cluster), pairs, margin=margin, direction=LOWER)
    if isinstance(one, NotEvaluable) or isinstance(swapped, NotEvaluable):
        assert type(one) is type(swapped)
        return
    assert (swapped.low, swapped.high) == pytest.approx((-one.high, -one.low), abs=1e-12)
    assert (swapped.statistic, swapped.df) == pytest.approx((one.statistic, one.df), rel=1e-12)


@given(scored(), MARGINS)
@settings(max_examples=500)
def test_it_is_never_surer_than_delong_that_the_margin_is_kept(data: Scored, margin: float) -> None:
    candidate, soc, outcome, _ = data
    found = found_of(data, "independent", margin=margin)
    if isinstance(found, NotEvaluable) or found.statistic <= 0:
        return
    plain = delong(candidate, soc, outcome, margin=margin, level=0.95)
    assert isinstance(plain, Estimate)
    assert found.p_value >= plain.p_value


@given(scored(), MARGINS)
@settings(max_examples=500)
def test_centring_the_placements_one_by_one_gives_the_same_statistic(
    data: Scored, margin: float
) -> None:
    """Second route: placements by the double loop; a shift of the scarcer class's placements."""
    candidate, soc, outcome, _ = data
    found = found_of(data, "independent", margin=margin)
    if isinstance(found, NotEvaluable):
        return
    (c10, c01), (s10, s01) = (double_loop(arm, outcome) for arm in (candidate, soc))
    event, other = c10 - s10, c01 - s01
    mean, m, n = event.mean(), len(event), len(other)
    variance = event.var(ddof=1) / m + other.var(ddof=1) / n
    few = min(m, n)
    shifted = variance + (mean + margin) ** 2 / few
    square = (mean + margin) ** 2 / shifted
    calibrated = np.sign(mean + margin) * np.sqrt(square * (few - 1) / (few - square))
    assert found.statistic == pytest.approx(calibrated, rel=1e-6)
    parts = np.concatenate(((event - mean) / m, (other - mean) / n))
    relative = (parts**4).sum() / (parts**2).sum() ** 2 - 1 / (m + n)
    df = few - 1 if relative <= 1e-12 else max(min(few - 1, 1 / relative), 1)
    assert found.df == pytest.approx(df, rel=1e-6)


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.floats(0.01, 1)), min_size=2, max_size=12),
    st.floats(0.01, 2),
    st.sampled_from([1, -1]),
    st.floats(0.5, 20),
)
@settings(max_examples=500)
def test_the_statistic_never_falls_and_comes_to_the_critical_value_at_its_reach(
    values: list[tuple[float, float]], distance: float, side: int, critical: float
) -> None:
    residual, share = (np.array(column) for column in zip(*values, strict=True))
    share = share / share.sum()
    residual = residual - residual.sum() * share
    variance = CentredVariance(
        float((residual**2).sum()),
        float((residual * share).sum()),
        float((share**2).sum()),
        len(values),
    )
    if variance.spread < 1e-12:
        return
    near, far = (side * variance.statistic(side * distance * step) for step in (1.0, 1.5))
    assert 0 < near <= far * (1 + 1e-12)
    reach = variance.reach(critical, side=side)
    if reach < 1e6:
        assert abs(variance.statistic(side * reach)) == pytest.approx(critical, rel=1e-6)
    else:
        assert abs(variance.statistic(side * 1e5)) <= critical * (1 + 1e-6)
