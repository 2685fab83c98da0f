"""Subgroups: hidden levels, groups that cannot be compared, gaps that cannot be estimated."""

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests

from evaluation.inference.base import Findings, NotEvaluable
from evaluation.inference.rows import Asked, Rows
from evaluation.inference.subgroups.disclosure import hidden_levels, smallest_cell
from evaluation.inference.subgroups.fairness import fairness
from evaluation.inference.subgroups.heterogeneity import cochran_q
from evaluation.inference.subgroups.multiplicity import adjusted
from evaluation.inference.subgroups.stratified import equal_conditional_odds, stratified_odds
from evaluation.inference.subgroups.words import ESTIMATORS
from protocols.errors import UsageError
from protocols.vocabulary import Direction
from tests.support.missing_rows import rows_with_unknown, with_columns, with_levels

TITLES = ("young", "middle", "old")


def asked(minimum: int = 5) -> Asked:
    return Asked(
        level=0.95,
        direction=Direction.HIGHER_IS_BETTER,
        interval="bootstrap_percentile",
        parameters={"subgroup": "age", "minimum_cell": minimum},
        seed=3,
        resamples=200,
    )


def rows_by_age(seed: int, *, old: int | None = None, n: int = 400) -> Rows:
    """Subjects belong to one level; `old` limits the pairs of the last one."""
    rows = rows_with_unknown(seed, n=n, n_subjects=150, known_share=1.0)
    level = (rows.cluster % 3).astype(np.float64)
    if old is not None:
        level[np.flatnonzero(level == 2)[old:]] = np.nan
    return with_levels(rows, level, TITLES)


def findings(word: str, rows: Rows, minimum: int = 5) -> Findings:
    found = ESTIMATORS[word].run(rows, asked(minimum))
    assert isinstance(found, Findings), found
    return found


def code(found: object) -> str:
    assert isinstance(found, NotEvaluable), found
    return found.code


def test_every_level_has_an_interval_and_every_other_one_an_interaction_with_the_first() -> None:
    found = findings("subgroup_interaction", rows_by_age(1))
    first, second = found.named("level_0"), found.named("level_1")
    gap = found.named("interaction_1")
    assert first.estimate is not None
    assert second.estimate is not None
    assert gap.estimate == second.estimate - first.estimate
    assert first.standard_error is not None
    assert second.standard_error is not None
    error = np.hypot(first.standard_error, second.standard_error)
    assert gap.standard_error == pytest.approx(error)
    assert found.named("interaction_1_holm").p_value is not None


def test_a_small_level_is_hidden_with_a_larger_one_and_enters_no_test() -> None:
    rows = rows_by_age(2, old=6)
    run = ESTIMATORS["heterogeneity"].run
    assert code(run(rows, asked(20))) == "one_group"
    wide = with_levels(
        rows,
        np.where(rows.cluster % 4 == 3, 3.0, rows.extra["subgroup"]),
        (*TITLES, "unknown"),
    )
    found = findings("heterogeneity", wide, 20)
    hidden = [q for q in found.quantities if q.name.startswith("level") and q.reason]
    assert len(hidden) == 2
    assert all(q.estimate is None for q in hidden)
    assert any(str(q.reason).startswith("Withheld") for q in hidden)
    assert found.named("wald").df == 1.0


def test_subjects_in_two_levels_are_known_to_the_covariance_and_stop_cochrans_q() -> None:
    rows = rows_with_unknown(3, n=300, n_subjects=80, known_share=1.0)
    level = np.random.default_rng(1).integers(0, 3, 300).astype(np.float64)
    mixed = with_levels(rows, level, TITLES)
    found = findings("heterogeneity", mixed)
    assert found.named("wald").p_value is not None
    assert "dependent" in str(found.named("cochran_q").reason)
    warnings = findings("subgroup_interaction", mixed).warnings
    assert any("two levels" in warning for warning in warnings)


def test_few_subjects_in_a_level_are_warned_of() -> None:
    rows = rows_with_unknown(4, n=60, n_subjects=20, known_share=1.0)
    found = findings(
        "heterogeneity", with_levels(rows, (rows.cluster % 2).astype(np.float64), ("a", "b")), 2
    )
    assert "fewer than 15 subjects" in found.warnings[0]


def test_a_group_without_events_has_no_sensitivity_rather_than_none_found() -> None:
    outcome = np.array([1, 0, 0, 0, 1, 0], dtype=bool)
    flag = np.array([1, 0, 1, 0, 0, 1], dtype=bool)
    group = np.array([0, 0, 1, 1, 0, 1])
    found = fairness(outcome, flag, group)
    assert not isinstance(found, NotEvaluable)
    assert found.groups[1].rates["tpr"] is None
    assert found.gaps["equalized_odds_difference"] is None
    assert found.gaps["demographic_parity_difference"] == pytest.approx(1 / 3)
    assert code(fairness(outcome, flag, np.zeros(6, dtype=np.int64))) == "one_group"
    assert code(fairness(outcome[:0], flag[:0], group[:0])) == "no_pairs"


def test_fairness_gaps_come_with_intervals_of_subjects_and_say_that_they_are_biased() -> None:
    found = findings("fairness_gaps", rows_by_age(5))
    gap = found.named("candidate_equalized_odds_difference")
    change = found.named("change_in_equalized_odds_difference")
    soc = found.named("standard_of_care_equalized_odds_difference")
    assert gap.low is not None
    assert gap.low > 0
    assert gap.estimate is not None
    assert soc.estimate is not None
    assert change.estimate == gap.estimate - soc.estimate
    assert "biased upwards" in found.warnings[-1]


def test_the_calibration_of_each_level_is_its_observed_over_expected() -> None:
    rows = rows_by_age(6)
    share = np.full(rows.n, 0.4)
    both = with_columns(rows, candidate_probability=share, standard_of_care_probability=share)
    found = findings("calibration_gap", both)
    young = rows.extra["subgroup"] == 0
    expected = rows.outcome[young].mean() / 0.4
    assert found.named("level_0_candidate_observed_over_expected").estimate == pytest.approx(
        expected
    )
    assert found.named("change_in_observed_over_expected_gap").estimate == 0
    absent = with_columns(both, candidate_probability=np.where(young, np.nan, share))
    assert code(ESTIMATORS["calibration_gap"].run(absent, asked())) == "scores_missing"


def test_odds_ratios_are_given_for_each_arm_and_for_the_discordant_pairs() -> None:
    found = findings("stratified_odds", rows_by_age(7))
    assert found.named("candidate_odds_ratio").low is not None
    assert found.named("standard_of_care_breslow_day").df == 2.0
    assert found.named("discordant").p_value is not None


def test_a_pooled_odds_ratio_of_exactly_one_still_has_its_test() -> None:
    """The package's quadratic divides by zero here."""
    tables = [[[10, 5], [5, 10]], [[5, 10], [10, 5]]]
    found = stratified_odds(tables, level=0.95)
    assert not isinstance(found, NotEvaluable)
    assert found.pooled == 1
    # expected 7.5 in each cell, variance 7.5 / 4: two times 2.5^2 * 4 / 7.5
    assert found.breslow_day == pytest.approx(2 * 2.5**2 * 4 / 7.5)


def test_strata_that_say_nothing_are_left_out_and_odds_without_end_refused() -> None:
    empty_row = [[0, 0], [5, 5]]
    one, other = [[12, 5], [7, 9]], [[20, 11], [9, 25]]
    found = stratified_odds([one, empty_row, other], level=0.95)
    without = stratified_odds([one, other], level=0.95)
    assert not isinstance(found, NotEvaluable)
    assert not isinstance(without, NotEvaluable)
    assert (found.n_left_out, found.df) == (1, 1)
    assert found.tarone == without.tarone
    assert code(stratified_odds([one, empty_row], level=0.95)) == "one_group"
    assert code(stratified_odds([[[3, 0], [2, 4]]] * 2, level=0.95)) == "ratio_undefined"
    assert code(stratified_odds([one, other], level=1.0)) == "no_interval"
    with pytest.raises(UsageError, match="2 x 2"):
        stratified_odds([[[1, -1], [2, 2]]] * 2, level=0.95)


def test_discordance_in_one_direction_only_has_no_odds_to_compare() -> None:
    assert code(equal_conditional_odds([(3, 0), (4, 0)])) == "ratio_undefined"
    assert code(equal_conditional_odds([(3, 2), (0, 0)])) == "one_group"


def test_estimates_without_variance_or_company_are_not_pooled() -> None:
    assert code(cochran_q([0.1], [0.2])) == "one_group"
    assert code(cochran_q([0.1, 0.2], [0.2, 0.0])) == "zero_variance"
    assert code(cochran_q([0.1, np.nan], [0.2, 0.1])) == "values_not_finite"
    equal = cochran_q([0.1, 0.1], [0.2, 0.2])
    assert not isinstance(equal, NotEvaluable)
    assert (equal.q, equal.i2, equal.tau2) == (0, 0, 0)


def test_pooling_is_that_of_another_package() -> None:
    estimates, variances = np.array([0.3, -0.2, 0.6, 0.1]), np.array([0.02, 0.03, 0.01, 0.05])
    other = combine_effects(estimates, variances, method_re="chi2")
    found = cochran_q(estimates.tolist(), variances.tolist())
    assert not isinstance(found, NotEvaluable)
    assert found.q == pytest.approx(other.q)
    assert found.tau2 == pytest.approx(other.tau2)
    assert found.i2 == pytest.approx(other.i2)
    assert found.fixed_effect_error == pytest.approx(other.sd_eff_w_fe)


def test_adjusted_p_values_are_those_of_another_package() -> None:
    p_values = [0.01, 0.04, 0.03, 0.5]
    for own, other in (("holm", "holm"), ("hochberg", "simes-hochberg")):
        expected = multipletests(p_values, method=other)[1]
        assert adjusted(p_values, own) == pytest.approx(expected)  # type: ignore[arg-type]
    assert adjusted([], "holm") == ()
    with pytest.raises(UsageError, match="p-value"):
        adjusted([1.2], "holm")


def test_the_smallest_cell_is_that_of_what_a_measure_looks_at() -> None:
    outcome = np.array([True] * 3 + [False] * 7)
    assert smallest_cell(outcome, events_count=True, non_events_count=True) == 3
    assert smallest_cell(outcome, events_count=False, non_events_count=True) == 7
    assert smallest_cell(outcome, events_count=False, non_events_count=False) == 10


def test_a_level_without_anybody_hides_no_other_level() -> None:
    found = hidden_levels([0, 30, 40], [0, 70, 80], minimum=10)
    assert found.shown == (1, 2)
    assert found.reason(0, 10) == "Fewer than 10 events or non-events."
