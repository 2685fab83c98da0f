"""Laws of agreement: symmetry, second routes, row order, and interval against test."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import SquareTable
from statsmodels.stats.inter_rater import cohens_kappa

from evaluation.inference.agreement.cochran import cochran_q
from evaluation.inference.agreement.coefficients import (
    Coefficient,
    Raters,
    Weights,
    coefficient,
    independent_error,
    kappa_difference,
)
from evaluation.inference.agreement.homogeneity import bhapkar, bowker, stuart_maxwell
from evaluation.inference.agreement.scores import (
    mean_ranks,
    mean_score_difference,
    mean_scores,
)
from evaluation.inference.agreement.tables import between_subjects, square_table
from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.proportions.difference import PairedCounts, score_statistic
from protocols.vocabulary import Direction
from tests.properties.strategies import ALPHAS

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
WEIGHTS = st.sampled_from(["unweighted", "linear", "quadratic"])
KINDS = st.sampled_from(["kappa", "gwet"])


@st.composite
def tables(draw: st.DrawFn, *, smallest: int = 0) -> FloatArray:
    """Square tables of two to five levels, with empty cells unless `smallest` forbids them."""
    levels = draw(st.integers(2, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rate = rng.choice([0.3, 3.0, 20.0], size=(levels, levels))
    table = rng.poisson(rate).astype(np.float64) + smallest
    table[0, 1] += 1
    return table


@st.composite
def raters(draw: st.DrawFn) -> Raters:
    """Three raters of one skill or another, with subjects of several encounters."""
    n, levels = draw(st.integers(12, 80)), draw(st.integers(2, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    reference = rng.integers(0, levels, n)
    arms = [
        np.where(rng.random(n) < skill, reference, rng.integers(0, levels, n))
        for skill in (0.7, 0.5)
    ]
    cluster = rng.integers(0, max(3, n // 3), n)
    cluster[:2] = 0, 1
    return Raters(arms[0], arms[1], reference, cluster, levels)


def compared(
    given_raters: Raters,
    *,
    weights: Weights = "linear",
    margin: float = 0.0,
    direction: Direction = HIGHER,
    level: float = 0.95,
) -> Estimate | NotEvaluable:
    return kappa_difference(
        given_raters, weights=weights, margin=margin, direction=direction, level=level
    )


def swapped(found: Raters) -> Raters:
    return Raters(
        found.standard_of_care, found.candidate, found.reference, found.cluster, found.n_levels
    )


def reordered(found: Raters, order: IntArray) -> Raters:
    return Raters(
        found.candidate[order],
        found.standard_of_care[order],
        found.reference[order],
        found.cluster[order],
        found.n_levels,
    )


@settings(max_examples=500)
@given(tables(smallest=1), WEIGHTS)
def test_kappa_and_its_error_are_those_of_another_package(
    table: FloatArray, weights: Weights
) -> None:
    found = coefficient(table, "kappa", weights)
    assert not isinstance(found, NotEvaluable)
    error = independent_error(found, table)
    kind = None if weights == "unweighted" else weights
    other = cohens_kappa(table, wt=kind)
    assert found.estimate == pytest.approx(float(other.kappa), rel=1e-9, abs=1e-12)
    assert error == pytest.approx(float(other.std_kappa), rel=1e-8)


@settings(max_examples=500)
@given(tables(smallest=1), KINDS, WEIGHTS)
def test_the_influence_is_the_derivative_of_the_coefficient(
    table: FloatArray, kind: Coefficient, weights: Weights
) -> None:
    whole = coefficient(table, kind, weights)
    assert not isinstance(whole, NotEvaluable)
    n, step = float(table.sum()), 1e-6
    for cell in ((0, 0), (0, 1), (1, 0)):
        bumped = table * (1 - step)
        bumped[cell] += step * n
        after = coefficient(bumped, kind, weights)
        assert not isinstance(after, NotEvaluable)
        slope = (after.estimate - whole.estimate) / step
        assert slope == pytest.approx(whole.influence[cell], rel=1e-3, abs=2e-4)


@settings(max_examples=500)
@given(tables(), KINDS, WEIGHTS)
def test_swapping_the_raters_leaves_the_coefficient(
    table: FloatArray, kind: Coefficient, weights: Weights
) -> None:
    one, other = coefficient(table, kind, weights), coefficient(table.T, kind, weights)
    assert not isinstance(one, NotEvaluable)
    assert not isinstance(other, NotEvaluable)
    assert one.estimate == pytest.approx(other.estimate, rel=1e-12, abs=1e-14)
    assert -1.0000001 <= one.estimate <= 1.0000001


@settings(max_examples=500)
@given(raters(), KINDS, WEIGHTS)
def test_subjects_met_once_differ_from_independent_pairs_by_the_factor_only(
    found: Raters, kind: Coefficient, weights: Weights
) -> None:
    table = square_table(found.candidate, found.reference, found.n_levels)
    whole = coefficient(table, kind, weights)
    assert not isinstance(whole, NotEvaluable)
    n = len(found.candidate)
    contributions = whole.influence[found.candidate, found.reference]
    error, iid = between_subjects(contributions, np.arange(n)), independent_error(whole, table)
    if isinstance(error, NotEvaluable) or isinstance(iid, NotEvaluable):
        return
    assert error == pytest.approx(iid * math.sqrt(n / (n - 1)), rel=1e-9)


@settings(max_examples=500)
@given(raters(), WEIGHTS)
def test_swapping_the_arms_mirrors_the_difference_of_kappas(
    found: Raters, weights: Weights
) -> None:
    one = compared(found, weights=weights, margin=0.1)
    other = compared(swapped(found), weights=weights, margin=0.1, direction=LOWER)
    if isinstance(one, NotEvaluable):
        assert one == other
        return
    assert isinstance(other, Estimate)
    assert other.estimate == -one.estimate
    assert (other.low, other.high) == (-one.high, -one.low)
    assert other.statistic == one.statistic


@settings(max_examples=500)
@given(raters(), st.floats(0, 0.4), ALPHAS, st.sampled_from(list(Direction)))
def test_the_interval_excludes_the_margin_exactly_when_the_test_rejects(
    found: Raters, margin: float, alpha: float, direction: Direction
) -> None:
    one = compared(found, margin=margin, direction=direction, level=1 - 2 * alpha)
    if isinstance(one, NotEvaluable):
        return
    excluded = one.low > -margin if direction is HIGHER else one.high < margin
    if abs(one.p_value - alpha) > 1e-9:
        assert excluded == (one.p_value < alpha)


@settings(max_examples=500)
@given(raters(), st.integers(0, 2**32 - 1))
def test_the_order_of_the_pairs_changes_no_byte(found: Raters, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(found.candidate))
    assert compared(reordered(found, order)) == compared(found)


@settings(max_examples=40)  # one fit for each subject
@given(raters())
def test_leaving_one_subject_out_gives_nearly_the_same_error(found: Raters) -> None:
    many = Raters(
        np.tile(found.candidate, 8),
        np.tile(found.standard_of_care, 8),
        np.tile(found.reference, 8),
        np.concatenate([found.cluster + 1000 * i for i in range(8)]),
        found.n_levels,
    )
    one = compared(many)
    if isinstance(one, NotEvaluable):
        return
    left_out = []
    for subject in np.unique(many.cluster):
        kept = compared(reordered(many, np.flatnonzero(many.cluster != subject)))
        assert isinstance(kept, Estimate)
        left_out.append(kept.estimate)
    k = len(left_out)
    error = math.sqrt((k - 1) * np.var(left_out))
    assert one.standard_error == pytest.approx(error, rel=0.15)


@settings(max_examples=500)
@given(tables(smallest=1))
def test_marginal_homogeneity_is_that_of_another_package_where_no_cell_is_empty(
    table: FloatArray,
) -> None:
    other = SquareTable(table, shift_zeros=False)
    pairs = (
        (bowker(table), other.symmetry()),
        (stuart_maxwell(table), other.homogeneity(method="stuart_maxwell")),
        (bhapkar(table), other.homogeneity(method="bhapkar")),
    )
    for own, theirs in pairs:
        assert not isinstance(own, NotEvaluable)
        assert own.statistic == pytest.approx(float(theirs.statistic), rel=1e-6, abs=1e-8)
        assert own.df == int(theirs.df)


@settings(max_examples=500)
@given(tables())
def test_a_level_that_nobody_uses_changes_no_test_of_homogeneity(table: FloatArray) -> None:
    wider = np.zeros((len(table) + 1, len(table) + 1))
    wider[1:, 1:] = table
    for test in (bowker, stuart_maxwell, bhapkar):
        one, other = test(table), test(wider)
        if isinstance(one, NotEvaluable):
            assert one == other
            continue
        assert not isinstance(other, NotEvaluable)
        assert other.df == one.df
        assert other.statistic == pytest.approx(one.statistic, rel=1e-9)


@settings(max_examples=500)
@given(st.integers(0, 40), st.integers(1, 40), st.integers(0, 40), st.integers(0, 40))
def test_with_two_levels_every_test_of_homogeneity_is_mcnemars(
    n11: int, n10: int, n01: int, n00: int
) -> None:
    table = np.array([[n11, n10], [n01, n00]], dtype=np.float64)
    plain = score_statistic(PairedCounts(n11, n10, n01, n00), 0.0) ** 2
    columns = np.repeat([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], [n11, n10, n01, n00], 0)
    for found in (bowker(table), stuart_maxwell(table), cochran_q(columns)):
        assert not isinstance(found, NotEvaluable)
        assert found.statistic == pytest.approx(plain, rel=1e-9, abs=1e-12)


@settings(max_examples=500)
@given(tables())
def test_swapping_the_arms_negates_scores_and_ranks(table: FloatArray) -> None:
    points = np.arange(len(table), dtype=np.float64)
    one, other = (mean_scores(t, points, level=0.9) for t in (table, table.T))
    if isinstance(one, NotEvaluable):
        return
    assert not isinstance(other, NotEvaluable)
    assert other.estimate == pytest.approx(-one.estimate, rel=1e-9, abs=1e-12)
    ranks, turned = mean_ranks(table), mean_ranks(table.T)
    if isinstance(ranks, NotEvaluable):
        return
    assert not isinstance(turned, NotEvaluable)
    assert turned.tau == pytest.approx(-ranks.tau, abs=1e-12)
    assert turned.standard_error == pytest.approx(ranks.standard_error, rel=1e-9)


@settings(max_examples=500)
@given(raters())
def test_mean_scores_of_single_encounters_are_the_table_s(found: Raters) -> None:
    n, points = len(found.candidate), np.arange(found.n_levels, dtype=np.float64)
    levels = found.candidate, found.standard_of_care
    one = mean_score_difference(
        levels, np.arange(n), points, margin=0.0, direction=HIGHER, level=0.95
    )
    if isinstance(one, NotEvaluable):
        return
    other = mean_scores(square_table(*levels, found.n_levels), points, level=0.95)
    assert not isinstance(other, NotEvaluable)
    assert one.estimate == pytest.approx(other.estimate, abs=1e-12)
    assert one.standard_error == pytest.approx(other.wald_error * math.sqrt(n / (n - 1)), rel=1e-9)
