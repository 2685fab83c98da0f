"""Clocks, changed sizes, late outcomes and reports: worked examples and what is refused."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import norm

from evaluation.design.adaptive.combination import combined_inference, inverse_normal
from evaluation.design.adaptive.promising import TwoStages, Zone, resized, stage_power
from evaluation.design.adaptive.rejection import (
    Original,
    adjusted_inference,
    redesigned,
    sized_secondary,
)
from evaluation.design.after.delayed import decision_bounds
from evaluation.design.after.orderings import Ordering, ordered_inference
from evaluation.design.after.orderings import Plan as FullPlan
from evaluation.design.after.overrun import deletion_inference, weighted_inference, weighted_p
from evaluation.design.boundaries import Crossings, efficacy_boundaries
from evaluation.design.clocks import Clock, Look, LookRecord, Plan, look_records
from evaluation.design.conditional.power import (
    Later,
    b_value,
    conditional_power,
    conditional_views,
    later_looks,
)
from evaluation.design.conditional.predictive import Belief, assurance_after, predictive_power
from evaluation.design.futility.scales import Ahead, effect_of_z, z_of_effect
from evaluation.design.futility.spending import futility_design, null_lower_bounds
from evaluation.design.operating import drift_for_power, fixed_drift
from evaluation.design.report import Observed, look_report
from evaluation.design.spending import (
    beta_distributed,
    cumulative_alpha,
    held_at,
    spent,
    table_family,
    two_point,
)
from evaluation.design.stagewise import stagewise_inference
from protocols.errors import UsageError

OBF, POCOCK = "lan_demets_obrien_fleming", "lan_demets_pocock"
TIMES = (0.4, 0.7, 1.0)
UPPER = efficacy_boundaries(cumulative_alpha(OBF, 0.025, TIMES), TIMES)


def spend(t: float) -> float:
    return spent(OBF, 0.025, t)


def records(plan: Plan, *looks: Look) -> tuple[LookRecord, ...]:
    return look_records(looks, plan, spend)


def test_information_that_falls_spends_nothing_until_it_is_exceeded() -> None:
    found = records(Plan(100.0), Look(40.0), Look(35.0), Look(40.001), Look(60.0))
    assert [record.adds for record in found] == [True, False, False, True]
    assert [record.reason for record in found] == ["", "less_information", "no_new_information", ""]
    straight = records(Plan(100.0), Look(40.0), Look(60.0))
    assert (found[0], found[3]) == straight


def test_the_two_clocks_stay_apart() -> None:
    calendar = Plan(24.0, Clock.CALENDAR)
    looks = [Look(i, moment=m) for i, m in ((40.0, 6.0), (95.0, 12.0), (170.0, 18.0))]
    found = records(calendar, *looks, Look(240.0, moment=24.0, final=True))
    assert [record.spending_time for record in found] == [0.25, 0.5, 0.75, 1.0]
    same = efficacy_boundaries([spend(t) for t in (0.25, 0.5, 0.75, 1)], [40, 95, 170, 240])
    assert tuple(record.bound for record in found) == same


def test_min_of_planned_and_observed_never_spends_ahead_of_either() -> None:
    plan = Plan(100.0, Clock.MIN_PLANNED_OBSERVED, planned=(0.5, 0.75, 1.0))
    found = records(plan, Look(58.0, planned_look=1), Look(70.0, planned_look=2))
    assert [record.spending_time for record in found] == [0.5, 0.7]


def test_a_clock_that_goes_back_spends_nothing() -> None:
    found = records(Plan(50.0, Clock.EVENT), Look(10.0, moment=20.0), Look(12.0, moment=18.0))
    assert found[1].adds
    assert math.isinf(found[1].bound)
    assert found[1].reason == "no_alpha_spent"


REFUSALS: list[tuple[str, Callable[[], object]]] = [
    ("UNPLANNED_LOOK", lambda: records(Plan(100.0, unplanned_allowed=False), Look(40.0))),
    ("LOOK_AFTER_FINAL", lambda: records(Plan(100.0), Look(90.0, final=True), Look(95.0))),
    ("CLOCK_READING", lambda: records(Plan(24.0, Clock.CALENDAR), Look(40.0))),
    ("PLANNED_LOOK", lambda: records(Plan(9.0, planned=(0.5, 1.0)), Look(4.0, planned_look=3))),
    ("PLAN_MAXIMUM", lambda: records(Plan(0.0), Look(40.0))),
    ("INFORMATION_RANGE", lambda: records(Plan(100.0), Look(-1.0))),
    ("NO_LOOK_LEFT", lambda: later_looks(UPPER, TIMES, after=3)),
    ("LENGTHS_DIFFER", lambda: later_looks(UPPER, (0.5, 1.0), after=1)),
    ("INFORMATION_ORDER", lambda: conditional_power(1.0, 0.8, Later((0.7,), (2.0,)), effect=0)),
    ("INFORMATION_ORDER", lambda: predictive_power(1.0, 0.8, Later((0.7,), (2.0,)))),
    (
        "BELIEF_RANGE",
        lambda: predictive_power(1.0, 0.5, Later((1.0,), (2.0,)), prior=Belief(0.0, 0.0)),
    ),
    (
        "BELIEF_RANGE",
        lambda: predictive_power(1.0, 1e-6, Later((1.0, 1.001), (2.0, 2.0))),
    ),
    ("NO_LOOK_LEFT", lambda: assurance_after(Crossings((1.0,), (0.0,)), 1)),
    ("FRACTION_RANGE", lambda: b_value(1.0, 1.5)),
    ("INFORMATION_ORDER", lambda: Ahead(1.0, 1.0, 2.0)),
    ("BETA_RANGE", lambda: futility_design((0.01, 0.025), (0.1, 0.99), (0.5, 1.0))),
    ("BETA_ORDER", lambda: futility_design((0.01, 0.025), (0.2, 0.1), (0.5, 1.0))),
    ("ALPHA_ORDER", lambda: futility_design((0.025, 0.025), (0.05, 0.1), (0.5, 1.0))),
    ("HARM_SPEND", lambda: null_lower_bounds((0.2, 0.1), (0.5, 1.0), upper=(3.0, 2.0))),
    ("HARM_SPEND", lambda: null_lower_bounds((0.5, 0.9999), (0.5, 1.0), upper=(1.0, 0.1))),
    ("POWER_RANGE", lambda: fixed_drift(0.025, 0.02, 1.0)),
    ("POWER_RANGE", lambda: drift_for_power(UPPER, TIMES, power=0.01)),
    ("ZONE_CAP", lambda: Zone(0.3, 0.8, 0.9, math.inf)),
    ("ZONE_RANGE", lambda: Zone(0.8, 0.3, 0.9, 2.0)),
    ("BOUND_RANGE", lambda: TwoStages((1.0, 2.0), (3.0, math.inf))),
    (
        "INFORMATION_ORDER",
        lambda: stage_power(1.0, TwoStages((1.0, 2.0), (3.0, 2.0)), 0.0, effect=1.0),
    ),
    ("LENGTHS_DIFFER", lambda: inverse_normal([1.0, 2.0], [1.0])),
    (
        "ALPHA_RANGE",
        lambda: redesigned(
            Original(TIMES, UPPER, 1, 9.0), [1.0], lambda a, t: a * t, information=1.0
        ),
    ),
    (
        "EFFECT_RANGE",
        lambda: sized_secondary(
            Original(TIMES, UPPER, 1, 1.0), [1.0], lambda a, t: a * t, effect=0, power=0.9, cap=2
        ),
    ),
    ("OVERRUN_WEIGHT", lambda: weighted_p(2.0, UPPER[:1], TIMES[:2], late=(1.0, 0.0))),
    (
        "OVERRUN_WEIGHT",
        lambda: weighted_p(2.0, UPPER[:1], TIMES[:2], late=(1.0, 0.1), weight=1.0),
    ),
    ("LEVEL_RANGE", lambda: stagewise_inference(2.0, (), (1.0,), level=1.0)),
    ("LENGTHS_DIFFER", lambda: FullPlan((1.0, 2.0), (2.0,))),
    ("LENGTHS_DIFFER", lambda: decision_bounds(UPPER, UPPER, TIMES, pipeline=[0.1])),
    (
        "INFORMATION_RANGE",
        lambda: decision_bounds(UPPER, (0.0, 1.0, UPPER[2]), TIMES, pipeline=[0.1, 0.0]),
    ),
    (
        "BOUND_RANGE",
        lambda: decision_bounds(UPPER, (-math.inf, 1.0, UPPER[2]), TIMES, pipeline=[0.1, 0.1]),
    ),
    ("LENGTHS_DIFFER", lambda: Observed((0.1,), (1.0, 2.0), (0.5,))),
    ("LENGTHS_DIFFER", lambda: held_at((0.01, 0.025), (True, False))),
    ("SPENDING_TABLE", lambda: table_family((0.02, 0.01))),
    ("SPENDING_TABLE", lambda: two_point(((0.5, 0.2), (0.4, 0.3)), "normal", 0.025, 0.5)),
    ("SPENDING_UNKNOWN", lambda: two_point(((0.4, 0.2), (0.5, 0.3)), "gumbel", 0.025, 0.5)),
    ("SPENDING_PARAMETER", lambda: beta_distributed(0.025, 0.5, 0.0, 1.0)),
    ("LENGTHS_DIFFER", lambda: efficacy_boundaries((0.01, 0.025), (0.5, 1.0), lower=(0.0,))),
    (
        "ALPHA_UNSPENDABLE",
        lambda: efficacy_boundaries((0.01, 0.025), (0.5, 1.0), lower=(2.32, 0.0)),
    ),
]


@pytest.mark.parametrize(("code", "call"), REFUSALS)
def test_what_makes_no_sense_is_refused_with_its_code(
    code: str, call: Callable[[], object]
) -> None:
    with pytest.raises(UsageError) as caught:
        call()
    assert caught.value.code == code


@pytest.mark.parametrize("distribution", ["logistic", "normal", "cauchy"])
def test_a_two_point_family_passes_through_its_points(distribution: str) -> None:
    points = ((0.25, 0.01), (0.5, 0.1))
    shares = [two_point(points, distribution, 0.025, t) / 0.025 for t in (0.0, 0.25, 0.5, 1.0)]
    assert shares == pytest.approx([0, 0.01, 0.1, 1], abs=1e-12)


def test_a_beta_spend_of_one_and_one_is_even() -> None:
    assert beta_distributed(0.025, 0.3, 1.0, 1.0) == pytest.approx(0.0075)


def test_a_table_becomes_a_family_by_scaling_it() -> None:
    family = table_family((0.001, 0.006, 0.025))
    assert family(0.025) == pytest.approx((0.001, 0.006, 0.025))
    assert family(0.05) == pytest.approx((0.002, 0.012, 0.05))


def test_conditional_power_is_shown_under_three_effects_and_the_limits() -> None:
    later = later_looks(UPPER, TIMES, after=1)
    views = conditional_views(1.2, 0.4, later, design_effect=3.2, limits=(-1.2, 5.0))
    assert views.low is not None
    assert views.high is not None
    powers = [v.total for v in (views.low, views.null, views.estimate, views.design, views.high)]
    assert powers == sorted(powers)
    assert views.estimate.total > views.estimate.by_look[0]


def test_effect_and_z_of_a_futility_bound_are_two_ways_to_write_it() -> None:
    assert effect_of_z(z_of_effect(0.03, 400.0), 400.0) == pytest.approx(0.03)
    assert z_of_effect(0.03, 400.0) == pytest.approx(0.6)


def test_the_cap_holds_when_the_estimate_is_on_the_wrong_side() -> None:
    design = TwoStages((100.0, 200.0), (2.96, 1.97))
    found = resized(-0.3, design, Zone(0.0, 0.9, 0.9, 1.5))
    assert found.total == 300.0


def test_a_size_that_reaches_for_power_stops_at_the_cap() -> None:
    original = Original(tuple(110 * t for t in TIMES), UPPER, 1, 1.35)
    arguments = ([0.5, 1.0], lambda a, t: spent(POCOCK, a, t))
    free = sized_secondary(original, *arguments, effect=0.3, power=0.9, cap=1e6)
    capped = sized_secondary(original, *arguments, effect=0.3, power=0.9, cap=50.0)
    assert capped.information[-1] == 50.0 < free.information[-1]


def test_adjusted_p_agrees_with_the_decision_of_the_redesigned_trial() -> None:
    original = Original(tuple(110 * t for t in TIMES), UPPER, 1, 1.35)
    new = redesigned(original, [0.5, 1.0], lambda a, t: spent(POCOCK, a, t), information=90.0)
    for shift, rejects in ((0.01, True), (-0.01, False)):
        found = adjusted_inference(new.upper[1] + shift, 2, original, new, level=0.95)
        assert (found.p_value < 0.025) == rejects
        assert (found.low > 0) == rejects
        assert found.low < found.estimate < found.high


def test_late_outcomes_enter_by_weight_or_by_deleting_the_look() -> None:
    information = (40.0, 70.0)
    stopped = stagewise_inference(2.6, UPPER[:1], information, level=0.95)
    late = weighted_inference(2.6, UPPER[:1], information, late=(0.2, 10.0), level=0.95)
    assert late.low < late.estimate < late.high
    assert late.high - late.low < stopped.high - stopped.low
    kept = deletion_inference(2.5, UPPER[:1], (40.0, 80.0), level=0.95)
    assert kept.low < kept.estimate < kept.high


@pytest.mark.parametrize("lower", [(), (0.2,)])
def test_late_outcomes_far_above_a_small_stop_keep_their_weight(lower: tuple[float, ...]) -> None:
    """Under the effect they suggest, the trial would have stopped before: p is next to 1."""
    information, late = (1.0, 2.0), (30.0, 5.0)
    found = weighted_inference(1.0, (2.3,), information, late=late, level=0.95, lower=lower)
    for effect, goal in ((found.low, 0.025), (found.estimate, 0.5), (found.high, 0.975)):
        scores = np.linspace(max(lower, default=-99.0), 2.3, 20_001)
        density = np.exp(norm.logpdf(scores - effect))
        below = np.trapezoid(density * norm.cdf(math.sqrt(2.0) - scores - effect), scores)
        below += norm.cdf(lower[0] - effect) if lower else 0.0
        first = float(norm.ppf(below))
        late_z = late[0] - effect * math.sqrt(late[1])
        z = math.sqrt(2 / 7) * first + math.sqrt(5 / 7) * late_z
        assert norm.sf(z) == pytest.approx(goal, abs=1e-5)


def test_orders_of_results_differ_but_agree_on_the_sign_of_the_evidence() -> None:
    plan = FullPlan((40.0, 70.0, 100.0), UPPER)
    found = [ordered_inference(2.6, 2, plan, ordering=o, level=0.95) for o in Ordering]
    assert all(one.low < one.estimate < one.high for one in found)
    assert all(one.p_value < 0.025 for one in found)


def test_a_combination_with_changed_sizes_is_centred_near_its_naive_estimate() -> None:
    found = combined_inference(
        [1.0, 2.5], [2.96], [0.5, 1.0], stage_information=[100.0, 250.0], level=0.95
    )
    assert found.low < found.estimate < found.high
    assert found.statistic == pytest.approx(3.5 / math.sqrt(2))


def test_a_whole_report_of_a_look_says_what_lies_ahead() -> None:
    times = (0.2, 0.4, 0.6, 0.8)
    seen = Observed((0.01, -0.02, 0.0, 0.01), tuple(4000 * t for t in times), times)

    report = look_report(
        seen,
        lambda alpha, t: spent(OBF, alpha, t),
        alpha=0.025,
        null=-0.05,
        planned=[(4000.0, 1.0)],
        design_effect=0.0,
    )
    assert report.ahead is not None
    assert report.predictive is not None


def test_a_look_that_spends_nothing_reports_no_repeated_limits() -> None:
    seen = Observed((0.1, 0.1), (10.0, 20.0), (0.5, 0.5))
    found = look_report(seen, lambda alpha, t: spent(OBF, alpha, t), alpha=0.025, null=0.0)
    assert (found.repeated.low, found.repeated.high) == (None, None)
    assert not found.crossed
    assert found.ahead is None
