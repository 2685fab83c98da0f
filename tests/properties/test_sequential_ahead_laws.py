"""Laws of what lies ahead: conditional power, changed sizes, the report of a look."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from evaluation.design.adaptive.combination import combined_inference, inverse_normal
from evaluation.design.adaptive.promising import TwoStages, Zone, resized
from evaluation.design.adaptive.rejection import Original, Secondary, adjusted_p, redesigned
from evaluation.design.boundaries import crossing_probabilities, efficacy_boundaries
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
from evaluation.design.futility.scales import (
    Ahead,
    any_later_z,
    conditional_power_of_z,
    predictive_power_of_z,
    z_of_conditional_power,
    z_of_predictive_power,
)
from evaluation.design.repeated import repeated_p, sequential_p
from evaluation.design.report import LookReport, Observed, look_report
from evaluation.design.spending import cumulative_alpha, spent
from evaluation.design.stagewise import stagewise_inference, stagewise_p
from tests.properties.strategies import looks

OBF, POCOCK = "lan_demets_obrien_fleming", "lan_demets_pocock"
FAMILY = st.sampled_from([OBF, POCOCK])
Z = st.floats(-3.0, 5.0)
EFFECT = st.floats(-3.0, 4.0)


def bounds_of(information: tuple[float, ...], family: str, alpha: float) -> tuple[float, ...]:
    return efficacy_boundaries(cumulative_alpha(family, alpha, information), information)


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
@settings(max_examples=150, deadline=None)
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
@settings(max_examples=500, deadline=None)
def test_moving_data_and_null_together_moves_every_result_with_them(
    data: Observed, family: str, margin: float
) -> None:
    moved = Observed(tuple(e + margin for e in data.estimates), data.information, data.times)
    by_margin, by_shift = reported(data, family, -margin), reported(moved, family, 0.0)
    assert chances(by_margin) == pytest.approx(chances(by_shift), rel=1e-7, abs=1e-9)
    assert intervals(by_margin) == pytest.approx(intervals(by_shift, shift=margin), abs=1e-9)
    assert by_margin.crossed == by_shift.crossed


@given(observed(), FAMILY, st.floats(0.01, 100))
@settings(max_examples=500, deadline=None)
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
