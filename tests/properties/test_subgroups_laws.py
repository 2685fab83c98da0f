"""Laws of subgroups: order, second routes, hiding, fairness by hand, exact explanations."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import special, stats
from statsmodels.stats.contingency_tables import StratifiedTable

from evaluation.inference.base import Findings, NotEvaluable
from evaluation.inference.explanation import shapley_values
from evaluation.inference.rows import Asked, Rows
from evaluation.inference.subgroups.calibration import calibration_columns, calibration_of, gaps_of
from evaluation.inference.subgroups.disclosure import hidden_levels
from evaluation.inference.subgroups.fairness import fairness, group_counts
from evaluation.inference.subgroups.heterogeneity import (
    clustered_heterogeneity,
    cochran_q,
    group_means,
    interaction,
)
from evaluation.inference.subgroups.multiplicity import adjusted
from evaluation.inference.subgroups.stratified import equal_conditional_odds, stratified_odds
from evaluation.inference.subgroups.words import ESTIMATORS
from protocols.vocabulary import Direction
from tests.support.missing_rows import rows_with_unknown, swapped, with_columns, with_levels

SEEDS = st.integers(0, 2**32 - 1)
TITLES = ("A", "B", "C")


def levelled(seed: int, *, n: int = 90, n_subjects: int | None = 30, nested: bool = True) -> Rows:
    """Three levels, and some pairs in none; `nested` gives a subject one level only."""
    rng = np.random.default_rng(seed)
    rows = rows_with_unknown(seed, n=n, n_subjects=n_subjects, known_share=1.0)
    rows = with_columns(
        rows,
        candidate_probability=rows.candidate_score,
        standard_of_care_probability=rows.standard_of_care_score,
    )
    own = rng.integers(0, 4, n).astype(np.float64)
    level = own[rows.cluster % n] if nested else own
    return with_levels(rows, np.where(level == 3, np.nan, level), TITLES).canonical()


def asked(minimum: int = 1) -> Asked:
    return Asked(
        level=0.95,
        direction=Direction.HIGHER_IS_BETTER,
        interval="clustered_t",
        parameters={"subgroup": "group", "minimum_cell": minimum},
        seed=5,
        resamples=40,
    )


@given(SEEDS, st.sampled_from(sorted(ESTIMATORS)), st.booleans())
@settings(max_examples=500, deadline=None)
def test_the_order_of_the_rows_changes_no_byte(seed: int, word: str, nested: bool) -> None:
    rows = levelled(seed, nested=nested)
    order = np.random.default_rng(seed).permutation(rows.n)
    run = ESTIMATORS[word].run
    assert repr(run(rows.take(order).canonical(), asked())) == repr(run(rows, asked()))


@given(SEEDS, st.booleans(), st.sampled_from(["subgroup_interaction", "heterogeneity"]))
@settings(max_examples=500, deadline=None)
def test_swapping_the_arms_mirrors_every_level_and_interaction(
    seed: int, nested: bool, word: str
) -> None:
    rows = levelled(seed, nested=nested)
    one, other = (ESTIMATORS[word].run(r, asked()) for r in (rows, swapped_levels(rows)))
    assume(isinstance(one, Findings))
    assert isinstance(one, Findings)
    assert isinstance(other, Findings)
    for quantity in one.quantities:
        mirrored = other.named(quantity.name)
        if quantity.name.startswith(("level", "interaction")) and quantity.estimate is not None:
            assert mirrored.estimate == -quantity.estimate
            assert mirrored.low == pytest.approx(-(quantity.high or 0.0))
        assert mirrored.p_value == pytest.approx(quantity.p_value)


def swapped_levels(rows: Rows) -> Rows:
    return with_levels(swapped(rows), rows.extra["subgroup"], TITLES)


@given(SEEDS, st.integers(2, 4))
@settings(max_examples=500, deadline=None)
def test_renaming_the_groups_leaves_the_test_of_heterogeneity(seed: int, n_groups: int) -> None:
    rng = np.random.default_rng(seed)
    n = 80
    difference = rng.integers(-1, 2, n).astype(np.float64)
    group, cluster = rng.integers(0, n_groups, n), rng.integers(0, 25, n)
    names = rng.permutation(n_groups)
    one = clustered_heterogeneity(difference, group, cluster)
    other = clustered_heterogeneity(difference, names[group], cluster * 7 + 3)
    if isinstance(one, NotEvaluable):
        assert isinstance(other, NotEvaluable)
        return
    assert not isinstance(other, NotEvaluable)
    assert other.chi_squared == pytest.approx(one.chi_squared, rel=1e-8, abs=1e-10)


@given(SEEDS)
@settings(max_examples=500, deadline=None)
def test_two_groups_without_common_subjects_have_walds_test_as_the_square_of_z(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, 20, 60)
    group, difference = cluster % 2, rng.normal(size=60)
    wald = clustered_heterogeneity(difference, group, cluster)
    means = group_means(difference, group, cluster)
    assert not isinstance(wald, NotEvaluable)
    assert not isinstance(means, NotEvaluable)
    errors = np.sqrt(np.diag(means.covariance))
    found = interaction((means.means[0], errors[0]), (means.means[1], errors[1]), level=0.95)
    assert not isinstance(found, NotEvaluable)
    assert wald.chi_squared == pytest.approx(found.statistic**2, rel=1e-9)
    assert wald.p_value == pytest.approx(found.p_two_sided, rel=1e-9, abs=1e-14)


@given(SEEDS, st.sampled_from([45, 50]))
@settings(max_examples=500, deadline=None)
def test_the_robust_covariance_is_that_of_a_regression_on_the_groups(seed: int, n: int) -> None:
    """Second route: the sandwich of least squares on indicators, written out."""
    rng = np.random.default_rng(seed)
    k = 15  # with 45 pairs there are as many as cells of subject and group
    group, difference = rng.integers(0, 3, n), rng.normal(size=n)
    cluster = np.r_[np.arange(k), rng.integers(0, k, n - k)]
    found = group_means(difference, group, cluster)
    assume(not isinstance(found, NotEvaluable) and len(np.unique(group)) == 3)
    assert not isinstance(found, NotEvaluable)
    x = np.eye(3)[group]
    bread = np.linalg.inv(x.T @ x)
    residual = difference - x @ (bread @ x.T @ difference)
    scores = [x[cluster == c].T @ residual[cluster == c] for c in range(k)]
    meat = sum(np.outer(score, score) for score in scores)
    assert found.covariance == pytest.approx(
        k / (k - 1) * bread @ meat @ bread, rel=1e-8, abs=1e-12
    )


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0.01, 1)), min_size=2, max_size=6))
@settings(max_examples=500, deadline=None)
def test_cochrans_q_of_two_estimates_is_the_square_of_their_z(
    pairs: list[tuple[float, float]],
) -> None:
    estimates, errors = [p[0] for p in pairs], [p[1] for p in pairs]
    found = cochran_q(estimates, [e**2 for e in errors])
    assert not isinstance(found, NotEvaluable)
    assert 0 <= found.i2 < 1
    assert found.tau2 >= 0
    weights = [1 / e**2 for e in errors]
    mean = sum(w * x for w, x in zip(weights, estimates, strict=True)) / sum(weights)
    by_hand = sum(w * (x - mean) ** 2 for w, x in zip(weights, estimates, strict=True))
    assert found.q == pytest.approx(by_hand, rel=1e-7, abs=1e-9)
    first = interaction(pairs[0], pairs[1], level=0.95)
    two = cochran_q(estimates[:2], [e**2 for e in errors[:2]])
    assert not isinstance(first, NotEvaluable)
    assert not isinstance(two, NotEvaluable)
    assert two.q == pytest.approx(first.statistic**2, rel=1e-7, abs=1e-9)


CELL = st.integers(0, 40)
TABLE = st.tuples(st.tuples(CELL, CELL), st.tuples(CELL, CELL))


@given(st.lists(TABLE, min_size=2, max_size=5))
@settings(max_examples=500, deadline=None)
def test_breslow_and_day_agree_with_another_package_away_from_an_odds_ratio_of_one(
    tables: list[tuple[tuple[int, int], tuple[int, int]]],
) -> None:
    found = stratified_odds(tables, level=0.95)
    assume(not isinstance(found, NotEvaluable))
    assert not isinstance(found, NotEvaluable)
    informative = [
        np.array(t) for t in tables if np.array(t).sum(0).all() and np.array(t).sum(1).all()
    ]
    table = StratifiedTable(informative)
    assert found.pooled == pytest.approx(table.oddsratio_pooled)
    assert (found.low, found.high) == pytest.approx(table.oddsratio_pooled_confint(), rel=1e-9)
    assume(abs(found.pooled - 1) > 1e-3)
    for adjust, value in ((False, found.breslow_day), (True, found.tarone)):
        other = table.test_equal_odds(adjust=adjust)
        assert value == pytest.approx(other.statistic, rel=1e-6, abs=1e-8)


@given(st.lists(TABLE, min_size=2, max_size=5))
@settings(max_examples=500, deadline=None)
def test_exchanging_rows_inverts_the_odds_ratio_and_leaves_the_tests(
    tables: list[tuple[tuple[int, int], tuple[int, int]]],
) -> None:
    one = stratified_odds(tables, level=0.95)
    other = stratified_odds([table[::-1] for table in tables], level=0.95)
    if isinstance(one, NotEvaluable):
        assert isinstance(other, NotEvaluable)
        return
    assert not isinstance(other, NotEvaluable)
    assert other.pooled == pytest.approx(1 / one.pooled)
    assert other.breslow_day == pytest.approx(one.breslow_day, rel=1e-6, abs=1e-8)
    assert other.cmh == pytest.approx(one.cmh, rel=1e-9)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=2, max_size=2))
@settings(max_examples=500, deadline=None)
def test_equal_paired_odds_of_two_levels_is_the_test_of_one_table(
    levels: list[tuple[int, int]],
) -> None:
    found = equal_conditional_odds(levels)
    if isinstance(found, NotEvaluable):
        return
    (a, b), (c, d) = levels
    n = a + b + c + d
    by_hand = n * (a * d - b * c) ** 2 / ((a + b) * (c + d) * (a + c) * (b + d))
    assert found.chi_squared == pytest.approx(by_hand, rel=1e-9, abs=1e-12)
    assert found.p_value == pytest.approx(stats.chi2.sf(by_hand, 1), rel=1e-9)


@given(st.lists(st.integers(0, 60), min_size=2, max_size=6), st.integers(1, 25))
@settings(max_examples=500, deadline=None)
def test_nobody_hidden_can_be_had_as_the_total_less_the_rest(
    smallest: list[int], minimum: int
) -> None:
    found = hidden_levels(smallest, [2 * cell for cell in smallest], minimum=minimum)
    kept = [
        cell
        for cell, small, held in zip(smallest, found.suppressed, found.withheld, strict=True)
        if (small and cell > 0) or held
    ]
    assert all(smallest[at] >= minimum for at in found.shown)
    if kept and found.shown:
        assert len(kept) >= 2
        assert sum(kept) >= minimum


@given(SEEDS, st.integers(2, 4))
@settings(max_examples=500, deadline=None)
def test_rates_and_gaps_are_what_counting_pair_by_pair_gives(seed: int, n_groups: int) -> None:
    rng = np.random.default_rng(seed)
    n = 40
    outcome, flag = rng.random(n) < 0.3, rng.random(n) < 0.4
    group = np.r_[np.arange(n_groups), rng.integers(0, n_groups, n - n_groups)]
    found = fairness(outcome, flag, group)
    assert not isinstance(found, NotEvaluable)
    tprs = []
    for g, one in enumerate(found.groups):
        rows = [(o, f) for o, f, h in zip(outcome, flag, group, strict=True) if h == g]
        among = [f for o, f in rows if o]
        tprs.append(sum(among) / len(among) if among else None)
        assert one.count == len(rows)
        assert one.rates["tpr"] == tprs[-1]
        assert one.rates["accuracy"] == pytest.approx(sum(o == f for o, f in rows) / len(rows))
    gap = found.gaps["equal_opportunity_difference"]
    known = [t for t in tprs if t is not None]
    if len(known) < n_groups:
        assert gap is None
        assert found.gaps["equalized_odds_difference"] is None
    else:
        assert gap == max(known) - min(known)


@given(SEEDS)
@settings(max_examples=500, deadline=None)
def test_turning_outcome_and_flag_exchanges_both_kinds_of_right(seed: int) -> None:
    rng = np.random.default_rng(seed)
    outcome, flag = rng.random(30) < 0.5, rng.random(30) < 0.5
    group = rng.integers(0, 2, 30)
    one, other = fairness(outcome, flag, group), fairness(~outcome, ~flag, group)
    assume(not isinstance(one, NotEvaluable))
    assert not isinstance(one, NotEvaluable)
    assert not isinstance(other, NotEvaluable)
    for a, b in zip(one.groups, other.groups, strict=True):
        specificity = None if a.rates["fpr"] is None else 1 - a.rates["fpr"]
        assert b.rates["tpr"] == pytest.approx(specificity)
    gaps = one.gaps["equalized_odds_difference"], other.gaps["equalized_odds_difference"]
    assert gaps[0] == pytest.approx(gaps[1])


@given(SEEDS)
@settings(max_examples=500, deadline=None)
def test_probabilities_equal_to_each_groups_share_leave_no_calibration_gap(seed: int) -> None:
    rng = np.random.default_rng(seed)
    outcome, group = rng.random(60) < 0.5, rng.integers(0, 3, 60)
    shares = np.array([outcome[group == g].mean() if (group == g).any() else 0 for g in range(3)])
    assume((shares > 0).all())
    sums = group_counts(calibration_columns(outcome, shares[group]), group, 3)
    gaps = gaps_of(calibration_of(sums))
    assert gaps["observed_less_expected_gap"] == pytest.approx(0, abs=1e-12)
    assert gaps["observed_over_expected_gap"] == pytest.approx(0, abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
@settings(max_examples=500, deadline=None)
def test_adjusted_p_values_are_never_below_their_own_and_hochbergs_never_above_holms(
    p_values: list[float],
) -> None:
    holm, hochberg = adjusted(p_values, "holm"), adjusted(p_values, "hochberg")
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    steps = [min(1.0, (len(p_values) - j) * p_values[i]) for j, i in enumerate(order)]
    assert [holm[i] for i in order] == pytest.approx(list(itertools.accumulate(steps, max)))
    back = list(itertools.accumulate(reversed(steps), min))[::-1]
    assert [hochberg[i] for i in order] == pytest.approx(back)
    assert all(
        p - 1e-12 <= b <= a + 1e-12 <= 1 + 1e-9
        for p, b, a in zip(p_values, hochberg, holm, strict=True)
    )


@given(SEEDS, st.integers(1, 5), st.booleans())
@settings(max_examples=500, deadline=None)
def test_contributions_add_up_and_match_the_mean_over_all_orders(
    seed: int, d: int, with_interaction: bool
) -> None:
    rng = np.random.default_rng(seed)
    x, background = rng.normal(size=d), rng.normal(size=(4, d))
    weights = rng.normal(size=d)

    def function(
        rows: "np.ndarray[tuple[int, int], np.dtype[np.float64]]",
    ) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        product = rows.prod(axis=1) if with_interaction else 0.0
        return np.asarray(special.expit(rows @ weights) + product)

    found = shapley_values(function, x, background)
    assert not isinstance(found, NotEvaluable)
    assert sum(found.values) + found.base_value == pytest.approx(found.prediction, abs=1e-10)
    by_order = np.zeros(d)
    orders = list(itertools.permutations(range(d)))[:120]
    for order in orders:
        rows = background.copy()
        before = function(rows).mean()
        for feature in order:
            rows[:, feature] = x[feature]
            after = function(rows).mean()
            by_order[feature] += after - before
            before = after
    assert found.values == pytest.approx(by_order / math.factorial(d), abs=1e-10)


@given(SEEDS, st.integers(1, 6))
@settings(max_examples=500, deadline=None)
def test_a_linear_function_gives_weight_times_distance_from_the_mean(seed: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    x, background, weights = rng.normal(size=d), rng.normal(size=(7, d)), rng.normal(size=d)
    found = shapley_values(lambda rows: rows @ weights + 3.0, x, background)
    assert not isinstance(found, NotEvaluable)
    assert found.values == pytest.approx(weights * (x - background.mean(axis=0)), abs=1e-10)
