"""Simulated designs against exact ones, against slow estimates, and what simulation refuses."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evaluation.design.operating import operating_characteristics
from evaluation.design.simulation.characteristics import (
    Measured,
    Precision,
    characteristics,
    simulate,
    simulate_until,
)
from evaluation.design.simulation.estimates import median_unbiased, stagewise_covered
from evaluation.design.simulation.scenarios import (
    fixed_rule,
    registered_scenarios,
    spending_rule,
)
from evaluation.design.simulation.streams import normals, scenario_key
from evaluation.design.simulation.trials import Bounds, Scenario, bounds_of, run_trials
from evaluation.design.spending import spent
from evaluation.design.stagewise import stagewise_inference
from protocols.errors import UsageError
from tests.reference.adapters import ADAPTERS
from tests.reference.compare import judged

CASES = Path(__file__).parents[2] / "reference" / "cases" / "sequential_cases.json"
PLANNED = (1800.0, 3150.0, 4500.0)
FUTILITY = (0.05, 1.05, 2.0)
EFFECT = 0.05


def obrien_fleming(time: float) -> float:
    return spent("lan_demets_obrien_fleming", 0.025, time)


RULE = spending_rule(obrien_fleming, PLANNED)
WITH_FUTILITY = spending_rule(obrien_fleming, PLANNED, lower=FUTILITY)


def near(measured: Measured, exact: float, *, errors: float = 4.5) -> bool:
    spread = max(measured.standard_error, 1e-5)
    return abs(measured.value - exact) <= errors * spread


@pytest.mark.parametrize("group", ["SIM", "OC"])
def test_every_reference_case_of_simulation_agrees_and_none_is_skipped(group: str) -> None:
    cases = [c for c in json.loads(CASES.read_text(encoding="utf-8")) if c["group"] == group]
    assert cases
    assert {judged(case, ADAPTERS).state for case in cases} == {"passed"}


@pytest.mark.parametrize("effect", [-0.02, 0.0, 0.02, 0.05, 0.08])
@pytest.mark.parametrize("rule", [RULE, WITH_FUTILITY])
def test_simulated_stops_agree_with_the_quadrature(effect: float, rule: object) -> None:
    assert callable(rule)
    bounds = rule(PLANNED)
    found = simulate(Scenario("s", effect, (PLANNED,)), rule, seed=7, replicates=200_000)
    lower = None if bounds.lower is None else (*bounds.lower[:-1], -math.inf)
    exact = operating_characteristics(bounds.upper, PLANNED, drift=effect, lower=lower)
    assert near(found.reject, exact.power)
    assert near(found.expected_information, exact.expected_information)
    for parts, exactly in (
        (found.reject_by_look, exact.upper),
        (found.futility_by_look, exact.lower),
    ):
        assert all(near(a, b) for a, b in zip(parts, exactly, strict=True))


def test_the_stagewise_interval_covers_and_its_median_is_unbiased() -> None:
    for effect in (0.0, 0.03, EFFECT):
        found = simulate(
            Scenario("cover", effect, (PLANNED,)), RULE, seed=3, replicates=100_000, alpha=0.025
        )
        estimation = found.estimation
        assert estimation is not None
        assert near(estimation.coverage_stagewise, 0.95)
        assert estimation.coverage_repeated.value >= 0.95
        unbiased = median_unbiased(found.records, (RULE(PLANNED),), (PLANNED,), truth=effect)
        share = float((unbiased > effect).mean())
        assert share == pytest.approx(0.5, abs=4.5 * 0.5 / math.sqrt(100_000))


@pytest.mark.parametrize("effect", [0.0, 0.03])
def test_the_stagewise_p_is_uniform_under_its_own_effect(effect: float) -> None:
    """An interval of any level covers as often as it says: p has every quantile in its place."""
    n = 100_000
    scenario = Scenario("uniform", effect, (PLANNED,))
    bounds = bounds_of(scenario, RULE)
    records = run_trials(scenario, bounds, seed=17, first=0, n=n)
    for level in (0.02, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999):
        covered = stagewise_covered(records, bounds, scenario.patterns, truth=effect, level=level)
        assert abs(float(covered.mean()) - level) < 4.5 * math.sqrt(level * (1 - level) / n)


def test_the_naive_estimate_is_too_good_after_an_early_stop() -> None:
    found = simulate(
        Scenario("bias", EFFECT, (PLANNED,)), RULE, seed=5, replicates=50_000, alpha=0.025
    ).estimation
    assert found is not None
    assert found.bias_naive.value > 10 * found.bias_naive.standard_error
    assert abs(found.bias_median_unbiased.value) < found.bias_naive.value
    assert found.coverage_naive.value < found.coverage_repeated.value
    assert found.rmse_naive.value > 0
    assert found.rmse_median_unbiased.standard_error < 0.01 * found.rmse_median_unbiased.value


def test_fast_estimates_agree_with_one_trial_at_a_time() -> None:
    scenario = Scenario("slow route", 0.04, (PLANNED,))
    bounds = bounds_of(scenario, RULE)
    records = run_trials(scenario, bounds, seed=2, first=0, n=40)
    fast = median_unbiased(records, bounds, scenario.patterns, truth=0.04)
    covered = stagewise_covered(records, bounds, scenario.patterns, truth=0.04, level=0.8)
    for i in range(40):
        k = int(records.look[i])
        slow = stagewise_inference(
            float(records.z[i]), bounds[0].upper[:k], PLANNED[: k + 1], level=0.8
        )
        assert fast[i] == pytest.approx(slow.estimate, abs=2e-4 / math.sqrt(PLANNED[0]))
        assert covered[i] == (slow.low <= 0.04 <= slow.high)


def test_looks_without_a_bound_stop_nobody() -> None:
    rule = fixed_rule((math.inf, 2.5, 2.0), (0.0, -math.inf, 2.0))
    found = simulate(Scenario("s", 0.03, (PLANNED,)), rule, seed=1, replicates=20_000, alpha=0.025)
    assert found.reject_by_look[0].value == 0
    assert found.futility_by_look[0].value > 0
    assert found.futility_by_look[1].value == 0
    assert found.estimation is not None
    assert 0.9 < found.estimation.coverage_repeated.value <= 1


def test_keeping_planned_bounds_at_other_information_costs_type_one_error() -> None:
    """Three Pocock-like looks whose information comes late: the guide's 0.0278."""
    pocock = spending_rule(lambda t: spent("lan_demets_pocock", 0.025, t), (1.0, 2.0, 3.0))
    planned = pocock((1.0, 2.0, 3.0))
    late = ((0.3, 0.8, 3.0),)
    kept = simulate(
        Scenario("late", 0.0, late, bounds=(planned,)), pocock, seed=4, replicates=400_000
    )
    right = simulate(Scenario("late", 0.0, late), pocock, seed=4, replicates=400_000)
    assert kept.reject.value > 0.026
    assert near(right.reject, 0.025)


def test_registered_conduct_keeps_type_one_error_whatever_the_information() -> None:
    scenarios = registered_scenarios(PLANNED, EFFECT, seed=9)
    names = [scenario.name for scenario in scenarios]
    assert len(set(names)) == len(names) == 15
    for scenario in scenarios:
        found = simulate(scenario, RULE, seed=8, replicates=60_000)
        if scenario.effect == 0 and scenario.changes_at is None:
            assert near(found.reject, 0.025), scenario.name
        else:
            assert found.reject.value > 0.1


def test_a_truth_that_changes_is_held_against_its_average() -> None:
    changing = Scenario("c", 0.1, (PLANNED,), changes_at=2250.0, later_effect=0.0)
    assert changing.truth == pytest.approx(0.05)
    found = simulate(changing, fixed_rule((99.0,) * 3), seed=1, replicates=50_000, alpha=0.025)
    assert found.estimation is not None
    assert near(found.estimation.bias_naive, 0.0)


def test_simulation_stops_at_its_target_or_at_its_maximum() -> None:
    scenario = Scenario("stop", EFFECT, (PLANNED,))
    loose = simulate_until(scenario, RULE, Precision(0.003, 200_000, 5_000), seed=1)
    assert loose.n_replicates < 30_000
    assert loose.reject.standard_error <= 0.003
    most = simulate_until(scenario, RULE, Precision(1e-6, 12_000, 5_000), seed=1)
    assert most.n_replicates == 12_000
    same = simulate(scenario, RULE, seed=1, replicates=12_000)
    assert most.records.z.tolist() == same.records.z.tolist()


def test_a_first_batch_without_rejections_does_not_look_exact() -> None:
    never = simulate_until(
        Scenario("never", 0.0, (PLANNED,)),
        fixed_rule((9.0,) * 3),
        Precision(1e-3, 3_000, 100),
        seed=1,
    )
    assert never.n_replicates > 100
    assert never.reject.value == 0


def test_normals_have_the_moments_of_normals() -> None:
    draws = normals(scenario_key(1, "moments"), 0, 200_000, 5)
    n = draws.size
    assert abs(draws.mean()) < 4.5 / math.sqrt(n)
    assert abs((draws**2).mean() - 1) < 4.5 * math.sqrt(2 / n)
    assert abs((draws**4).mean() - 3) < 4.5 * math.sqrt(96 / n)
    assert np.abs(np.corrcoef(draws.T) - np.eye(5)).max() < 4.5 / math.sqrt(200_000)


def test_futility_is_carried_to_looks_that_were_not_planned() -> None:
    bounds = WITH_FUTILITY((900.0, 1800.0, 2400.0, 4500.0))
    assert bounds.lower is not None
    assert bounds.lower[0] == -math.inf
    assert bounds.lower[1] == pytest.approx(0.05)
    assert 0.05 < bounds.lower[2] < 1.05
    nowhere = spending_rule(obrien_fleming, PLANNED, lower=(-math.inf,) * 3)
    assert nowhere(PLANNED).lower is None


REFUSED: list[Callable[[], object]] = [
    lambda: Scenario("s", 0.0, ()),
    lambda: Scenario("s", 0.0, ((2.0, 1.0),)),
    lambda: Scenario("s", 0.0, (PLANNED,), bounds=()),
    lambda: simulate(Scenario("s", 0.0, (PLANNED,)), RULE, seed=1, replicates=1),
    lambda: simulate(Scenario("s", 0.0, (PLANNED,)), RULE, seed=-1, replicates=9),
    lambda: simulate(Scenario("s", 0.0, (PLANNED,)), fixed_rule((2.0,)), seed=1, replicates=9),
    lambda: Precision(0.0, 100, 10),
    lambda: Precision(0.1, 10, 100),
    lambda: spending_rule(obrien_fleming, PLANNED, lower=(0.0,)),
    lambda: registered_scenarios(PLANNED, 0.0, seed=1),
]


@pytest.mark.parametrize("call", REFUSED)
def test_senseless_simulations_are_refused(call: Callable[[], object]) -> None:
    with pytest.raises(UsageError):
        call()


def test_summaries_do_not_depend_on_the_order_of_replicates() -> None:
    scenario = Scenario("order", EFFECT, (PLANNED,))
    bounds: tuple[Bounds, ...] = bounds_of(scenario, RULE)
    whole = run_trials(scenario, bounds, seed=1, first=0, n=500)
    turned = type(whole)(
        whole.pattern[::-1],
        whole.look[::-1],
        whole.z[::-1],
        whole.information[::-1],
        whole.rejected[::-1],
        whole.futile[::-1],
        whole.signal[::-1],
    )
    one, two = (
        characteristics(scenario, bounds, records, alpha=0.025) for records in (whole, turned)
    )
    assert one.estimation == two.estimation
    assert one.expected_information == two.expected_information
