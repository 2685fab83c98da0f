"""Laws of stopping: futility, harm, clocks, late outcomes, orders of results."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from evaluation.design.after.delayed import decision_bounds, delayed_rejection
from evaluation.design.after.orderings import (
    Ordering,
    Plan,
    bias_adjusted_estimate,
    expected_estimate,
    ordered_p,
)
from evaluation.design.after.overrun import weighted_p
from evaluation.design.boundaries import crossing_probabilities, efficacy_boundaries
from evaluation.design.clocks import Clock, FinalLook, Look, LookRecord, look_records
from evaluation.design.clocks import Plan as ClockPlan
from evaluation.design.futility.harm import harm_bounds, three_ways
from evaluation.design.futility.spending import futility_design, lower_after, null_lower_bounds
from evaluation.design.operating import operating_characteristics
from evaluation.design.spending import cumulative_alpha, spent
from evaluation.design.walks import walk
from tests.properties.strategies import ALPHAS, looks

OBF, POCOCK = "lan_demets_obrien_fleming", "lan_demets_pocock"
FAMILY = st.sampled_from([OBF, POCOCK])
BETAS = st.sampled_from([0.05, 0.1, 0.2])
EFFECT = st.floats(-3.0, 4.0)


def bounds_of(information: tuple[float, ...], family: str, alpha: float) -> tuple[float, ...]:
    return efficacy_boundaries(cumulative_alpha(family, alpha, information), information)


def simpson_ways(
    upper: tuple[float, ...],
    lower: tuple[float, ...],
    information: tuple[float, ...],
    drift: float,
) -> tuple[list[float], list[float]]:
    """First crossings above and below by Simpson's rule on fixed grids: a route of its own."""
    ups: list[float] = []
    downs: list[float] = []
    grid, mass, before = np.zeros(1), np.ones(1), 0.0
    for up, down, here in zip(upper, lower, information, strict=True):
        gained, root = here - before, math.sqrt(here)
        centre = (grid + drift * gained) / math.sqrt(gained)
        scale = math.sqrt(here / gained)
        ups.append(float(mass @ special.ndtr(centre - up * scale)))
        downs.append(float(mass @ special.ndtr(down * scale - centre)))
        low = max(down, min(drift * root, 0) - 8.5) * root
        high = min(up, max(drift * root, 0) + 8.5) * root
        new = np.linspace(low, max(high, low + 1e-12), 1601)
        weights = np.full(1601, (new[1] - new[0]) / 3)
        weights[1:-1:2] *= 4
        weights[2:-1:2] *= 2
        step = (new[:, None] - grid - drift * gained) / math.sqrt(gained)
        kernel = np.exp(-step * step / 2) / math.sqrt(2 * math.pi * gained)
        grid, mass, before = new, weights * (kernel @ mass), here
    return ups, downs


@given(looks(most=4), FAMILY, FAMILY, BETAS, st.booleans())
@settings(max_examples=30, deadline=None)
def test_what_futility_spends_comes_back_by_another_integration(
    information: tuple[float, ...], family: str, futile: str, beta: float, binding: bool
) -> None:
    times = [here / information[-1] for here in information]
    alphas = cumulative_alpha(family, 0.025, times)
    betas = cumulative_alpha(futile, beta, times)
    design = futility_design(alphas, betas, information, binding=binding)
    _, downs = simpson_ways(design.upper, design.lower, information, design.drift)
    assert np.cumsum(downs) == pytest.approx(betas, abs=2e-8)
    kept = design.lower if binding else (-math.inf,) * len(information)
    ups, _ = simpson_ways(design.upper, (*kept[:-1], -math.inf), information, 0.0)
    assert np.cumsum(ups) == pytest.approx(alphas, abs=2e-8)


@given(looks(most=5), FAMILY, FAMILY, BETAS, st.booleans())
@settings(max_examples=500, deadline=None)
def test_power_is_exact_and_information_only_counts_by_its_ratios(
    information: tuple[float, ...], family: str, futile: str, beta: float, binding: bool
) -> None:
    times = [here / information[-1] for here in information]
    spends = cumulative_alpha(family, 0.025, times), cumulative_alpha(futile, beta, times)
    design = futility_design(*spends, information, binding=binding)
    assert design.under(design.drift).power == pytest.approx(1 - beta, abs=1e-9)
    assert design.inflation >= 1 - 1e-9
    larger = futility_design(*spends, [300 * here for here in information], binding=binding)
    assert larger.lower == pytest.approx(design.lower, abs=1e-8)
    assert larger.drift * math.sqrt(300) == pytest.approx(design.drift, rel=1e-9)


@given(looks(most=5), FAMILY, FAMILY, BETAS)
@settings(max_examples=400, deadline=None)
def test_futility_that_is_not_binding_costs_no_error_when_it_is_ignored(
    information: tuple[float, ...], family: str, futile: str, beta: float
) -> None:
    times = [here / information[-1] for here in information]
    spends = cumulative_alpha(family, 0.025, times), cumulative_alpha(futile, beta, times)
    free, bound = (futility_design(*spends, information, binding=b) for b in (False, True))
    assert free.upper == bounds_of(tuple(times), family, 0.025) or free.upper == pytest.approx(
        bounds_of(tuple(times), family, 0.025), abs=1e-9
    )
    ignored = math.fsum(crossing_probabilities(bound.upper, information).upper)
    assert ignored >= 0.025 - 1e-10
    assert bound.upper[-1] <= free.upper[-1] + 1e-10


@given(looks(most=5), st.floats(-2.0, 3.0))
@settings(max_examples=500, deadline=None)
def test_trials_end_in_success_futility_or_harm_and_the_shares_add_up(
    information: tuple[float, ...], drift: float
) -> None:
    times = [here / information[-1] for here in information]
    upper = bounds_of(information, OBF, 0.025)
    futility = (*(-0.5 for _ in information[:-1]), upper[-1])
    spend = cumulative_alpha("hwang_shih_decani", 0.1, times, parameter=-2.0)
    harm = harm_bounds(spend, information, upper=upper, futility=futility)
    assert all(h <= f for h, f in zip(harm, futility, strict=True))
    ways = three_ways((upper, futility, harm), information, drift=drift)
    assert math.fsum((*ways.efficacy, *ways.futility, *ways.harm)) == pytest.approx(1, abs=1e-9)


@given(looks(most=5), FAMILY, ALPHAS, EFFECT)
@settings(max_examples=500, deadline=None)
def test_expected_information_lies_between_the_first_look_and_the_last(
    information: tuple[float, ...], family: str, alpha: float, drift: float
) -> None:
    upper = bounds_of(information, family, alpha)
    found = operating_characteristics(upper, information, drift=drift)
    assert information[0] - 1e-12 <= found.expected_information <= information[-1] + 1e-12
    assert math.fsum(found.stopping) == pytest.approx(1, abs=1e-12)
    assert list(found.cumulative_power) == sorted(found.cumulative_power)


@st.composite
def log(draw: st.DrawFn) -> tuple[Look, ...]:
    steps = draw(st.lists(st.integers(-10, 60), min_size=1, max_size=6))
    information, found = 20.0, []
    for day, step in enumerate(steps):
        information = max(5.0, information + step)
        found.append(Look(information, moment=20.0 * (day + 1), planned_look=day % 3 + 1))
    return tuple(found)


def replayed(found: tuple[Look, ...], clock: Clock, final: bool) -> tuple[LookRecord, ...]:
    plan = ClockPlan(100.0, clock, FinalLook.FULL_ALPHA, (0.3, 0.6, 1.0))
    last = Look(found[-1].information, found[-1].moment, found[-1].planned_look, final=final)
    looks_ = (*found[:-1], last)
    return look_records(looks_, plan, lambda t: spent(OBF, 0.025, t))


@given(log(), st.sampled_from(list(Clock)), st.booleans())
@settings(max_examples=500, deadline=None)
def test_a_log_replays_the_same_whatever_came_later(
    found: tuple[Look, ...], clock: Clock, final: bool
) -> None:
    whole = replayed(found, clock, final)
    for k in range(1, len(found)):
        assert replayed(found[:k], clock, False) == whole[:k]
    spends = [record.cumulative_alpha for record in whole]
    assert spends == sorted(spends)
    assert spends[-1] <= 0.025
    times = [record.spending_time for record in whole]
    assert times == sorted(times)
    most = 0.0
    for record in whole:
        assert record.adds == (record.information - most >= 1e-4 * record.information)
        assert record.adds or math.isinf(record.bound)
        most = max(most, record.information)


@given(looks(most=4), BETAS, st.floats(0.02, 0.4))
@settings(max_examples=500, deadline=None)
def test_delayed_decisions_spend_the_alpha_of_the_design(
    information: tuple[float, ...], beta: float, late: float
) -> None:
    times = [here / information[-1] for here in information]
    spends = cumulative_alpha(OBF, 0.025, times), cumulative_alpha(OBF, beta, times)
    design = futility_design(*spends, information, binding=True)
    if math.inf in design.upper or -math.inf in design.lower:
        return
    pipeline = [late * information[-1]] * (len(information) - 1)
    found = decision_bounds(design.upper, design.lower, information, pipeline=pipeline)
    rejected = delayed_rejection(
        design.upper, design.lower, information, pipeline=pipeline, decision=found.decision
    )
    assert np.cumsum(rejected) == pytest.approx(spends[0], abs=1e-9)


@given(looks(most=4), FAMILY, st.floats(-1.0, 4.0), EFFECT, st.floats(0.05, 3.0))
@settings(max_examples=500, deadline=None)
def test_every_order_of_results_rises_with_the_effect_and_agrees_without_interim_looks(
    information: tuple[float, ...], family: str, z: float, effect: float, more: float
) -> None:
    plan = Plan(information, bounds_of(information, family, 0.025))
    for ordering in Ordering:
        p = ordered_p(z, len(information), plan, ordering=ordering, effect=effect)
        assert 0 <= p <= 1
        if ordering is Ordering.ESTIMATE:  # the others need not rise with several looks
            higher = ordered_p(z, len(information), plan, ordering=ordering, effect=effect + more)
            assert higher >= p - 1e-12
        alone = Plan(information[:1], plan.upper[:1])
        straight = float(special.ndtr(effect * math.sqrt(information[0]) - z))
        assert ordered_p(z, 1, alone, ordering=ordering, effect=effect) == pytest.approx(
            straight, abs=1e-13
        )


@given(looks(most=4), FAMILY, st.floats(0.0, 4.0))
@settings(max_examples=500, deadline=None)
def test_the_bias_adjusted_estimate_has_the_observed_one_as_its_mean(
    information: tuple[float, ...], family: str, z: float
) -> None:
    plan = Plan(information, bounds_of(information, family, 0.025))
    naive = z / math.sqrt(information[-1])
    adjusted = bias_adjusted_estimate(z, len(information), plan)
    assert expected_estimate(plan, adjusted) == pytest.approx(naive, abs=1e-10)
    assert adjusted <= naive + 1e-12  # stopping for success makes the plain estimate too large
    flat = Plan(information[:1], plan.upper[:1])
    assert expected_estimate(flat, 0.7) == pytest.approx(0.7, abs=1e-12)


@given(looks(most=3), FAMILY, st.floats(0.0, 4.0), st.floats(-2.0, 3.0), st.floats(0.01, 0.5))
@settings(max_examples=500, deadline=None)
def test_late_outcomes_that_agree_strengthen_the_result(
    information: tuple[float, ...], family: str, z: float, late: float, gained: float
) -> None:
    bounds = bounds_of(information, family, 0.025)
    p = weighted_p(z, bounds[:-1], information, late=(late, gained))
    better = weighted_p(z, bounds[:-1], information, late=(late + 0.5, gained))
    assert 0 <= better < p <= 1
    if len(information) == 1:  # nothing could stop before: the pooled z itself
        whole = information[0] + gained
        pooled = (z * math.sqrt(information[0]) + late * math.sqrt(gained)) / math.sqrt(whole)
        assert p == pytest.approx(float(special.ndtr(-pooled)), rel=1e-9)
        moved = weighted_p(z, (), information, late=(late, gained), effect=0.4)
        expected = float(special.ndtr(0.4 * math.sqrt(whole) - pooled))
        assert moved == pytest.approx(expected, rel=1e-9)


@given(looks(most=4), st.floats(0.1, 3.0), st.floats(-2.0, 2.0))
@settings(max_examples=500, deadline=None)
def test_the_mean_score_at_stopping_is_the_effect_times_the_mean_information(
    information: tuple[float, ...], bound: float, effect: float
) -> None:
    size = len(information)
    upper, lower = (bound,) * size, (-0.7 * bound,) * size
    scores = []
    for arrival in walk(upper, lower, information, drift=effect):
        whole, last = arrival.score_above(-math.inf), arrival.look == size - 1
        inside = arrival.score_above(arrival.lower) - arrival.score_above(arrival.upper)
        scores.append(whole if last else whole - inside)
    found = operating_characteristics(upper, information, drift=effect, lower=lower)
    wald = effect * found.expected_information  # Wald's identity
    assert math.fsum(scores) == pytest.approx(wald, abs=1e-10)


@given(looks(most=4), st.floats(0.1, 3.0), st.floats(-2.0, 2.0))
@settings(max_examples=500, deadline=None)
def test_bounds_that_mirror_each_other_give_mean_estimates_that_do(
    information: tuple[float, ...], bound: float, effect: float
) -> None:
    size = len(information)
    plan = Plan(information, (bound,) * size, (-bound,) * size)
    mirrored = -expected_estimate(plan, -effect)
    assert expected_estimate(plan, effect) == pytest.approx(mirrored, abs=1e-10)


@given(looks(), FAMILY, st.sampled_from([0.1, 0.025, 1e-10, 1e-100]))
@settings(max_examples=500, deadline=None)
def test_harm_far_below_is_efficacy_far_above_turned_round(
    information: tuple[float, ...], family: str, alpha: float
) -> None:
    times = [here / information[-1] for here in information]
    spends = cumulative_alpha(family, alpha, times)
    free = (math.inf,) * len(information)
    harm = null_lower_bounds(spends, information, upper=free)
    turned = [-bound for bound in efficacy_boundaries(spends, information)]
    assert harm == pytest.approx(turned, abs=1e-9)


def test_a_tiny_harm_spend_after_a_tiny_one_keeps_its_depth() -> None:
    times = (0.04, 0.045, 0.05, 0.5, 1.0)
    spends = cumulative_alpha(OBF, 1e-10, times)
    harm = null_lower_bounds(spends, times, upper=(math.inf,) * 5)
    assert harm == pytest.approx([-b for b in efficacy_boundaries(spends, times)], abs=1e-9)
    before = [(here, down, math.inf) for here, down in zip(times, harm, strict=True)]
    alone = lower_after(before[:2], times[2], spends[2] - spends[1], drift=0.0)
    assert alone == pytest.approx(harm[2], abs=1e-9)
