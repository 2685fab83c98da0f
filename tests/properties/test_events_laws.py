"""Laws of counts, rates and times to event: symmetry, second routes, row order."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.genmod.cov_struct import Independence
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_estimating_equations import GEE

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.events.counts import Events, count_ratio, exact_rate_ratio
from evaluation.inference.events.cox import (
    PairedTimes,
    Ties,
    marginal,
    marginal_model,
    stratified,
)
from evaluation.inference.events.kaplan_meier import Curve, influence, survival_at
from evaluation.inference.events.rates import (
    PairedCountsOverTime,
    RateRatio,
    log_likelihood,
    negative_binomial_rate_ratio,
    poisson_rate_ratio,
)
from evaluation.inference.events.ratios import LogRatio, against_margin
from protocols.vocabulary import Direction
from tests.properties.strategies import ALPHAS

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
METHOD = Method("any", "any", "any")
Model = Callable[[PairedCountsOverTime], RateRatio | NotEvaluable]
MODELS = st.sampled_from([poisson_rate_ratio, negative_binomial_rate_ratio])


@st.composite
def counts(draw: st.DrawFn) -> PairedCountsOverTime:
    """Overdispersed or plain counts of both arms with subjects of several encounters."""
    n = draw(st.integers(6, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    exposure = rng.uniform(0.5, 4, n)
    rate = rng.gamma(1.0, 1.5, n) if draw(st.booleans()) else np.ones(n)
    cluster = rng.integers(0, max(3, n // 2), n)
    cluster[:2] = 0, 1
    arms = [rng.poisson(exposure * rate * factor).astype(np.float64) for factor in (1.0, 1.3)]
    return PairedCountsOverTime.of(arms[0], arms[1], cluster, exposure)


@st.composite
def times(draw: st.DrawFn) -> PairedTimes:
    """Paired times with ties (whole days) or without, and subjects of several encounters."""
    n = draw(st.integers(5, 50))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frailty = rng.gamma(2.0, 0.5, n)
    arms = [rng.exponential(8 / frailty / factor) for factor in (1.0, 1.4)]
    if draw(st.booleans()):
        arms = [np.ceil(arm) for arm in arms]
    events = [rng.random(n) < 0.7 for _ in arms]
    cluster = rng.integers(0, max(3, n // 2), n)
    cluster[:2] = 0, 1
    return PairedTimes(arms[0], events[0], arms[1], events[1], cluster)


def swapped_times(found: PairedTimes) -> PairedTimes:
    return PairedTimes(
        found.standard_of_care_time,
        found.standard_of_care_event,
        found.candidate_time,
        found.candidate_event,
        found.cluster,
    )


def reordered_times(found: PairedTimes, order: IntArray) -> PairedTimes:
    return PairedTimes(
        found.candidate_time[order],
        found.candidate_event[order],
        found.standard_of_care_time[order],
        found.standard_of_care_event[order],
        found.cluster[order],
    )


def reordered_counts(found: PairedCountsOverTime, order: IntArray) -> PairedCountsOverTime:
    return PairedCountsOverTime.of(
        found.candidate[order],
        found.standard_of_care[order],
        found.cluster[order],
        found.candidate_exposure[order],
    )


def in_one_column(found: PairedTimes) -> tuple[FloatArray, BoolArray, FloatArray]:
    """Times and events of both arms below each other, and 1 for the candidate."""
    n = len(found.cluster)
    return (
        np.concatenate((found.candidate_time, found.standard_of_care_time)),
        np.concatenate((found.candidate_event, found.standard_of_care_event)),
        np.repeat([1.0, 0.0], n),
    )


@settings(max_examples=500)
@given(counts(), st.floats(0.5, 2.0), ALPHAS)
def test_the_exact_interval_excludes_the_ratio_exactly_when_the_test_rejects(
    data: PairedCountsOverTime, margin: float, alpha: float
) -> None:
    direction = HIGHER if margin <= 1 else LOWER
    arms = data.candidate, data.standard_of_care
    found = count_ratio(*arms, margin=margin, direction=direction, level=1 - 2 * alpha)
    if isinstance(found, NotEvaluable) or abs(found.p_value - alpha) < 1e-9:
        return
    excluded = found.low > margin if direction is HIGHER else found.high < margin
    assert excluded == (found.p_value < alpha)


@settings(max_examples=500)
@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.8, 0.99))
def test_equal_exposures_give_the_exact_sign_test(one: int, other: int, level: float) -> None:
    found = exact_rate_ratio(Events(one, other), level=level)
    if one + other == 0:
        assert isinstance(found, NotEvaluable)
        return
    assert not isinstance(found, NotEvaluable)
    tested = stats.binomtest(one, one + other)
    interval = tested.proportion_ci(level)
    assert found.p_two_sided == pytest.approx(float(tested.pvalue), rel=1e-9)
    assert found.low == pytest.approx(interval.low / (1 - interval.low), rel=1e-7, abs=1e-12)
    if found.high is None:
        assert other == 0
    else:
        assert found.high == pytest.approx(interval.high / (1 - interval.high), rel=1e-6)


@settings(max_examples=500)
@given(counts(), MODELS, st.integers(0, 2**32 - 1))
def test_the_order_of_the_counts_changes_no_byte(
    data: PairedCountsOverTime, model: Model, seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(data.cluster))
    assert model(reordered_counts(data, order)) == model(data)


@settings(max_examples=500)
@given(counts(), MODELS)
def test_swapping_the_arms_inverts_the_ratio_of_rates(
    data: PairedCountsOverTime, model: Model
) -> None:
    other = PairedCountsOverTime.of(
        data.standard_of_care, data.candidate, data.cluster, data.candidate_exposure
    )
    one, mirrored = model(data), model(other)
    if isinstance(one, NotEvaluable):
        assert mirrored == one
        return
    assert not isinstance(mirrored, NotEvaluable)
    assert mirrored.robust.log_ratio == pytest.approx(-one.robust.log_ratio, abs=1e-9)
    assert mirrored.robust.standard_error == pytest.approx(one.robust.standard_error, rel=1e-6)


@settings(max_examples=500)
@given(counts())
def test_an_exposure_that_both_arms_share_cancels_from_the_poisson_ratio(
    data: PairedCountsOverTime,
) -> None:
    bare = PairedCountsOverTime.of(data.candidate, data.standard_of_care, data.cluster)
    one, other = poisson_rate_ratio(data), poisson_rate_ratio(bare)
    if isinstance(one, NotEvaluable):
        return
    assert not isinstance(other, NotEvaluable)
    assert one.robust.log_ratio == pytest.approx(other.robust.log_ratio, abs=1e-12)
    assert one.robust.standard_error == pytest.approx(other.robust.standard_error, rel=1e-9)


@settings(max_examples=60)
@given(counts())
def test_the_poisson_ratio_is_that_of_estimating_equations(data: PairedCountsOverTime) -> None:
    found = poisson_rate_ratio(data)
    if isinstance(found, NotEvaluable):
        return
    arm = np.repeat([1.0, 0.0], len(data.cluster))
    fit = GEE(
        np.concatenate((data.candidate, data.standard_of_care)),
        np.column_stack((np.ones_like(arm), arm)),
        np.tile(data.cluster, 2),
        family=Poisson(),
        cov_struct=Independence(),
        offset=np.log(np.tile(data.candidate_exposure, 2)),
    ).fit()
    k = found.robust.n_clusters
    assert found.robust.log_ratio == pytest.approx(fit.params[1], abs=1e-6)
    assert found.robust.standard_error == pytest.approx(
        fit.bse[1] * math.sqrt(k / (k - 1)), rel=1e-5
    )


@settings(max_examples=300)
@given(counts())
def test_no_other_dispersion_is_likelier(data: PairedCountsOverTime) -> None:
    found = negative_binomial_rate_ratio(data)
    if isinstance(found, NotEvaluable):
        return
    for factor in (0.5, 0.99, 1.01, 2.0):
        other = log_likelihood(data, max(found.alpha, 0.01) * factor)
        assert other <= found.log_likelihood + 1e-9


@settings(max_examples=500)
@given(times(), st.booleans())
def test_a_stratum_for_each_pair_is_the_conditional_binomial(
    found: PairedTimes, clustered: bool
) -> None:
    one, other = (stratified(t, clustered=clustered) for t in (found, swapped_times(found)))
    if isinstance(one, NotEvaluable):
        assert one == other
        return
    assert not isinstance(other, NotEvaluable)
    assert other.log_ratio == pytest.approx(-one.log_ratio, abs=1e-12)
    assert other.standard_error == pytest.approx(one.standard_error, rel=1e-12)


@settings(max_examples=40)  # another package fits each twice
@given(times(), st.sampled_from(["breslow", "efron"]))
def test_both_cox_fits_are_those_of_another_package(found: PairedTimes, ties: Ties) -> None:
    within, over = stratified(found, clustered=False), marginal_model(found, ties=ties)
    time, event, arm = in_one_column(found)
    pair = np.tile(np.arange(len(found.cluster)), 2)
    if isinstance(within, LogRatio):
        fit = PHReg(time, arm[:, None], status=event * 1, strata=pair, ties=ties).fit()
        assert within.log_ratio == pytest.approx(fit.params[0], abs=1e-5)
        assert within.standard_error == pytest.approx(fit.bse[0], rel=1e-5)
    if not isinstance(over, NotEvaluable):
        fit = PHReg(time, arm[:, None], status=event * 1, ties=ties).fit()
        assert over.log_ratio == pytest.approx(fit.params[0], abs=1e-5)
        assert over.model_error == pytest.approx(fit.bse[0], rel=1e-5)


@settings(max_examples=40)
@given(times())
def test_the_robust_error_of_the_hazard_ratio_is_that_of_another_package(
    found: PairedTimes,
) -> None:
    robust = marginal(found)
    if isinstance(robust, NotEvaluable):
        return
    time, event, arm = in_one_column(found)
    model = PHReg(time, arm[:, None], status=event * 1, ties="breslow")
    fit = model.fit(groups=np.tile(found.cluster, 2))
    if math.isnan(fit.bse[0]):  # theirs divides by zero on some data
        return
    k = robust.n_clusters
    assert robust.standard_error == pytest.approx(fit.bse[0] * math.sqrt(k / (k - 1)), rel=1e-4)


@settings(max_examples=500)
@given(times(), st.integers(0, 2**32 - 1))
def test_the_order_of_the_times_changes_no_byte(found: PairedTimes, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(found.cluster))
    other = reordered_times(found, order)
    assert marginal(other) == marginal(found)
    assert stratified(other, clustered=True) == stratified(found, clustered=True)


@settings(max_examples=500)
@given(times(), st.floats(0.5, 2.0), ALPHAS)
def test_the_hazard_ratio_s_interval_excludes_the_margin_exactly_when_the_test_rejects(
    found: PairedTimes, margin: float, alpha: float
) -> None:
    direction = HIGHER if margin <= 1 else LOWER
    for fit in (marginal(found), stratified(found, clustered=False)):
        if isinstance(fit, NotEvaluable):
            continue
        one = against_margin(fit, METHOD, margin=margin, direction=direction, level=1 - 2 * alpha)
        if isinstance(one, NotEvaluable) or abs(one.p_value - alpha) < 1e-9:
            continue
        excluded = one.low > margin if direction is HIGHER else one.high < margin
        assert excluded == (one.p_value < alpha)


@settings(max_examples=500)
@given(times(), st.floats(0.5, 20.0))
def test_survival_is_that_of_another_package(found: PairedTimes, moment: float) -> None:
    time, event = found.candidate_time, found.candidate_event
    curve = Curve.of(time, event)
    assert not isinstance(curve, NotEvaluable)
    point = survival_at(curve, moment, level=0.95)
    if isinstance(point, NotEvaluable) or point.standard_error is None:
        return
    other = SurvfuncRight(time, event * 1)
    here = int(np.searchsorted(other.surv_times, moment, side="right")) - 1
    assert point.survival == pytest.approx(float(other.surv_prob[here]), rel=1e-9)
    assert point.standard_error == pytest.approx(float(other.surv_prob_se[here]), rel=1e-9)
    assert point.low is not None
    assert point.high is not None
    assert 0 <= point.low <= point.survival <= point.high <= 1


@settings(max_examples=500)
@given(times(), st.floats(0.5, 20.0))
def test_the_influence_on_survival_is_its_derivative(found: PairedTimes, moment: float) -> None:
    time, event = found.candidate_time, found.candidate_event
    curve = Curve.of(time, event)
    assert not isinstance(curve, NotEvaluable)
    share = curve.at(moment)
    if isinstance(share, NotEvaluable) or share == 0:
        return
    whole = influence(curve, time, event, moment)
    assert whole.sum() == pytest.approx(0, abs=1e-8)
    many = 2000
    doubled = Curve.of(
        np.append(np.tile(time, many), time[0]), np.append(np.tile(event, many), event[0])
    )
    assert not isinstance(doubled, NotEvaluable)
    after = doubled.at(moment)
    assert not isinstance(after, NotEvaluable)
    n = many * len(time)
    assert (after - share) * n == pytest.approx(whole[0], rel=0.01, abs=0.001)
    point = survival_at(curve, moment, level=0.95)
    assert not isinstance(point, NotEvaluable)
    error = math.sqrt((whole**2).sum()) / len(time)
    assert error == pytest.approx(point.standard_error or 0.0, rel=1e-9)
