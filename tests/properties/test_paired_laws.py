"""Laws of the paired difference: symmetry, agreement of interval and test, merging."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.proportions.difference import (
    PairedCounts,
    score_statistic,
    score_test,
    tango_interval,
    tango_limits,
)
from evaluation.inference.proportions.mcnemar import mcnemar
from evaluation.inference.proportions.ratio import ratio_interval
from protocols.vocabulary import Direction
from tests.properties.strategies import ALPHAS, DISCORDANT_TABLES, MARGINS, TABLES

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER


@given(DISCORDANT_TABLES, st.floats(0.5, 0.999))
def test_swapping_the_arms_mirrors_the_interval(counts: PairedCounts, level: float) -> None:
    low, high = tango_interval(counts, level=level)
    mirrored = tango_interval(counts.swapped(), level=level)
    assert mirrored == (-high, -low)


@given(DISCORDANT_TABLES, MARGINS)
def test_swapping_the_arms_and_the_direction_leaves_the_statistic(
    counts: PairedCounts, margin: float
) -> None:
    one = score_test(counts, margin=margin, direction=HIGHER, level=0.95)
    other = score_test(counts.swapped(), margin=margin, direction=LOWER, level=0.95)
    assert isinstance(one, Estimate)
    assert isinstance(other, Estimate)
    assert one.statistic == other.statistic
    assert one.estimate == -other.estimate


@given(DISCORDANT_TABLES)
def test_swapping_the_arms_negates_the_superiority_statistic(counts: PairedCounts) -> None:
    one = score_statistic(counts, 0.0)
    assert score_statistic(counts.swapped(), 0.0) == pytest.approx(-one, rel=1e-12)


@given(DISCORDANT_TABLES)
def test_without_a_margin_the_squared_statistic_is_mcnemars(counts: PairedCounts) -> None:
    plain = mcnemar(counts, kind="plain")
    assert not isinstance(plain, NotEvaluable)
    assert plain.statistic is not None
    assert score_statistic(counts, 0.0) == pytest.approx(plain.statistic, rel=1e-12)


@given(DISCORDANT_TABLES, MARGINS, ALPHAS, st.sampled_from(list(Direction)))
def test_the_interval_excludes_the_margin_exactly_when_the_test_rejects(
    counts: PairedCounts, margin: float, alpha: float, direction: Direction
) -> None:
    found = score_test(counts, margin=margin, direction=direction, level=1 - 2 * alpha)
    assert isinstance(found, Estimate)
    excluded = found.low > -margin if direction is HIGHER else found.high < margin
    if abs(found.p_value - alpha) > 1e-9:  # on the edge itself either answer is rounding
        assert excluded == (found.p_value < alpha)


@given(DISCORDANT_TABLES, st.floats(0.0, 15.0))
def test_limits_at_any_critical_value_enclose_the_estimate(
    counts: PairedCounts, critical: float
) -> None:
    low, high = tango_limits(counts, critical=critical)
    assert -1 <= low <= counts.difference <= high <= 1
    if low > -1 and critical > 0:
        assert score_statistic(counts, low) == pytest.approx(critical, rel=1e-6, abs=1e-6)


@given(DISCORDANT_TABLES, st.lists(st.floats(-0.99, 0.99), min_size=2, max_size=2, unique=True))
def test_the_score_falls_as_the_hypothesis_rises(
    counts: PairedCounts, effects: list[float]
) -> None:
    lower, higher = sorted(effects)
    assert score_statistic(counts, higher) <= score_statistic(counts, lower) + 1e-9


@given(st.lists(TABLES, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_tables_of_partitions_in_any_order_merge_to_the_whole(
    parts: list[PairedCounts], order: object
) -> None:
    whole = PairedCounts(
        *(sum(getattr(p, cell) for p in parts) for cell in ("n11", "n10", "n01", "n00"))
    )
    order.shuffle(parts)  # type: ignore[attr-defined]
    merged = parts[0]
    for part in parts[1:]:
        merged += part
    assert merged == whole


@given(DISCORDANT_TABLES, st.randoms(use_true_random=False))
def test_row_order_changes_nothing(counts: PairedCounts, order: object) -> None:
    rows = (
        [(True, True)] * counts.n11
        + [(True, False)] * counts.n10
        + [(False, True)] * counts.n01
        + [(False, False)] * counts.n00
    )
    order.shuffle(rows)  # type: ignore[attr-defined]
    candidate, soc = np.array(rows).T
    assert PairedCounts.of(candidate, soc) == counts


@given(DISCORDANT_TABLES, MARGINS)
def test_counting_failures_instead_turns_the_direction_only(
    counts: PairedCounts, margin: float
) -> None:
    right = score_test(counts, margin=margin, direction=HIGHER, level=0.95)
    wrong = score_test(counts.complement(), margin=margin, direction=LOWER, level=0.95)
    assert isinstance(right, Estimate)
    assert isinstance(wrong, Estimate)
    assert wrong.statistic == pytest.approx(right.statistic, rel=1e-12)


@given(DISCORDANT_TABLES, st.floats(0.8, 0.99))
def test_swapping_the_arms_inverts_the_ratio_interval(counts: PairedCounts, level: float) -> None:
    interval = ratio_interval(counts, level=level)
    mirrored = ratio_interval(counts.swapped(), level=level)
    assert not isinstance(interval, NotEvaluable)
    assert not isinstance(mirrored, NotEvaluable)
    low, high = interval
    inverse = (1 / high if high > 0 else math.inf, 1 / low if low > 0 else math.inf)
    assert mirrored == pytest.approx(inverse, rel=1e-7)
