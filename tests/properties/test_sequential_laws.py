"""Laws of monitoring: futility, conditional power, changed sizes, late data, reports of a look."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from evaluation.design.adaptive.combination import combined_inference, inverse_normal
from evaluation.design.adaptive.promising import TwoStages, Zone, resized
from evaluation.design.adaptive.rejection import Original, Secondary, adjusted_p, redesigned
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
from evaluation.design.conditional.power import (
    Later,
    b_value,
    conditional_power,
    conditional_rejection_probability,
    later_looks,
)
from evaluation.design.conditional.predictive import (
    Belief,
    assurance,
    flat_predictive_power,
    predictive_power,
    updated,
)
from evaluation.design.futility.harm import harm_bounds, three_ways
from evaluation.design.futility.scales import (
    Ahead,
    any_later_z,
    conditional_power_of_z,
    predictive_power_of_z,
    z_of_conditional_power,
    z_of_predictive_power,
)
from evaluation.design.futility.spending import futility_design
from evaluation.design.operating import operating_characteristics
from evaluation.design.repeated import repeated_p, sequential_p
from evaluation.design.report import LookReport, Observed, look_report
from evaluation.design.spending import cumulative_alpha, spent
from evaluation.design.stagewise import stagewise_inference, stagewise_p
from tests.properties.strategies import ALPHAS, looks

OBF, POCOCK = "lan_demets_obrien_fleming", "lan_demets_pocock"
FAMILY = st.sampled_from([OBF, POCOCK])
BETAS = st.sampled_from([0.05, 0.1, 0.2])
Z = st.floats(-3.0, 5.0)
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
@settings(max_examples=80, deadline=None)
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


@given(Z, st.floats(0.05, 0.95), st.floats(1.0, 3.0), EFFECT)
@settings(max_examples=500, deadline=None)
def test_with_one_look_left_conditional_and_predictive_power_have_their_closed_forms(
    z: float, here: float, bound: float, effect: float
) -> None:
    later = Later((1.0,), (bound,))
    found = conditional_power(z, here, later, effect=effect)
    b = b_value(z, here)
    closed = float(special.ndtr((b + effect * (1 - here) - bound) / math.sqrt(1 - here)))
    assert found.total == pytest.approx(closed, abs=1e-13)
    assert found.final == pytest.approx(closed, abs=1e-13)
    flat = predictive_power(z, here, later)
    assert flat.total == pytest.approx(flat_predictive_power(z, here, 1.0, bound), abs=1e-13)


@given(looks(most=4), FAMILY, Z, st.floats(-2.0, 2.0), st.floats(0.05, 2.0), st.booleans())
@settings(max_examples=200, deadline=None)
def test_predictive_power_is_conditional_power_averaged_over_the_belief(
    information: tuple[float, ...], family: str, z: float, mean: float, sd: float, flat: bool
) -> None:
    here = information[0] / 2
    upper = bounds_of(information, family, 0.025)
    lower = tuple(min(-0.2, bound) for bound in upper)
    later = Later(information, upper, lower)
    prior = None if flat else Belief(mean, sd * sd)
    belief = updated(prior, z, here)
    width = math.sqrt(belief.variance)

    def weighed(step: float) -> float:
        effect = belief.mean + width * step
        power = conditional_power(z, here, later, effect=effect).total
        return power * math.exp(-step * step / 2) / math.sqrt(2 * math.pi)

    averaged = integrate.quad(weighed, -9, 9, epsabs=1e-9, limit=200, points=[0.0])[0]
    found = predictive_power(z, here, later, prior=prior)
    assert found.total == pytest.approx(averaged, abs=2e-8)


@given(looks(most=4), FAMILY, st.floats(-1.0, 3.0), st.floats(0.1, 1.0))
@settings(max_examples=250, deadline=None)
def test_assurance_is_power_averaged_over_the_belief(
    information: tuple[float, ...], family: str, mean: float, sd: float
) -> None:
    upper = bounds_of(information, family, 0.025)

    def weighed(step: float) -> float:
        ways = crossing_probabilities(upper, information, drift=mean + sd * step)
        return math.fsum(ways.upper) * math.exp(-step * step / 2) / math.sqrt(2 * math.pi)

    averaged = integrate.quad(weighed, -9, 9, epsabs=1e-10)[0]
    found = assurance(upper, information, Belief(mean, sd * sd))
    assert math.fsum(found.upper) == pytest.approx(averaged, abs=1e-9)


@given(looks(most=5), FAMILY, EFFECT)
@settings(max_examples=200, deadline=None)
def test_power_is_conditional_power_averaged_over_the_first_look(
    information: tuple[float, ...], family: str, effect: float
) -> None:
    upper = bounds_of(information, family, 0.025)
    whole = math.fsum(crossing_probabilities(upper, information, drift=effect).upper)
    first = information[0]
    centre = effect * math.sqrt(first)
    stopped = float(special.ndtr(centre - upper[0]))
    if len(information) == 1:
        assert stopped == pytest.approx(whole, abs=1e-12)
        return
    later = later_looks(upper, information, after=1)

    def weighed(z: float) -> float:
        density = math.exp(-((z - centre) ** 2) / 2) / math.sqrt(2 * math.pi)
        return conditional_power(z, first, later, effect=effect).total * density

    high = min(upper[0], centre + 9)
    rest = integrate.quad(weighed, centre - 9, high, epsabs=1e-10)[0] if high > centre - 9 else 0.0
    assert stopped + rest == pytest.approx(whole, abs=1e-8)


@given(st.floats(0.05, 0.95), st.floats(0.01, 0.99), st.floats(1.0, 3.0), EFFECT)
@settings(max_examples=500, deadline=None)
def test_futility_written_on_another_scale_comes_back(
    here: float, power: float, bound: float, effect: float
) -> None:
    ahead = Ahead(here, 1.0, bound)
    for assumed in (effect, None):
        z = z_of_conditional_power(power, ahead, effect=assumed)
        assert conditional_power_of_z(z, ahead, effect=assumed) == pytest.approx(power, abs=1e-10)
        again = any_later_z(power, here, Later((1.0,), (bound,)), effect=assumed)
        assert again == pytest.approx(z, abs=1e-6)
    z = z_of_predictive_power(power, ahead)
    assert predictive_power_of_z(z, ahead) == pytest.approx(power, abs=1e-10)


@st.composite
def observed(draw: st.DrawFn) -> Observed:
    times = draw(looks(most=4))
    estimates = tuple(draw(st.floats(-0.2, 0.2)) for _ in times)
    return Observed(estimates, tuple(400 * t for t in times), times)


def reported(data: Observed, family: str, null: float, unit: float = 1.0) -> LookReport:
    ahead = [(data.information[-1] + 100 / unit**2, 1.0)] if data.times[-1] < 1 else []
    return look_report(
        data,
        lambda alpha, t: spent(family, alpha, t),
        alpha=0.025,
        null=null,
        planned=ahead,
        design_effect=null + 0.1 * unit,
    )


def intervals(report: LookReport, shift: float = 0.0, unit: float = 1.0) -> list[float]:
    return [
        (value - shift) / unit
        for part in (report.naive, report.repeated, report.stagewise)
        for value in (part.estimate, part.low, part.high)
        if value is not None
    ]


def chances(report: LookReport) -> list[float]:
    found = [report.z, report.spent, report.sequential_p]
    found += [part.p_value for part in (report.naive, report.repeated, report.stagewise)]
    if report.ahead is not None and report.predictive is not None:
        found += [report.ahead.design.total, report.ahead.estimate.total, report.ahead.null.total]
        found += [report.predictive.total]
    return found


@given(observed(), FAMILY, st.floats(0.0, 0.2))
@settings(max_examples=300, deadline=None)
def test_moving_data_and_null_together_moves_every_result_with_them(
    data: Observed, family: str, margin: float
) -> None:
    moved = Observed(tuple(e + margin for e in data.estimates), data.information, data.times)
    by_margin, by_shift = reported(data, family, -margin), reported(moved, family, 0.0)
    assert chances(by_margin) == pytest.approx(chances(by_shift), rel=1e-7, abs=1e-9)
    assert intervals(by_margin) == pytest.approx(intervals(by_shift, shift=margin), abs=1e-9)
    assert by_margin.crossed == by_shift.crossed


@given(observed(), FAMILY, st.floats(0.01, 100))
@settings(max_examples=300, deadline=None)
def test_another_unit_of_the_effect_changes_nothing_but_the_unit(
    data: Observed, family: str, unit: float
) -> None:
    other = Observed(
        tuple(unit * e for e in data.estimates),
        tuple(here / unit**2 for here in data.information),
        data.times,
    )
    plain, scaled = reported(data, family, -0.05), reported(other, family, -0.05 * unit, unit)
    assert chances(scaled) == pytest.approx(chances(plain), rel=1e-7, abs=1e-9)
    assert intervals(scaled, unit=unit) == pytest.approx(intervals(plain), abs=1e-9)


@given(observed(), FAMILY)
@settings(max_examples=500, deadline=None)
def test_the_sequential_p_is_the_smallest_repeated_p(data: Observed, family: str) -> None:
    z = [e * math.sqrt(i) for e, i in zip(data.estimates, data.information, strict=True)]

    def spend(alpha: float, k: int) -> tuple[float, ...]:
        return cumulative_alpha(family, alpha, data.times[:k])

    each = [
        repeated_p(z[k], data.information[: k + 1], lambda alpha, k=k: spend(alpha, k + 1))  # type: ignore[misc]
        for k in range(len(z))
    ]
    assert sequential_p(z, data.information, spend) == pytest.approx(min(each), rel=1e-8)


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
    most = 0.0
    for record in whole:
        assert record.adds == (record.information - most >= 1e-4 * record.information)
        assert record.adds or math.isinf(record.bound)
        most = max(most, record.information)


@given(looks(most=4), FAMILY, Z)
@settings(max_examples=400, deadline=None)
def test_sizes_as_planned_make_the_combination_the_plain_group_sequential_test(
    information: tuple[float, ...], family: str, z: float
) -> None:
    bounds = bounds_of(information, family, 0.025)
    before = (0.0, *information[:-1])
    gained = [b - a for a, b in zip(before, information, strict=True)]
    scores = [*(0.1 * math.sqrt(i) for i in information[:-1]), z * math.sqrt(information[-1])]
    steps = [b - a for a, b in zip((0.0, *scores[:-1]), scores, strict=True)]
    stage_z = [s / math.sqrt(g) for s, g in zip(steps, gained, strict=True)]
    assert inverse_normal(stage_z, information)[-1] == pytest.approx(z, abs=1e-12)
    one = combined_inference(
        stage_z, bounds[:-1], information, stage_information=gained, level=0.95
    )
    two = stagewise_inference(z, bounds[:-1], information, level=0.95)
    assert one.p_value == pytest.approx(two.p_value, rel=1e-9)
    assert (one.low, one.estimate, one.high) == pytest.approx(
        (two.low, two.estimate, two.high), abs=1e-8
    )


@given(st.floats(0.2, 0.8), st.floats(-1.0, 2.9), st.floats(-2.0, 4.0))
@settings(max_examples=500, deadline=None)
def test_a_size_within_the_rule_stays_between_the_plan_and_the_cap(
    share: float, z: float, effect: float
) -> None:
    bounds = bounds_of((share, 1.0), OBF, 0.025)
    design = TwoStages((100 * share, 100.0), (bounds[0], bounds[1]), -0.5)
    found = resized(z, design, Zone(0.3, 0.8, 0.9, 2.0), effect=effect / 10)
    low = 100 * share if found.zone == "stopped" else 100.0
    assert low <= found.total <= 200.0
    assert (found.zone == "promising") or found.total == low
    if found.zone == "promising":
        assert 0.3 <= found.planned_power <= 0.8
        assert found.power >= found.planned_power - 1e-12


@given(st.floats(0.2, 0.8), FAMILY, st.sampled_from([0.5, 1.0, 3.0]))
@settings(max_examples=40, deadline=None)
def test_a_redesign_after_any_first_look_keeps_the_type_one_error(
    share: float, family: str, size: float
) -> None:
    bounds = bounds_of((share, 1.0), family, 0.025)

    def rejected(z: float) -> float:
        later = later_looks(bounds, (share, 1.0), after=1)
        left = conditional_rejection_probability(z, share, later)
        if not 1e-200 < left < 0.5:
            return left
        original = Original((share, 1.0), bounds, 1, z)
        new = redesigned(
            original, (0.4, 1.0), lambda a, t: spent(POCOCK, a, t), information=size + z * z / 9
        )
        return math.fsum(crossing_probabilities(new.upper, new.information).upper)

    nodes, weights = np.polynomial.legendre.leggauss(60)
    low, high = -7.0, bounds[0]
    points = low + (high - low) * (nodes + 1) / 2
    density = np.exp(-points * points / 2) / math.sqrt(2 * math.pi)
    rest = sum(w * d * rejected(float(z)) for w, d, z in zip(weights, density, points, strict=True))
    total = special.ndtr(-bounds[0]) + rest * (high - low) / 2
    assert total == pytest.approx(0.025, abs=1e-9)


@given(looks(most=4), FAMILY, st.floats(-1.0, 2.0), st.floats(0.0, 4.0), EFFECT)
@settings(max_examples=500, deadline=None)
def test_a_redesign_that_changes_nothing_keeps_the_stage_wise_p(
    information: tuple[float, ...], family: str, first: float, z: float, effect: float
) -> None:
    if len(information) < 2:
        return
    bounds = bounds_of(information, family, 0.025)
    here, score = information[0], first * math.sqrt(information[0])
    gained = tuple(i - here for i in information[1:])
    own = tuple(
        (b * math.sqrt(i) - score) / math.sqrt(g)
        for b, i, g in zip(bounds[1:], information[1:], gained, strict=True)
    )
    last = (max(z, 0) * math.sqrt(information[-1]) - score) / math.sqrt(gained[-1])
    original = Original(information, bounds, 1, first)
    same = Secondary(0.1, gained, own, bounds[1:])
    mapped = adjusted_p(last, len(gained), original, same, effect=effect)
    straight = stagewise_p(max(z, 0), bounds[:-1], information, effect=effect)
    assert mapped == pytest.approx(straight, abs=1e-8)


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
        if ordering is not Ordering.LIKELIHOOD_RATIO:
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
