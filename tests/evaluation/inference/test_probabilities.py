"""The quality of probabilities: refusals, published conventions, and what each word returns."""

import math

import numpy as np
import pytest

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Estimate, Findings, NotEvaluable, Quantity
from evaluation.inference.probabilities import (
    calibration,
    decisions,
    logistic,
    losses,
    reclassification,
    smoothers,
)
from evaluation.inference.probabilities.predicted import Predicted
from evaluation.inference.probabilities.words import ESTIMATORS, TESTS
from evaluation.inference.rows import Asked, ParameterValue, Rows
from protocols.errors import UsageError
from protocols.methods import probabilities as specified

# Twenty tied predictions; the expected numbers are those of R 4.2.2 (glm, lowess, loess) and of
# its package sandwich 3.0 (vcovCL, HC0 with K/(K-1)).
P = np.repeat([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], [2, 3, 2, 3, 2, 2, 2, 2, 2])
Y = np.array([0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 1, 1, 1, 1], dtype=np.float64)
SUBJECT = np.array([1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4])
PARAMETERS: dict[str, dict[str, ParameterValue]] = {
    "brier_score": {},
    "log_loss": {"clip": 0.001},
    "calibration": {"smoother": "lowess"},
    "expected_calibration_error": {"bins": 5.0, "binning": "equal_mass"},
    "net_benefit": {"threshold": 0.3},
    "decision_curve": {"thresholds": (0.1, 0.3, 0.5)},
    "reclassification": {"cutoffs": (0.2, 0.5)},
}


def numbers(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


def predicted(p: FloatArray = P, y: FloatArray = Y, *, clustered: bool = False) -> Predicted:
    found = Predicted.of(p, y, SUBJECT if clustered else None)
    assert isinstance(found, Predicted)
    return found


def code_of(found: object) -> str:
    assert isinstance(found, NotEvaluable), found
    assert found.reason.endswith(".")
    return found.code


def rows_of(
    candidate: FloatArray, soc: FloatArray, outcome: FloatArray, *, clustered: bool = True
) -> Rows:
    n = len(outcome)
    none = np.zeros(n, dtype=np.bool_)
    return Rows(
        candidate=np.zeros(n),
        standard_of_care=np.zeros(n),
        outcome=outcome == 1,
        known=~none,
        cluster=np.resize(SUBJECT, n) if clustered else np.arange(n),
        clustered=clustered,
        candidate_score=candidate,
        standard_of_care_score=soc,
        candidate_flag=none,
        standard_of_care_flag=none,
        extra={"candidate_probability": candidate, "standard_of_care_probability": soc},
    )


def found_by(word: str, rows: Rows, level: float = 0.95) -> Findings | NotEvaluable:
    return ESTIMATORS[word].run(rows, Asked(level=level, parameters=PARAMETERS[word]))


def findings(word: str, rows: Rows, level: float = 0.95) -> Findings:
    found = found_by(word, rows, level)
    assert isinstance(found, Findings), found
    return found


def other_arm() -> FloatArray:
    return np.clip(P[::-1] * 0.5 + P * 0.4, 0.0, 1.0)


def test_intercept_and_slope_of_tied_predictions_are_those_of_r() -> None:
    both = logistic.recalibration(predicted(), level=0.95)
    large = logistic.in_the_large(predicted(), level=0.95)
    assert isinstance(both, logistic.Recalibration)
    assert isinstance(large, Quantity)
    assert isinstance(both.unreliability, Quantity)
    assert both.intercept.estimate == pytest.approx(0.116516953409, rel=1e-9)
    assert both.slope.estimate == pytest.approx(1.06300832982, rel=1e-9)
    assert both.slope.standard_error == pytest.approx(0.516049581967, rel=1e-6)
    assert large.estimate == pytest.approx(0.107926930988, rel=1e-9)
    assert large.standard_error == pytest.approx(0.5191143412, rel=1e-6)
    assert both.unreliability.statistic == pytest.approx(0.0584618295245, rel=1e-8)
    assert both.unreliability.p_value == pytest.approx(0.971192175961, rel=1e-9)


def test_repeated_subjects_get_robust_errors_with_k_over_k_less_one_and_student() -> None:
    both = logistic.recalibration(predicted(clustered=True), level=0.95)
    large = logistic.in_the_large(predicted(clustered=True), level=0.95)
    assert isinstance(both, logistic.Recalibration)
    assert isinstance(large, Quantity)
    assert both.intercept.standard_error == pytest.approx(0.58445994434, rel=1e-6)
    assert both.slope.standard_error == pytest.approx(0.408808002318, rel=1e-6)
    assert large.standard_error == pytest.approx(0.556133577336, rel=1e-6)
    assert (both.slope.df, large.df) == (7.0, 7.0)
    half = 2.3646242515927844 * (large.standard_error or 0)  # the 0.975 quantile of t with 7
    assert large.high == pytest.approx((large.estimate or 0) + half, rel=1e-12)


@pytest.mark.parametrize(
    ("smoother", "expected"),
    [
        ("lowess", (0.0523314861972, 0.0496083782846, 0.0740332259923, 0.141676491391)),
        ("loess", (0.0709568188191, 0.062772613416, 0.126431537496, 0.161916876442)),
    ],
)
def test_distances_from_the_curve_of_tied_predictions_are_those_of_r(
    smoother: smoothers.Smoother, expected: tuple[float, ...]
) -> None:
    found = calibration.distances(predicted(), smoother=smoother)
    assert isinstance(found, calibration.Distances)
    got = (found.mean, found.median, found.ninetieth, found.largest)
    assert got == pytest.approx(expected, rel=1e-9)


def test_a_curve_of_one_tied_value_is_the_share_and_loess_has_no_window() -> None:
    constant = predicted(np.full(20, 0.4))
    found = calibration.distances(constant, smoother="lowess")
    assert isinstance(found, calibration.Distances)
    assert found.mean == pytest.approx(abs(Y.mean() - 0.4), abs=1e-12)
    assert code_of(calibration.distances(constant, smoother="loess")) == "smoother_undefined"
    two = Predicted.of(numbers(0.2, 0.4), numbers(0, 1))
    assert isinstance(two, Predicted)
    assert code_of(calibration.distances(two, smoother="lowess")) == "smoother_undefined"


def test_separated_predictions_have_no_slope_though_a_fit_would_print_one() -> None:
    clean, touching = (P > 0.5).astype(np.float64), (P >= 0.5).astype(np.float64)
    touching[10] = 0.0
    for outcome in (clean, touching, 1 - clean):
        assert code_of(logistic.recalibration(predicted(y=outcome), level=0.95)) == "separated"
        assert isinstance(logistic.in_the_large(predicted(y=outcome), level=0.95), Quantity)


def test_certain_constant_and_one_class_predictions_have_no_slope() -> None:
    certain = P.copy()
    certain[0] = 0.0
    for fit in (logistic.recalibration, logistic.in_the_large):
        assert code_of(fit(predicted(certain), level=0.95)) == "certain_predictions"
        assert code_of(fit(predicted(y=np.ones(20)), level=0.95)) == "one_class"
    constant = predicted(np.full(20, 0.3))
    assert code_of(logistic.recalibration(constant, level=0.95)) == "constant_scores"
    large = logistic.in_the_large(constant, level=0.95)
    assert isinstance(large, Quantity)
    expected = math.log(Y.mean() / (1 - Y.mean())) - math.log(0.3 / 0.7)
    assert large.estimate == pytest.approx(expected, rel=1e-12)


def test_one_subject_shows_no_variation() -> None:
    alone = Predicted.of(P, Y, np.zeros(20, dtype=np.int64))
    assert isinstance(alone, Predicted)
    assert code_of(logistic.in_the_large(alone, level=0.95)) == "one_cluster"
    assert code_of(calibration.observed_over_expected(alone, level=0.95)) == "one_cluster"
    assert code_of(calibration.spiegelhalter(alone)) == "one_cluster"


def test_a_joint_test_needs_three_subjects() -> None:
    pair = Predicted.of(P, Y, (SUBJECT % 2).astype(np.int64))
    assert isinstance(pair, Predicted)
    both = logistic.recalibration(pair, level=0.95)
    assert isinstance(both, logistic.Recalibration)
    assert code_of(both.unreliability) == "too_few_clusters"


def test_observed_over_expected_counts_events_and_its_test_is_on_the_log_scale() -> None:
    found = calibration.observed_over_expected(predicted(), level=0.95)
    assert isinstance(found, Quantity)
    assert found.estimate == pytest.approx(10 / 9.6, rel=1e-12)
    assert found.low is not None
    assert found.high is not None
    assert found.low * found.high == pytest.approx((found.estimate or 0) ** 2, rel=1e-9)
    none = predicted(y=np.zeros(20))
    assert code_of(calibration.observed_over_expected(none, level=0.95)) == "ratio_undefined"


def test_spiegelhalter_says_nothing_where_the_predictions_leave_no_variance() -> None:
    for level in (0.0, 0.5, 1.0):
        found = calibration.spiegelhalter(predicted(np.full(20, level)))
        assert code_of(found) == "zero_variance"


def test_a_certain_wrong_prediction_has_infinite_loss_unless_the_protocol_clips() -> None:
    p, y = numbers(0, 1, 0), numbers(0, 1, 1)
    assert code_of(losses.log_losses(p, y, clip=0.0)) == "infinite_loss"
    right = losses.log_losses(p[:2], y[:2], clip=0.0)
    assert not isinstance(right, NotEvaluable)
    assert right.tolist() == [0.0, 0.0]
    clipped = losses.log_losses(p, y, clip=float(np.finfo(np.float64).eps))
    assert not isinstance(clipped, NotEvaluable)
    assert losses.mean_loss(clipped) == pytest.approx(12.014551129705717, rel=1e-12)


def test_what_is_no_probability_is_refused_and_a_senseless_call_raises() -> None:
    for bad in (1.2, -0.1, math.nan):
        assert code_of(losses.brier_losses(numbers(bad), numbers(1))) == "not_probabilities"
    assert code_of(losses.brier_losses(numbers(0.5), numbers(2))) == "values_not_finite"
    assert code_of(Predicted.of(numbers(), numbers())) == "no_pairs"
    with pytest.raises(UsageError):
        losses.brier_losses(numbers(0.5), numbers(1, 0))
    with pytest.raises(UsageError):
        losses.log_losses(P, Y, clip=0.5)
    with pytest.raises(UsageError):
        decisions.contributions(P, Y, threshold=1.0)
    with pytest.raises(UsageError):
        decisions.at_prevalence(P, Y, threshold=0.5, prevalence=1.5)
    with pytest.raises(UsageError):
        calibration.binned(predicted(), bins=0, binning="equal_width")
    with pytest.raises(UsageError):
        reclassification.categorical(P, P, Y, [0.5, 0.2])
    with pytest.raises(UsageError):
        Predicted.of(P, Y, SUBJECT[:3])


def test_refused_losses_stay_refused_in_the_difference_and_equal_ones_are_no_finding() -> None:
    fine, bad = losses.brier_losses(P, Y), losses.brier_losses(P + 1, Y)
    for arms in ((fine, bad), (bad, fine)):
        found = losses.loss_difference(*arms, SUBJECT, margin=0.1, level=0.95)
        assert code_of(found) == "not_probabilities"
    same = losses.loss_difference(fine, fine, SUBJECT, margin=0.1, level=0.95)
    assert code_of(same) == "no_discordant_pairs"


def test_a_lower_brier_score_favours_the_candidate() -> None:
    sharp = np.where(Y == 1, 0.5 + P / 2, P / 2)
    found = losses.loss_difference(
        losses.brier_losses(sharp, Y), losses.brier_losses(P, Y), SUBJECT, margin=0.0, level=0.95
    )
    assert isinstance(found, Estimate)
    assert found.estimate < 0 < found.statistic
    assert found.df == 7.0


def test_a_pair_at_the_threshold_is_flagged_and_at_a_cutoff_counts_as_above() -> None:
    each = decisions.contributions(numbers(0.2, 0.2, 0.1), numbers(1, 0, 1), threshold=0.2)
    assert not isinstance(each, NotEvaluable)
    assert each.tolist() == [1.0, -0.25, 0.0]
    moved = reclassification.categorical(
        numbers(0.2, 0.1), numbers(0.1999, 0.2), numbers(1, 0), [0.2]
    )
    assert isinstance(moved, reclassification.Net)
    assert (moved.events, moved.non_events, moved.total) == (1.0, 1.0, 2.0)


def test_reclassification_and_prevalence_need_both_classes() -> None:
    ones = np.ones(20)
    for found in (
        reclassification.continuous(P, other_arm(), ones),
        reclassification.categorical(P, other_arm(), ones, [0.5]),
        reclassification.integrated_discrimination(P, other_arm(), ones),
        decisions.at_prevalence(P, ones, threshold=0.2, prevalence=0.1),
    ):
        assert code_of(found) == "one_class"
    single = np.zeros(20)
    single[3] = 1.0
    gained = reclassification.integrated_discrimination(P, other_arm(), single)
    assert isinstance(gained, reclassification.Discrimination)
    assert gained.standard_error is None
    assert gained.statistic is None


def test_scores_of_flags_are_missing_where_they_have_no_denominator() -> None:
    nobody = decisions.flags(P, np.zeros(20), threshold=0.95)
    assert isinstance(nobody, decisions.Flags)
    assert (nobody.f1, nobody.matthews, nobody.balanced_accuracy) == (None, None, None)


@pytest.mark.parametrize("word", sorted(ESTIMATORS))
def test_every_word_answers_and_leaves_out_pairs_without_an_answer(word: str) -> None:
    gaps = P.copy()
    gaps[[1, 5]] = math.nan
    with_gaps = findings(word, rows_of(gaps, other_arm(), Y))
    kept = ~np.isnan(gaps)
    rows = rows_of(P, other_arm(), Y)
    without = findings(word, rows.take(kept))
    assert with_gaps.quantities == without.quantities
    assert with_gaps.n_pairs == 18
    assert any("2 of 20 pairs are left out" in warning for warning in with_gaps.warnings)
    names = [quantity.name for quantity in with_gaps.quantities]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("word", sorted(ESTIMATORS))
def test_every_word_refuses_rows_without_any_answer(word: str) -> None:
    nothing = rows_of(np.full(20, math.nan), P, Y)
    assert code_of(found_by(word, nothing)) == "no_pairs"
    assert code_of(found_by(word, rows_of(P + 1, P, Y))) == "not_probabilities"


@pytest.mark.parametrize("word", ["brier_score", "log_loss", "net_benefit", "decision_curve"])
def test_arms_that_agree_everywhere_have_a_difference_without_an_interval(word: str) -> None:
    found = findings(word, rows_of(P, P, Y))
    apart = [q for q in found.quantities if "difference" in q.name]
    assert apart
    for quantity in apart:
        assert quantity.estimate == 0.0
        assert quantity.low is None
        assert quantity.reason is not None


def test_the_estimated_difference_is_that_of_the_test() -> None:
    found = findings("brier_score", rows_of(P, other_arm(), Y)).named("brier_score_difference")
    tested = losses.loss_difference(
        losses.brier_losses(P, Y),
        losses.brier_losses(other_arm(), Y),
        SUBJECT,
        margin=0,
        level=0.95,
    )
    assert isinstance(tested, Estimate)
    assert (found.estimate, found.low, found.high) == (tested.estimate, tested.low, tested.high)


def test_a_calibration_keeps_what_it_can_say_beside_what_it_cannot() -> None:
    certain = P.copy()
    certain[0] = 0.0
    found = findings("calibration", rows_of(certain, other_arm(), Y))
    assert found.named("candidate_slope").estimate is None
    assert "exactly 0 or 1" in (found.named("candidate_slope").reason or "")
    assert found.named("candidate_oe_ratio").estimate is not None
    assert found.named("candidate_ici").estimate is not None
    assert found.named("standard_of_care_slope").estimate is not None
    assert "8 subjects" in found.warnings[-1]
    independent = findings("calibration", rows_of(P, other_arm(), Y, clustered=False))
    assert independent.warnings == ()
    assert independent.named("candidate_slope").df is None


def test_at_level_one_an_interval_has_no_limits_and_says_so() -> None:
    for word in ("brier_score", "calibration"):
        for quantity in findings(word, rows_of(P, other_arm(), Y), 1.0).quantities:
            assert quantity.low is None
            assert quantity.high is None
            numeric = (quantity.estimate, quantity.statistic, quantity.p_value)
            assert all(value is None or math.isfinite(value) for value in numeric)


def test_words_that_no_one_registered_are_refused() -> None:
    rows = rows_of(P, other_arm(), Y)
    unknown: dict[str, dict[str, ParameterValue]] = {
        "calibration": {"smoother": "spline"},
        "expected_calibration_error": {"bins": 5.0, "binning": "by eye"},
    }
    for word, parameters in unknown.items():
        with pytest.raises(UsageError):
            ESTIMATORS[word].run(rows, Asked(level=0.95, parameters=parameters))


def test_protocol_and_functions_know_the_same_words_and_parameters() -> None:
    assert set(specified.ESTIMATORS) == set(ESTIMATORS)
    assert set(specified.TESTS) == set(TESTS) == set()
    for word, spec in specified.ESTIMATORS.items():
        assert ESTIMATORS[word].method.name == word
        assert {parameter.name for parameter in spec.parameters} == set(PARAMETERS[word])
