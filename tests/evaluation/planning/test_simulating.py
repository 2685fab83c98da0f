"""Registered scenarios: independent of batches, agreeing with quadrature, conduct as written."""

import math
from statistics import NormalDist

import pytest

from evaluation.planning.bounds import passage
from evaluation.planning.conducts import clock_notes, rule_of, scenario_of
from evaluation.planning.designs import designs_of
from evaluation.planning.document import design_of, needing_sizes
from evaluation.planning.simulating import (
    BLOCK,
    Run,
    Tally,
    found_in,
    most_needed,
    nothing,
    reached,
    runs_of,
    tallies,
)
from evaluation.results.design import SimulatedScenario, Simulations
from evaluation.spending import spending_by
from protocols.schema import Protocol, Scenario, Simulation
from tests.evaluation.planning.rehearsed import ZONE
from tests.support.planned_protocol import futility, harm, planned_protocol, with_stops

THREE = 3.0  # standard errors; seeds are fixed, so what holds once holds again


def _plan(protocol: Protocol, **changes: object) -> Simulation:
    assert protocol.simulation is not None
    return protocol.simulation.model_copy(update=changes)


def _asked(**changes: object) -> Scenario:
    plan = planned_protocol().simulation
    assert plan is not None
    return plan.scenarios[1].model_copy(update=changes)


def _run(protocol: Protocol, plan: Simulation) -> Run:
    return next(runs_of(plan, needing_sizes(protocol)))


def _last(run: Run, plan: Simulation, at_once: int = BLOCK) -> Tally:
    return list(tallies(run, plan, at_once=at_once))[-1]


def _found(protocol: Protocol, asked: Scenario, **changes: object) -> SimulatedScenario:
    plan = _plan(protocol, scenarios=(asked,), **changes)
    run = _run(protocol, plan)
    return found_in(run, _last(run, plan), plan, interrupted=False)


@pytest.mark.parametrize("at_once", [777, 5_000, BLOCK, 1_000_000])
def test_batches_change_no_number(at_once: int) -> None:
    protocol = with_stops(futility("z", (0.1, 0.6)))
    asked = _asked(jitter=0.2, late_share=0.1)
    plan = _plan(protocol, scenarios=(asked,), target_se=0.002)
    run = _run(protocol, plan)
    whole = found_in(run, _last(run, plan), plan, interrupted=False)
    again = found_in(run, _last(run, plan, at_once), plan, interrupted=False)
    assert whole.model_dump_json() == again.model_dump_json()


def test_power_and_ends_agree_with_quadrature() -> None:
    protocol = with_stops(futility("z", (0.1, 0.6)))
    found = _found(protocol, _asked(missing_share=0.0), most_replicates=40_000, target_se=0.0005)
    design, sized = needing_sizes(protocol)[0]
    exact = passage(design, 0.0, sized.drift(0.0))
    assert found.replicates == 40_000
    assert abs(found.claims.value - exact.power) < THREE * found.claims.standard_error
    pairs = found.expected_pairs
    assert abs(pairs.value - exact.expected_pairs) < THREE * pairs.standard_error
    for simulated, share in zip(found.futility_by_look[:2], exact.futility[:2], strict=True):
        assert abs(simulated.value - share) < THREE * math.sqrt(share * (1 - share) / 40_000)


def test_on_the_edge_of_the_null_claims_are_errors_of_size_alpha() -> None:
    found = _found(planned_protocol(), _asked(true_effect=-0.1), most_replicates=40_000)
    assert abs(found.claims.value - 0.025) < THREE * math.sqrt(0.025 * 0.975 / found.replicates)


def test_it_stops_at_the_registered_standard_error() -> None:
    found = _found(planned_protocol(), _asked(), target_se=0.004)
    assert found.reached
    assert found.replicates == BLOCK
    short = _found(planned_protocol(), _asked(), target_se=1e-5, most_replicates=15_000)
    assert (short.replicates, short.reached) == (15_000, False)


def test_the_most_that_can_be_needed_bounds_every_run() -> None:
    plan = _plan(planned_protocol(), target_se=0.004, most_replicates=1_000_000)
    assert most_needed(plan) == 20_000
    for run in runs_of(plan, needing_sizes(planned_protocol())):
        assert _last(run, plan).replicates <= 20_000


def test_before_any_trial_nothing_is_known() -> None:
    plan = _plan(planned_protocol())
    run = _run(planned_protocol(), plan)
    first = next(tallies(run, plan, at_once=100))
    assert first.replicates == 100
    assert found_in(run, first, plan, interrupted=True).estimation is None
    assert not reached(nothing(run), 0.5)


def test_missing_outcomes_beyond_the_plan_leave_the_last_look_short() -> None:
    design, sized = needing_sizes(planned_protocol())[0]
    asked = _asked(missing_share=0.43)
    (looks,) = scenario_of(design, sized, asked, seed=1).patterns
    assert looks == pytest.approx([0.4, 0.6])
    bounds = rule_of(design, asked)(looks)
    assert math.isfinite(bounds.upper[-1])


def test_late_outcomes_are_not_there_at_interim_looks() -> None:
    design, sized = needing_sizes(planned_protocol())[0]
    (looks,) = scenario_of(design, sized, _asked(late_share=0.1), seed=1).patterns
    assert looks == pytest.approx([0.36, 0.63, 1.0])


def test_a_drift_ends_on_the_edge_of_the_null() -> None:
    design, sized = needing_sizes(planned_protocol())[0]
    scenario = scenario_of(design, sized, _asked(drift="half_way"), seed=1)
    assert (scenario.changes_at, scenario.later_effect) == (0.5, 0.0)


def test_ignored_futility_still_stops_for_harm() -> None:
    protocol = with_stops(futility("z", (0.1, 0.6)), harms=(harm(),))
    design = designs_of(protocol)[0]
    bounds = rule_of(design, _asked(ignore_futility=True))(design.fractions)
    assert bounds.lower is not None
    assert bounds.lower == pytest.approx(design.harm_stops, abs=1e-9)
    kept = rule_of(design, _asked(ignore_futility=False))(design.fractions)
    assert kept.lower is not None
    assert kept.lower[:2] == pytest.approx(design.stops[:2], abs=1e-9)


def test_a_rule_at_one_look_is_not_carried_to_others() -> None:
    design = designs_of(with_stops(futility("z", (0.1,), looks=("L1",))))[0]
    bounds = rule_of(design, _asked())(design.fractions)
    assert bounds.lower is not None
    assert bounds.lower == pytest.approx([0.1, -math.inf, -math.inf])


def test_at_planned_information_the_rule_gives_the_planned_bounds() -> None:
    design = designs_of(with_stops(futility("z", (0.1, 0.6), binding=True)))[0]
    bounds = rule_of(design, _asked())(design.fractions)
    assert bounds.upper == pytest.approx(design.upper, abs=1e-9)


def test_another_clock_spends_by_the_smaller_share() -> None:
    plan = planned_protocol()
    clock = {"clock": "smaller_of_planned_and_observed", "final_look": "information_fraction"}
    slow = plan.model_copy(update={"monitoring": plan.monitoring.model_copy(update=clock)})
    design, usual = designs_of(slow)[0], designs_of(plan)[0]
    ahead = (0.5, 0.8, 0.9)
    assert rule_of(design, _asked())(ahead).upper[0] > rule_of(usual, _asked())(ahead).upper[0]
    assert rule_of(design, _asked())(ahead).upper[-1] > rule_of(usual, _asked())(ahead).upper[-1]


@pytest.mark.parametrize(
    ("maximum", "discordance", "time"),
    [(1.0, 1.0, 0.5), (2.0, 1.0, 0.25), (1.0, 2.0, None), (0.4, 1.0, 1.0)],
    ids=["as planned", "half of the maximum", "more discordance", "more than all"],
)
def test_the_clock_of_information_stands_where_the_pairs_bring_it(
    maximum: float, discordance: float, time: float | None
) -> None:
    plan = planned_protocol()
    planned = designs_of(plan)[0]
    assert planned.sized is not None
    whole = planned.sized.standard_error(1.0) ** -2
    values = {"discordance": discordance * planned.sized.nuisance["discordance"]}
    if time is None:
        time = 0.5 * planned.sized.under(values).standard_error(1.0) ** -2 / whole
        assert 0.25 < time < 0.35
    clock = {
        "clock": "information",
        "clock_maximum": {h.id: maximum * whole for h in plan.hypotheses},
        "final_look": "information_fraction",
    }
    slow = plan.model_copy(update={"monitoring": plan.monitoring.model_copy(update=clock)})
    upper = rule_of(designs_of(slow)[0], _asked(nuisance=values))((0.5, 1.0)).upper
    spending = plan.monitoring.spending
    first = spending_by(spending, planned.alpha, time=time, number=1)
    assert upper[0] == pytest.approx(NormalDist().inv_cdf(1 - first), abs=1e-6)


@pytest.mark.parametrize("full", [False, True])
def test_what_a_clock_takes_for_granted_is_said(full: bool) -> None:
    plan = planned_protocol()
    assert clock_notes(plan, full=full) == []
    for clock, word in (("calendar", "days"), ("events", "events"), ("information", "information")):
        monitoring = plan.monitoring.model_copy(update={"clock": clock})
        (note,) = clock_notes(plan.model_copy(update={"monitoring": monitoring}), full=full)
        assert word in note


def test_a_change_of_size_is_said_to_be_left_out_or_followed() -> None:
    plan = planned_protocol().model_copy(update={"re_estimation": ZONE})
    whole = Simulations(
        engine="full",
        versions={},
        seed=1,
        target_se=0.01,
        most_replicates=100,
        interrupted=False,
        scenarios=(),
        together=(),
        notes=(),
    )
    (walked,) = [n for n in design_of(plan).notes if "change of size" in n]
    (full,) = [n for n in design_of(plan, whole).notes if "change of size" in n]
    assert "not part of these numbers. " in walked
    assert "but for those of whole trials, which follow it" in full
