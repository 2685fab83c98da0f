"""Laws of paired shares beyond the score test: mirrors, agreement of p and interval, extremes."""

import math
from typing import Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.proportions import exact, intervals, ratio, skewness
from evaluation.inference.proportions.difference import (
    PairedCounts,
    score_statistic,
    tango_interval,
)
from evaluation.inference.proportions.equivalence import equivalence
from evaluation.inference.proportions.mcnemar import (
    OddsInterval,
    conditional_odds_interval,
    mcnemar,
    sign_p,
)
from protocols.vocabulary import Direction
from tests.properties.strategies import ALPHAS, DISCORDANT_TABLES, MARGINS, TABLES

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
LEVELS = st.floats(0.5, 0.999)
PAIRS = TABLES.filter(lambda table: table.n > 1)
TESTS = st.sampled_from([skewness.corrected_test, exact.exact_test])
laws = settings(max_examples=500)


class Interval(Protocol):
    def __call__(self, counts: PairedCounts, *, level: float) -> tuple[float, float]: ...


def _corrected(counts: PairedCounts, *, level: float) -> tuple[float, float]:
    found = skewness.corrected_interval(counts, level=level)
    assert not isinstance(found, NotEvaluable)
    return found


@laws
@given(PAIRS, LEVELS)
def test_swapping_the_arms_mirrors_the_corrected_interval(
    counts: PairedCounts, level: float
) -> None:
    low, high = _corrected(counts, level=level)
    assert _corrected(counts.swapped(), level=level) == (-high + 0.0, -low + 0.0)


@laws
@given(PAIRS, LEVELS)
def test_swapping_the_arms_mirrors_the_exact_interval(counts: PairedCounts, level: float) -> None:
    low, high = exact.exact_interval(counts, level=level)
    assert exact.exact_interval(counts.swapped(), level=level) == (-high + 0.0, -low + 0.0)
    assert -1 <= low <= counts.difference <= high <= 1


@laws
@given(DISCORDANT_TABLES, MARGINS, ALPHAS, st.sampled_from(list(Direction)), TESTS)
def test_the_corrected_and_the_exact_interval_exclude_the_margin_exactly_when_p_is_below_alpha(
    counts: PairedCounts, margin: float, alpha: float, direction: Direction, test: object
) -> None:
    found = test(counts, margin=margin, direction=direction, level=1 - 2 * alpha)  # type: ignore[operator]
    if isinstance(found, NotEvaluable):
        assert counts.n < 2
        return
    excluded = found.low > -margin if direction is HIGHER else found.high < margin
    if abs(found.p_value - alpha) > 1e-9:
        assert excluded == (found.p_value < alpha)


@laws
@given(DISCORDANT_TABLES, MARGINS, TESTS)
def test_swapping_arms_and_direction_leaves_p(
    counts: PairedCounts, margin: float, test: object
) -> None:
    one = test(counts, margin=margin, direction=HIGHER, level=0.9)  # type: ignore[operator]
    other = test(counts.swapped(), margin=margin, direction=LOWER, level=0.9)  # type: ignore[operator]
    if isinstance(one, Estimate):
        assert one.p_value == pytest.approx(other.p_value, rel=1e-9)
        assert one.estimate == -other.estimate + 0.0


@laws
@given(DISCORDANT_TABLES)
def test_the_exact_test_without_a_margin_is_the_sign_test(counts: PairedCounts) -> None:
    assert exact.exact_p(counts, 0.0) == pytest.approx(sign_p(counts.n10, counts.n01), rel=1e-12)


@laws
@given(TABLES.filter(lambda t: t.n > 0), st.floats(-1, 1), st.floats(-1, 1))
def test_the_exact_p_rises_with_the_effect_that_is_to_be_beaten(
    counts: PairedCounts, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert 0 <= exact.exact_p(counts, low) <= exact.exact_p(counts, high) + 1e-12
    assert exact.exact_p(counts, high) <= 1


@laws
@given(TABLES.filter(lambda t: t.n > 0), LEVELS)
def test_swapping_the_arms_mirrors_every_closed_interval(
    counts: PairedCounts, level: float
) -> None:
    for interval in (
        intervals.newcombe_interval,
        intervals.wald_interval,
        intervals.agresti_min_interval,
        intervals.bonett_price_interval,
    ):
        low, high = interval(counts, level=level)
        mirrored = interval(counts.swapped(), level=level)
        assert mirrored == pytest.approx((-high, -low), abs=1e-12)
        assert low <= high


@laws
@given(DISCORDANT_TABLES, st.floats(0.2, 5.0))
def test_swapping_the_arms_and_inverting_the_ratio_negates_its_statistic(
    counts: PairedCounts, null: float
) -> None:
    one = ratio.ratio_statistic(counts, null)
    other = ratio.ratio_statistic(counts.swapped(), 1 / null)
    assert other == pytest.approx(-one, rel=1e-6, abs=1e-6)


@laws
@given(DISCORDANT_TABLES)
def test_the_squared_ratio_statistic_at_one_is_mcnemars(counts: PairedCounts) -> None:
    plain = mcnemar(counts, kind="plain")
    assert not isinstance(plain, NotEvaluable)
    assert ratio.ratio_statistic(counts, 1.0) == pytest.approx(plain.statistic, rel=1e-12)


@laws
@given(DISCORDANT_TABLES, st.floats(0.5, 1.0), ALPHAS, st.sampled_from(list(Direction)))
def test_the_ratio_interval_excludes_the_margin_exactly_when_p_is_below_alpha(
    counts: PairedCounts, share: float, alpha: float, direction: Direction
) -> None:
    margin = share if direction is HIGHER else 1 / share
    found = ratio.ratio_test(counts, margin=margin, direction=direction, level=1 - 2 * alpha)
    if isinstance(found, NotEvaluable):
        assert counts.n_standard_of_care == 0
        return
    excluded = found.low > margin if direction is HIGHER else found.high < margin
    if abs(found.p_value - alpha) > 1e-9:
        assert excluded == (found.p_value < alpha)


@laws
@given(DISCORDANT_TABLES, MARGINS, ALPHAS)
def test_equivalence_is_shown_exactly_when_the_interval_lies_within_the_margin(
    counts: PairedCounts, margin: float, alpha: float
) -> None:
    found = equivalence(counts, margin=margin)
    assert not isinstance(found, NotEvaluable)
    low, high = tango_interval(counts, level=1 - 2 * alpha)
    if abs(found.p_value - alpha) > 1e-9:
        assert (-margin < low and high < margin) == (found.p_value < alpha)
    assert found.z_lower >= score_statistic(counts, 0.0) >= found.z_upper


@laws
@given(DISCORDANT_TABLES, LEVELS, st.sampled_from(["exact", "midp", "wilson"]))
def test_swapping_the_arms_inverts_the_conditional_odds(
    counts: PairedCounts, level: float, kind: OddsInterval
) -> None:
    found = conditional_odds_interval(counts, level=level, kind=kind)
    other = conditional_odds_interval(counts.swapped(), level=level, kind=kind)
    assert not isinstance(found, NotEvaluable)
    assert not isinstance(other, NotEvaluable)
    inverse = tuple(math.inf if x == 0 else 1 / x for x in reversed(found))
    assert other == pytest.approx(inverse, rel=1e-6)


@pytest.mark.parametrize("interval", [exact.exact_interval, _corrected])
@laws
@given(counts=PAIRS, level=LEVELS)
def test_more_confidence_never_shortens_an_interval(
    counts: PairedCounts, level: float, interval: Interval
) -> None:
    low, high = interval(counts, level=level)
    far_low, far_high = interval(counts, level=level + (1 - level) / 2)
    assert far_low <= low + 1e-9
    assert high <= far_high + 1e-9
