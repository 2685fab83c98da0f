"""Laws of the quality of probabilities: symmetry, second routes, order, intervals against tests."""

import dataclasses
import math
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import special, stats
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.nonparametric.smoothers_lowess import lowess

from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.inference.base import Estimate, NotEvaluable, Quantity
from evaluation.inference.probabilities import (
    calibration,
    decisions,
    logistic,
    losses,
    reclassification,
    smoothers,
)
from evaluation.inference.probabilities.predicted import Predicted
from evaluation.inference.probabilities.runs import arm_calibration
from tests.properties.strategies import ALPHAS, MARGINS

Forecasts = tuple[FloatArray, FloatArray, FloatArray, IntArray]
LAW = settings(max_examples=500, deadline=None)


@st.composite
def forecasts(
    draw: st.DrawFn, *, certain: bool = False, ties: bool = True, largest: int = 40
) -> Forecasts:
    """Two arms' probabilities, outcomes (0/1) and subjects; some tied, some certain on request."""
    n = draw(st.integers(6, largest))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    risk = rng.normal(-0.5, draw(st.sampled_from([0.3, 1.0, 3.0])), n)
    outcome = (rng.random(n) < special.expit(risk)).astype(np.float64)
    arms = [special.expit(risk + rng.normal(0, spread, n)) for spread in (0.2, 0.8)]
    if ties and draw(st.booleans()):
        arms = [np.clip(np.round(arm, 1), 0.05, 0.95) for arm in arms]
    if certain and draw(st.booleans()):
        arms = [np.round(arm, 1) for arm in arms]
    cluster = rng.integers(0, max(3, n // 3), n)
    cluster[:2] = 0, 1
    return arms[0], arms[1], outcome, cluster.astype(np.int64)


def known(found: Predicted | NotEvaluable) -> Predicted:
    assert isinstance(found, Predicted)
    return found


def brier_difference(
    data: Forecasts, cluster: IntArray | None = None, *, margin: float = 0.0, level: float = 0.95
) -> Estimate:
    candidate, soc, outcome, _ = data
    found = losses.loss_difference(
        losses.brier_losses(candidate, outcome),
        losses.brier_losses(soc, outcome),
        np.arange(len(outcome)) if cluster is None else cluster,
        margin=margin,
        level=level,
    )
    assume(isinstance(found, Estimate))
    assert isinstance(found, Estimate)
    return found


@LAW
@given(forecasts())
def test_swapping_the_arms_mirrors_the_difference_of_losses(data: Forecasts) -> None:
    one = brier_difference(data, data[3])
    other = brier_difference((data[1], data[0], *data[2:]), data[3])
    assert (one.estimate, one.low, one.high) == (-other.estimate, -other.high, -other.low)
    assert one.statistic == -other.statistic


@LAW
@given(forecasts())
def test_a_pair_a_subject_gives_the_paired_t_test(data: Forecasts) -> None:
    found = brier_difference(data)
    arms = [(arm - data[2]) ** 2 for arm in data[:2]]
    expected = stats.ttest_rel(arms[0], arms[1])
    assert found.estimate / found.standard_error == pytest.approx(expected.statistic, rel=1e-9)
    assert found.df == expected.df


@LAW
@given(forecasts(), MARGINS, ALPHAS)
def test_the_interval_excludes_the_margin_exactly_when_the_test_rejects(
    data: Forecasts, margin: float, alpha: float
) -> None:
    found = brier_difference(data, data[3], margin=margin, level=1 - 2 * alpha)
    if abs(found.p_value - alpha) > 1e-9:
        assert (found.high < margin) == (found.p_value < alpha)


@LAW
@given(
    forecasts(certain=True),
    st.randoms(use_true_random=False),
    st.booleans(),
    st.sampled_from(["lowess", "loess"]),
)
def test_row_order_changes_no_bit_of_a_calibration(
    data: Forecasts, order: object, clustered: bool, smoother: smoothers.Smoother
) -> None:
    rows = list(range(len(data[2])))
    order.shuffle(rows)  # type: ignore[attr-defined]
    found = []
    for take in (np.arange(len(rows)), np.array(rows)):
        cluster = data[3][take] if clustered else None
        predicted = known(Predicted.of(data[0][take], data[2][take], cluster))
        found.append(arm_calibration(predicted, smoother=smoother, level=0.95))
    assert found[0] == found[1]


@LAW
@given(forecasts(certain=True), st.booleans(), st.sampled_from([0.5, 0.95, 0.9999, 1.0]))
def test_every_number_is_finite_or_has_a_reason(
    data: Forecasts, clustered: bool, level: float
) -> None:
    predicted = known(Predicted.of(data[0], data[2], data[3] if clustered else None))
    for quantity in arm_calibration(predicted, smoother="lowess", level=level):
        numbers = [v for v in dataclasses.astuple(quantity) if isinstance(v, float)]
        assert all(map(math.isfinite, numbers))
        assert quantity.reason or quantity.p_value is not None or quantity.estimate is not None


def by_statsmodels(
    data: Forecasts, *, clustered: bool, large: bool
) -> tuple[FloatArray, FloatArray]:
    """Coefficients and standard errors, robust ones brought to the factor K/(K-1) alone."""
    logit = special.logit(data[0])
    design = np.ones((len(logit), 1)) if large else np.column_stack((np.ones(len(logit)), logit))
    model = GLM(data[2], design, family=Binomial(), offset=logit if large else None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not clustered:
            fit = model.fit(tol=1e-13, maxiter=200)
            return fit.params, fit.bse
        options = {"groups": data[3], "use_correction": False}
        fit = model.fit(tol=1e-13, maxiter=200, cov_type="cluster", cov_kwds=options)
    k = len(np.unique(data[3]))
    return fit.params, fit.bse * math.sqrt(k / (k - 1))


@LAW
@given(forecasts(), st.booleans())
def test_intercept_and_slope_are_those_of_statsmodels(data: Forecasts, clustered: bool) -> None:
    predicted = known(Predicted.of(data[0], data[2], data[3] if clustered else None))
    both = logistic.recalibration(predicted, level=0.95)
    assume(isinstance(both, logistic.Recalibration))
    assert isinstance(both, logistic.Recalibration)
    assume(abs(both.slope.estimate or 0) < 20)  # beyond that the anchor itself stops early
    values, errors = by_statsmodels(data, clustered=clustered, large=False)
    assume(np.isfinite(errors).all())  # theirs divides by zero where a fitted share rounds to 1
    for place, found in enumerate((both.intercept, both.slope)):
        assert found.estimate == pytest.approx(values[place], rel=1e-6, abs=1e-6)
        assert found.standard_error == pytest.approx(errors[place], rel=1e-5)


@LAW
@given(forecasts(), st.booleans())
def test_calibration_in_the_large_is_that_of_statsmodels(data: Forecasts, clustered: bool) -> None:
    predicted = known(Predicted.of(data[0], data[2], data[3] if clustered else None))
    found = logistic.in_the_large(predicted, level=0.95)
    assume(isinstance(found, Quantity))
    assert isinstance(found, Quantity)
    values, errors = by_statsmodels(data, clustered=clustered, large=True)
    assert found.estimate == pytest.approx(values[0], rel=1e-6, abs=1e-7)
    assert found.standard_error == pytest.approx(errors[0], rel=1e-6)


@LAW
@given(forecasts())
def test_recalibrated_predictions_have_slope_one_and_intercepts_zero(data: Forecasts) -> None:
    fit = logistic.joint_fit(known(Predicted.of(data[0], data[2])))
    assume(isinstance(fit, logistic.Fit))
    assert isinstance(fit, logistic.Fit)
    assume(0.01 < abs(fit.coefficients[1]) < 5)
    better = special.expit(fit.coefficients[0] + fit.coefficients[1] * special.logit(data[0]))
    assume(better.min() > 1e-9 and better.max() < 1 - 1e-9)
    predicted = known(Predicted.of(better, data[2]))
    both = logistic.recalibration(predicted, level=0.95)
    large = logistic.in_the_large(predicted, level=0.95)
    assert isinstance(both, logistic.Recalibration)
    assert isinstance(large, Quantity)
    assert both.slope.estimate == pytest.approx(1, abs=1e-5)
    assert both.intercept.estimate == pytest.approx(0, abs=1e-5)
    assert large.estimate == pytest.approx(0, abs=1e-6)
    assert isinstance(both.unreliability, Quantity)
    assert both.unreliability.p_value == pytest.approx(1, abs=1e-6)


@LAW
@given(forecasts(), st.booleans())
def test_calling_the_event_a_non_event_turns_only_the_intercept(
    data: Forecasts, clustered: bool
) -> None:
    cluster = data[3] if clustered else None
    one = known(Predicted.of(data[0], data[2], cluster))
    other = known(Predicted.of(1 - data[0], 1 - data[2], cluster))
    first, second = (logistic.recalibration(part, level=0.95) for part in (one, other))
    assume(isinstance(first, logistic.Recalibration))
    assert isinstance(first, logistic.Recalibration)
    assert isinstance(second, logistic.Recalibration)
    assume(abs(first.slope.estimate or 0) < 20)
    assert second.slope.estimate == pytest.approx(first.slope.estimate, rel=1e-6)
    assert second.slope.standard_error == pytest.approx(first.slope.standard_error, rel=1e-5)
    turned = -(first.intercept.estimate or 0.0)
    assert second.intercept.estimate == pytest.approx(turned, rel=1e-6, abs=1e-8)
    tests = [calibration.spiegelhalter(part) for part in (one, other)]
    if isinstance(tests[0], Quantity) and isinstance(tests[1], Quantity):
        assert tests[1].statistic == pytest.approx(tests[0].statistic, rel=1e-6, abs=1e-9)


@LAW
@given(forecasts(largest=30))
def test_splitting_a_subject_changes_only_what_is_known_about_the_error(data: Forecasts) -> None:
    split = np.where(np.arange(len(data[3])) % 2 == 0, data[3], data[3] + 1000)
    found = [
        arm_calibration(known(Predicted.of(data[0], data[2], labels)), smoother="loess", level=0.9)
        for labels in (data[3], split)
    ]
    for a, b in zip(*found, strict=True):
        if a.estimate is not None and b.estimate is not None:
            assert b.estimate == pytest.approx(a.estimate, rel=1e-9, abs=1e-9)


@LAW
@given(forecasts(certain=True))
def test_tests_between_subjects_are_t_tests_of_their_sums(data: Forecasts) -> None:
    p, y, cluster = data[0], data[2], data[3]
    predicted = known(Predicted.of(p, y, cluster))
    index = np.unique(cluster, return_inverse=True)[1]
    found = calibration.spiegelhalter(predicted)
    if isinstance(found, Quantity):
        expected = stats.ttest_1samp(np.bincount(index, (y - p) * (1 - 2 * p)), 0.0)
        assert found.statistic == pytest.approx(expected.statistic, rel=1e-7, abs=1e-9)
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-6)
    ratio = calibration.observed_over_expected(predicted, level=0.95)
    if isinstance(ratio, Quantity):
        residuals = np.bincount(index, y - (y.sum() / p.sum()) * p)
        error = stats.sem(residuals) * len(residuals) / y.sum()
        assert ratio.standard_error == pytest.approx(error, rel=1e-7)
        assert ratio.statistic == pytest.approx(math.log(y.sum() / p.sum()) / error, abs=1e-7)


@LAW
@given(forecasts())
def test_lowess_of_distant_values_is_that_of_statsmodels(data: Forecasts) -> None:
    """No value is interpolated: near the end statsmodels fits one place more than R does."""
    x, y = np.arange(len(data[0])) + 0.5 * data[0], data[2]
    step = 0.01 * (x[-1] - x[0])
    expected = lowess(y, x, frac=2 / 3, it=0, delta=step, is_sorted=True, return_sorted=False)
    assert smoothers.lowess(x, y) == pytest.approx(expected, abs=1e-7)


@LAW
@given(forecasts(), st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3))
def test_smoothing_a_parabola_gives_the_parabola_and_a_line_the_line(
    data: Forecasts, level: float, slope: float, bend: float
) -> None:
    x = np.sort(data[0])
    assume(len(np.unique(np.round(x, 3))) > 5)
    line = level + slope * x
    assert smoothers.lowess(x, line) == pytest.approx(line, abs=1e-6)
    parabola = line + bend * x**2
    smoothed = smoothers.loess(x, parabola)
    if not isinstance(smoothed, NotEvaluable) and np.ptp(x) > 0.2 and _wide(x):
        assert smoothed == pytest.approx(parabola, abs=1e-5)


def _wide(x: FloatArray) -> bool:
    """Every window of three quarters holds four different values inside it."""
    window = int(0.75 * len(x))
    return all(
        len(np.unique(x[start : start + window])) > 5 for start in range(len(x) - window + 1)
    )


@LAW
@given(forecasts(certain=True), st.integers(1, 12), st.sampled_from(["equal_width", "equal_mass"]))
def test_binned_errors_are_those_of_a_loop_over_bins(
    data: Forecasts, bins: int, binning: calibration.Binning
) -> None:
    p, y = data[0], data[2]
    edges = np.linspace(0, 1, bins + 1)
    if binning == "equal_mass":
        edges = np.percentile(p, 100 * edges)
    total, largest, used = 0.0, 0.0, 0
    for place in range(bins):
        below = (p <= edges[place + 1]) | (place == bins - 1)
        inside = below & ((p > edges[place]) | (place == 0))
        if inside.any():
            apart = abs(y[inside].mean() - p[inside].mean())
            total += apart * inside.mean()
            largest, used = max(largest, apart), used + 1
    found = calibration.binned(known(Predicted.of(p, y)), bins=bins, binning=binning)
    assert (found.expected, found.largest) == pytest.approx((total, largest), abs=1e-12)
    assert (len(found.n), sum(found.n)) == (used, len(p))
    assert found.expected <= found.largest + 1e-12


@LAW
@given(forecasts(certain=True), st.floats(0, 0.95))
def test_net_benefit_at_the_samples_prevalence_is_net_benefit(
    data: Forecasts, threshold: float
) -> None:
    p, y = data[0], data[2]
    assume(0 < y.mean() < 1)
    each = decisions.contributions(p, y, threshold=threshold)
    assert not isinstance(each, NotEvaluable)
    found = decisions.at_prevalence(p, y, threshold=threshold, prevalence=float(y.mean()))
    assert isinstance(found, decisions.AtPrevalence)
    assert found.arm == pytest.approx(each.mean(), abs=1e-12)
    everyone = decisions.contributions(np.ones(len(y)), y, threshold=threshold)
    assert not isinstance(everyone, NotEvaluable)
    assert found.treat_all == pytest.approx(everyone.mean(), abs=1e-12)
    assert decisions.treat_all(y, threshold=threshold) == pytest.approx(everyone.mean(), abs=1e-12)


@LAW
@given(forecasts(certain=True), st.lists(st.floats(0.05, 0.95), min_size=1, unique=True))
def test_swapping_the_arms_turns_reclassification(data: Forecasts, cutoffs: list[float]) -> None:
    candidate, soc, outcome, _ = data
    assume(0 < outcome.mean() < 1)
    edges = sorted(cutoffs)
    for method in (
        lambda a, b: reclassification.categorical(a, b, outcome, edges),
        lambda a, b: reclassification.continuous(a, b, outcome),
        lambda a, b: reclassification.integrated_discrimination(a, b, outcome),
    ):
        one, other = method(candidate, soc), method(soc, candidate)
        assert not isinstance(one, NotEvaluable)
        assert not isinstance(other, NotEvaluable)
        assert (one.events, one.non_events) == (-other.events, -other.non_events)
        assert one.standard_error == other.standard_error


@LAW
@given(forecasts(certain=True), st.floats(1e-12, 0.1))
def test_a_clip_bounds_every_log_loss(data: Forecasts, clip: float) -> None:
    found = losses.log_losses(data[0], data[2], clip=clip)
    assert not isinstance(found, NotEvaluable)
    assert (found >= 0).all()
    assert found.max() <= -math.log(clip) * (1 + 1e-12)
    kept = np.clip(data[0], clip, 1 - clip)
    given_to_outcome = np.where(data[2] == 1, kept, 1 - kept)
    assert np.exp(-found) == pytest.approx(given_to_outcome, rel=1e-9)
