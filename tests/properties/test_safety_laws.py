"""Laws of safety: exact bounds by direct sums, repeated subjects, net harm, posteriors."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from evaluation.inference.arrays import IntArray
from evaluation.inference.base import Findings, Quantity
from evaluation.inference.safety.bounds import (
    clustered_bounds,
    exact_interval,
    exact_lower,
    exact_upper,
    net_discordant_harm,
    p_below,
    p_odds_below,
    p_rate_below,
    poisson_lower,
    poisson_upper,
)
from evaluation.inference.safety.findings import (
    Harms,
    discordant_harms,
    net_harm_findings,
    posterior_findings,
    rate_findings,
    severity_findings,
    share_findings,
)
from evaluation.inference.safety.posterior import beta_posterior
from evaluation.inference.safety.repeats import design_effect

LAWS = settings(max_examples=500, deadline=None)
CONFIDENCES = st.floats(0.6, 0.999)


@st.composite
def encounters(draw: st.DrawFn, *, largest: int = 30) -> tuple[IntArray, IntArray]:
    """Events (0 or 1) and subjects, who differ in how often they come and have the event."""
    k = draw(st.integers(2, largest))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = rng.integers(1, draw(st.sampled_from([2, 4, 12])), k)
    shares = rng.beta(0.4, draw(st.sampled_from([0.4, 4.0])), k)
    cluster = np.repeat(np.arange(k), sizes)
    return (rng.random(len(cluster)) < shares[cluster]).astype(np.int64), cluster


@st.composite
def harms(draw: st.DrawFn, *, clustered: bool | None = None) -> Harms:
    """Both arms' harms of up to sixty pairs."""
    events, cluster = draw(encounters(largest=12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    other = np.where(rng.random(len(events)) < 0.4, rng.integers(0, 2, len(events)), events)
    repeats = draw(st.booleans()) if clustered is None else clustered
    return Harms(events.astype(float), other.astype(float), cluster if repeats else None)


def found(answer: object) -> Findings:
    assert isinstance(answer, Findings)
    return answer


@LAWS
@given(st.integers(1, 120), st.floats(0, 1), CONFIDENCES)
def test_exact_bounds_leave_the_registered_tail(n: int, part: float, confidence: float) -> None:
    events = round(part * n)
    low, high = exact_lower(events, n, confidence), exact_upper(events, n, confidence)
    if events < n:
        tail = math.fsum(
            math.comb(n, i) * high**i * (1 - high) ** (n - i) for i in range(events + 1)
        )
        assert tail == pytest.approx(1 - confidence, rel=1e-7)
    if events > 0:
        tail = math.fsum(
            math.comb(n, i) * low**i * (1 - low) ** (n - i) for i in range(events, n + 1)
        )
        assert tail == pytest.approx(1 - confidence, rel=1e-7)
    assert exact_interval(events, n, 2 * confidence - 1) == pytest.approx((low, high))


@LAWS
@given(st.integers(0, 200), st.floats(0.1, 1e4), CONFIDENCES)
def test_poisson_bounds_are_chi_squared_quantiles(
    events: int, exposure: float, confidence: float
) -> None:
    high = stats.chi2.isf(1 - confidence, 2 * (events + 1)) / 2 / exposure
    assert poisson_upper(events, exposure, confidence) == pytest.approx(high, rel=1e-9)
    low = stats.chi2.ppf(1 - confidence, 2 * events) / 2 / exposure if events else 0.0
    assert poisson_lower(events, exposure, confidence) == pytest.approx(low, rel=1e-9)


@LAWS
@given(encounters(), CONFIDENCES, st.floats(0.01, 0.99))
def test_a_bound_lies_below_the_limit_exactly_when_the_test_rejects(
    data: tuple[IntArray, IntArray], confidence: float, limit: float
) -> None:
    bounds = clustered_bounds(*data, confidence)
    p_value = bounds.p_below(limit)
    if abs(p_value - (1 - confidence)) > 1e-9:
        assert (bounds.high < limit) == (p_value < 1 - confidence)
    assert bounds.low <= bounds.share <= bounds.high


@LAWS
@given(st.integers(1, 80), st.floats(0, 1), CONFIDENCES, st.floats(0.01, 0.99))
def test_subjects_who_never_come_back_leave_the_exact_answer(
    n: int, part: float, confidence: float, limit: float
) -> None:
    events = (np.arange(n) < round(part * n)).astype(np.int64)
    bounds, total = clustered_bounds(events, np.arange(n), confidence), int(events.sum())
    assert bounds.low == pytest.approx(exact_lower(total, n, confidence), rel=1e-12)
    assert bounds.high == pytest.approx(exact_upper(total, n, confidence), rel=1e-12)
    assert bounds.p_below(limit) == pytest.approx(p_below(total, n, limit), rel=1e-9)


@LAWS
@given(encounters(), CONFIDENCES)
def test_subjects_who_come_back_only_widen_the_bounds(
    data: tuple[IntArray, IntArray], confidence: float
) -> None:
    events, cluster = data
    bounds, total = clustered_bounds(events, cluster, confidence), int(events.sum())
    assert bounds.size <= len(events)
    assert bounds.low <= exact_lower(total, len(events), confidence) + 1e-12
    assert bounds.high >= exact_upper(total, len(events), confidence) - 1e-12


@LAWS
@given(encounters(), CONFIDENCES)
def test_counting_non_events_mirrors_the_bounds(
    data: tuple[IntArray, IntArray], confidence: float
) -> None:
    events, cluster = data
    one, other = (clustered_bounds(e, cluster, confidence) for e in (events, 1 - events))
    assert (other.low, other.high) == pytest.approx((1 - one.high, 1 - one.low), abs=1e-9)


@LAWS
@given(encounters(), CONFIDENCES, st.integers(0, 2**32 - 1))
def test_order_and_names_change_no_byte(
    data: tuple[IntArray, IntArray], confidence: float, order: int
) -> None:
    events, cluster = data
    shuffled = np.random.default_rng(order).permutation(len(events))
    one = clustered_bounds(events, cluster, confidence)
    assert clustered_bounds(events[shuffled], 500 - 3 * cluster[shuffled], confidence) == one


@LAWS
@given(st.floats(0.1, 50), st.floats(1, 20), st.integers(1, 200))
def test_a_design_effect_nears_the_observed_one_as_subjects_bear_it(
    observed: float, largest: float, n_bearing: int
) -> None:
    effect = design_effect(observed, largest, n_bearing)
    assert max(observed, 1.0) - 1e-9 <= effect <= max(observed, largest) + 1e-9
    assert design_effect(observed, largest, n_bearing + 1) <= effect + 1e-9


@LAWS
@given(harms())
def test_swapping_the_arms_swaps_their_harms(data: Harms) -> None:
    swapped = Harms(data.standard_of_care, data.candidate, data.cluster)
    assert discordant_harms(swapped) == discordant_harms(data)[::-1]
    ours, theirs = (
        found(share_findings(h, side="two_sided", level=0.9, limit=0.2)) for h in (data, swapped)
    )
    one, other = ours.named("candidate_share"), theirs.named("standard_of_care_share")
    assert _numbers(one) == _numbers(other)


def _numbers(quantity: Quantity) -> tuple[float | None, ...]:
    return quantity.estimate, quantity.low, quantity.high, quantity.p_value


@LAWS
@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.2, 5))
def test_net_harm_is_a_binomial_tail(candidate: int, standard: int, odds: float) -> None:
    n = candidate + standard
    tail = math.fsum(math.comb(n, i) for i in range(candidate, n + 1)) / 2**n
    result = net_discordant_harm(candidate, standard, level=0.9)
    assert result.p_excess == pytest.approx(tail if n else 1.0, rel=1e-9)
    mirrored = net_discordant_harm(standard, candidate, level=0.9)
    if n:
        share = odds / (1 + odds)
        below = math.fsum(
            math.comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(candidate + 1)
        )
        assert p_odds_below(candidate, standard, odds) == pytest.approx(below, rel=1e-7)
        point = math.comb(n, candidate) / 2**n
        assert result.p_excess + mirrored.p_excess == pytest.approx(1 + point, rel=1e-9)


@LAWS
@given(harms())
def test_subjects_with_one_pair_count_as_pairs(data: Harms) -> None:
    alone = Harms(data.candidate, data.standard_of_care, np.arange(data.n))
    plain = Harms(data.candidate, data.standard_of_care, None)
    one, other = (
        found(net_harm_findings(h, level=0.9, odds_margin=2.0)).quantities for h in (alone, plain)
    )
    assert one == other


@LAWS
@given(harms(), st.floats(0.5, 20), st.floats(0.01, 2))
def test_a_rate_scales_with_its_unit(data: Harms, factor: float, limit: float) -> None:
    rng = np.random.default_rng(data.n)
    exposure = rng.uniform(0.5, 3.0, data.n)
    one = found(rate_findings(data, exposure, side="two_sided", level=0.9, limit=limit))
    scaled = found(
        rate_findings(data, factor * exposure, side="two_sided", level=0.9, limit=limit / factor)
    )
    for a, b in zip(one.quantities, scaled.quantities, strict=True):
        assert a.low is not None
        assert a.high is not None
        assert a.estimate is not None
        assert (b.estimate, b.low, b.high) == pytest.approx(
            (a.estimate / factor, a.low / factor, a.high / factor), rel=1e-7
        )
        assert b.p_value == pytest.approx(a.p_value, rel=1e-6, abs=1e-12)
        assert a.low <= a.estimate <= a.high


@LAWS
@given(harms(clustered=False), st.floats(0.02, 2))
def test_a_rate_of_independent_pairs_is_garwoods(data: Harms, limit: float) -> None:
    exposure = np.full(data.n, 1.5)
    one = found(rate_findings(data, exposure, side="upper", level=0.95, limit=limit))
    events, whole = int(data.candidate.sum()), 1.5 * data.n
    rate = one.named("candidate_rate")
    assert rate.high == pytest.approx(poisson_upper(events, whole, 0.95))
    assert rate.p_value == pytest.approx(float(stats.poisson.cdf(events, limit * whole)), rel=1e-9)
    assert rate.p_value == pytest.approx(p_rate_below(events, whole, limit))


@LAWS
@given(harms(), st.floats(0.5, 5), st.floats(0.0, 1.0))
def test_weights_times_a_factor_change_the_unit_only(
    data: Harms, factor: float, margin: float
) -> None:
    weights = np.array([0.0, 3.0])
    own, standard = weights[data.candidate.astype(int)], weights[data.standard_of_care.astype(int)]
    one = severity_findings(own, standard, data.subjects, margin=margin, level=0.9)
    other = severity_findings(
        factor * own, factor * standard, data.subjects, margin=factor * margin, level=0.9
    )
    assert isinstance(one, Findings) == isinstance(other, Findings)
    if isinstance(one, Findings) and isinstance(other, Findings):
        a, b = (f.named("severity_difference") for f in (one, other))
        assert a.estimate is not None
        assert b.estimate == pytest.approx(factor * a.estimate, abs=1e-9)
        assert b.statistic == pytest.approx(a.statistic, rel=1e-6, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 40), st.integers(0, 60), st.floats(1, 5), st.floats(1, 5), st.floats(0.1, 0.9)
)
def test_a_posterior_is_prior_times_likelihood(
    events: int, others: int, a: float, b: float, limit: float
) -> None:
    result = beta_posterior(events, events + others, prior=(a, b), limit=limit, level=0.9)
    peak = (a + events) / (a + b + events + others)

    def density(share: float) -> float:
        """Times a constant that keeps it from vanishing."""
        return float(
            np.exp(
                (a + events - 1) * np.log(share / peak)
                + (b + others - 1) * np.log((1 - share) / (1 - peak))
            )
        )

    points = sorted({limit, peak})
    whole = integrate.quad(density, 1e-12, 1 - 1e-12, points=points, limit=200)[0]
    below = integrate.quad(
        density, 1e-12, limit, points=[x for x in (peak,) if x < limit], limit=200
    )[0]
    assert result.below == pytest.approx(below / whole, abs=1e-6)
    assert result.below + result.above == pytest.approx(1)
    assert result.low < result.mean < result.high


@LAWS
@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.floats(0.1, 5))
def test_a_posterior_is_the_next_prior(won: int, lost: int, more: int, a: float) -> None:
    at_once = beta_posterior(won + more, won + more + lost, prior=(a, 1), limit=0.3, level=0.9)
    later = beta_posterior(more, more + lost, prior=(a + won, 1), limit=0.3, level=0.9)
    assert later.below == pytest.approx(at_once.below, abs=1e-12)
    assert later.mean == pytest.approx(at_once.mean)


@LAWS
@given(harms(), st.floats(0.05, 0.5))
def test_every_finding_is_finite(data: Harms, limit: float) -> None:
    answers = [
        share_findings(data, side="lower", level=0.9, limit=limit),
        posterior_findings(data, of="discordant_harm", prior=(1, 1), limit=limit, level=0.9),
        posterior_findings(data, of="candidate_harm", prior=(1, 9), limit=limit, level=0.9),
        net_harm_findings(data, level=0.9, odds_margin=1.5),
    ]
    for answer in answers:
        for quantity in found(answer).quantities:
            assert all(x is None or math.isfinite(x) for x in _numbers(quantity))
