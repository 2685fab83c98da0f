"""Bounds for unascertained outcomes hold over every assignment, tried one by one."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.discrimination.areas import with_failures_worst
from evaluation.inference.discrimination.placements import placements
from evaluation.inference.missing.areas import auc_bounds, auc_extremes
from evaluation.inference.missing.bounds import (
    informative_missingness,
    members,
    paired_bounds,
    tipping_point,
)
from evaluation.inference.missing.pooling import pooled
from evaluation.inference.proportions.difference import PairedCounts, score_statistic, tango_limits
from protocols.vocabulary import Direction

SMALL = st.integers(0, 6)
FEW = st.integers(0, 2)


@given(
    st.builds(PairedCounts, SMALL, SMALL, SMALL, SMALL).filter(lambda t: t.n > 0),
    st.builds(PairedCounts, FEW, FEW, FEW, FEW),
    st.sampled_from([1.6448536, 1.959964, 2.9626]),
)
@settings(max_examples=40, deadline=None)
def test_no_assignment_of_outcomes_leaves_the_paired_bounds(
    counts: PairedCounts, unresolved: PairedCounts, critical: float
) -> None:
    bounds = paired_bounds(counts, unresolved, critical=critical)
    assert not isinstance(bounds, NotEvaluable)
    tables = [
        counts + PairedCounts(*chosen)
        for chosen in itertools.product(
            *(
                range(cell + 1)
                for cell in (unresolved.n11, unresolved.n10, unresolved.n01, unresolved.n00)
            )
        )
    ]
    estimates = [table.difference for table in tables]
    limits = [tango_limits(table, critical=critical) for table in tables]
    assert bounds.worst.estimate == pytest.approx(min(estimates), abs=1e-15)
    assert bounds.best.estimate == pytest.approx(max(estimates), abs=1e-15)
    assert bounds.worst.low <= min(low for low, _ in limits) + 1e-12
    assert bounds.best.high >= max(high for _, high in limits) - 1e-12


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=80, deadline=None)
def test_no_assignment_of_outcomes_leaves_the_area_bounds(seed: int, failing: bool) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 10))
    candidate, soc = (rng.integers(0, 5, n).astype(np.float64) for _ in range(2))
    outcome, ascertained = rng.random(n) < 0.5, rng.random(n) < 0.4
    failed = (rng.random(n) < 0.3) & failing
    candidate[failed] = np.nan
    reached = []
    for bits in itertools.product([False, True], repeat=int((~ascertained).sum())):
        completed = outcome & ascertained
        completed[~ascertained] = bits
        if completed.any() and not completed.all():
            scores = with_failures_worst(candidate, failed, completed)
            reached.append(placements(scores, completed).area - placements(soc, completed).area)
    found = auc_extremes(candidate, soc, outcome, ascertained, failed=failed)
    if isinstance(found, NotEvaluable):
        assert reached == []
        return
    assert found.worst == pytest.approx(min(reached), abs=1e-12)
    assert found.best == pytest.approx(max(reached), abs=1e-12)


def test_area_bounds_come_with_the_interval_of_the_outcomes_that_attain_them() -> None:
    rng = np.random.default_rng(3)
    outcome, ascertained = rng.random(300) < 0.3, rng.random(300) < 0.95
    arms = rng.normal(size=300) + outcome, rng.normal(size=300) + outcome
    found = auc_bounds(*arms, outcome, ascertained, margin=0.05, level=0.95)
    assert not isinstance(found, NotEvaluable)
    assert isinstance(found.worst, Estimate)
    assert isinstance(found.best, Estimate)
    assert found.worst.estimate == pytest.approx(found.extremes.worst, abs=1e-12)
    assert found.worst.estimate < found.best.estimate
    assert found.n_unascertained == int((~ascertained).sum())


def test_with_every_outcome_known_the_area_bounds_meet() -> None:
    rng = np.random.default_rng(4)
    outcome = rng.random(50) < 0.4
    arms = rng.normal(size=50), rng.normal(size=50)
    found = auc_extremes(*arms, outcome, np.ones(50, dtype=bool))
    assert not isinstance(found, NotEvaluable)
    assert found.worst == pytest.approx(found.best, abs=1e-12)


def test_where_less_is_better_the_worst_case_is_the_largest_difference() -> None:
    found = paired_bounds(
        PairedCounts(10, 3, 3, 50),
        PairedCounts(0, 4, 4, 0),
        critical=1.96,
        direction=Direction.LOWER_IS_BETTER,
    )
    assert not isinstance(found, NotEvaluable)
    assert found.worst.estimate == 4 / 70
    assert found.best.estimate == -4 / 70


def test_rows_of_the_worst_case_are_the_pairs_that_only_the_standard_of_care_has_right() -> None:
    candidate = np.array([True, False, True, False])
    soc = np.array([False, True, True, False])
    unknown = np.zeros(4, dtype=bool)
    plain, diluted = members(candidate, soc, unknown, "worst")
    assert plain.tolist() == [False, True, False, False]
    assert diluted.tolist() == [False, True, True, True]


def test_the_tipping_point_is_where_the_claim_is_lost() -> None:
    counts = PairedCounts(400, 12, 10, 78)
    tip = tipping_point(counts, 9, margin=0.02, critical=1.959964)
    assert tip.n_to_standard_of_care == 5
    kept, lost = (counts + PairedCounts(0, 9 - n, n, 0) for n in (4, 5))
    assert score_statistic(kept, -0.02) > 1.959964 > score_statistic(lost, -0.02)
    assert tipping_point(counts, 0, margin=0.02, critical=1.959964).n_to_standard_of_care is None


def test_missingness_that_follows_the_outcome_is_seen() -> None:
    found = informative_missingness(
        events_answered=100, n_answered=1000, events_unanswered=30, n_unanswered=100, level=0.95
    )
    assert not isinstance(found, NotEvaluable)
    assert found.low > 0.1
    assert found.p_value is not None
    assert found.p_value < 1e-6


def test_equal_imputations_have_no_variance_between_them() -> None:
    """Three times 0.1 is not 0.3 in binary, yet imputations that agree leave no doubt."""
    found = pooled(
        [0.1, 0.1, 0.1],
        [0.01, 0.02, 0.015],
        n=50,
        n_parameters=1,
        margin=0.05,
        direction=Direction.HIGHER_IS_BETTER,
        level=0.95,
    )
    assert not isinstance(found, NotEvaluable)
    assert (found.estimate, found.between, found.relative_increase) == (0.1, 0.0, 0.0)
