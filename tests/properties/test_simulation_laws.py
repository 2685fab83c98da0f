"""Laws of simulated designs: replicates own their numbers, and effects only help."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.design.simulation.characteristics import characteristics
from evaluation.design.simulation.streams import normals, scenario_key
from evaluation.design.simulation.trials import Bounds, Records, Scenario, joined, run_trials

LAWS = settings(max_examples=500, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def designs(draw: st.DrawFn, *, patterns: int = 3) -> tuple[Scenario, tuple[Bounds, ...]]:
    """Up to six looks in one to three patterns, with or without futility."""
    rng = np.random.default_rng(draw(SEEDS))
    looks = draw(st.integers(1, 6))
    n = draw(st.integers(1, patterns))
    information = np.cumsum(rng.uniform(0.2, 1, (n, looks)), axis=1) * 100
    upper = tuple(rng.uniform(1.5, 4, looks).tolist())
    lower = tuple(rng.uniform(-2, 1.4, looks).tolist()) if draw(st.booleans()) else None
    scenario = Scenario(
        draw(st.sampled_from(["one", "other"])),
        draw(st.floats(-0.3, 0.3)),
        tuple(tuple(row) for row in information.tolist()),
        obeys_futility=draw(st.booleans()),
    )
    return scenario, (Bounds(upper, lower),) * n


def columns(records: Records) -> list[list[object]]:
    names = ("pattern", "look", "z", "information", "rejected", "futile")
    return [getattr(records, name).tolist() for name in names]


@LAWS
@given(designs(), SEEDS, st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_replicates_are_the_same_in_any_batches(
    design: tuple[Scenario, tuple[Bounds, ...]], seed: int, batches: list[int]
) -> None:
    scenario, bounds = design
    whole = run_trials(scenario, bounds, seed=seed, first=0, n=sum(batches))
    starts = np.cumsum([0, *batches[:-1]]).tolist()
    parts = [
        run_trials(scenario, bounds, seed=seed, first=first, n=n)
        for first, n in zip(starts, batches, strict=True)
    ]
    assert columns(joined(parts)) == columns(whole)
    backwards = [
        run_trials(scenario, bounds, seed=seed, first=first, n=n)
        for first, n in reversed(list(zip(starts, batches, strict=True)))
    ]
    assert columns(joined(backwards[::-1])) == columns(whole)


@LAWS
@given(SEEDS, st.integers(0, 10**12), st.integers(1, 20), st.integers(1, 11))
def test_a_replicate_draws_the_same_alone(seed: int, first: int, n: int, each: int) -> None:
    key = scenario_key(seed, "alone")
    together = normals(key, first, n, each)
    assert normals(key, first + n - 1, 1, each).tolist() == together[-1:].tolist()
    assert bool(np.isfinite(together).all())
    other = normals(scenario_key(seed, "not alone"), first, n, each)
    assert not np.array_equal(together, other)


@LAWS
@given(designs(), SEEDS, st.floats(0, 0.2))
def test_a_larger_effect_rejects_wherever_a_smaller_one_did(
    design: tuple[Scenario, tuple[Bounds, ...]], seed: int, more: float
) -> None:
    scenario, bounds = design
    better = Scenario(
        scenario.name,
        scenario.effect + more,
        scenario.patterns,
        obeys_futility=scenario.obeys_futility,
    )
    one, two = (run_trials(s, bounds, seed=seed, first=0, n=60) for s in (scenario, better))
    assert bool((two.rejected | ~one.rejected).all())


@LAWS
@given(designs(), SEEDS)
def test_going_on_after_futility_only_adds_rejections(
    design: tuple[Scenario, tuple[Bounds, ...]], seed: int
) -> None:
    scenario, bounds = design
    stopping, going_on = (
        run_trials(
            Scenario("same", scenario.effect, scenario.patterns, obeys_futility=obeys),
            bounds,
            seed=seed,
            first=0,
            n=60,
        )
        for obeys in (True, False)
    )
    assert bool((going_on.rejected | ~stopping.rejected).all())
    assert bool((going_on.look >= stopping.look).all())
    assert not going_on.futile.any()
    assert not (stopping.futile & stopping.rejected).any()


@LAWS
@given(designs(), SEEDS, st.floats(0.01, 100))
def test_the_unit_of_information_does_not_matter(
    design: tuple[Scenario, tuple[Bounds, ...]], seed: int, unit: float
) -> None:
    scenario, bounds = design
    scaled = Scenario(
        scenario.name,
        scenario.effect / math.sqrt(unit),
        tuple(tuple(here * unit for here in row) for row in scenario.patterns),
        obeys_futility=scenario.obeys_futility,
    )
    one, two = (run_trials(s, bounds, seed=seed, first=0, n=40) for s in (scenario, scaled))
    same = one.look == two.look
    assert same.mean() > 0.97  # a z on its bound may fall to either side by rounding
    assert one.z[same] == pytest.approx(two.z[same], abs=1e-9)


@LAWS
@given(designs(), SEEDS)
def test_stops_add_up(design: tuple[Scenario, tuple[Bounds, ...]], seed: int) -> None:
    scenario, bounds = design
    records = run_trials(scenario, bounds, seed=seed, first=0, n=50)
    found = characteristics(scenario, bounds, records, alpha=None)
    assert found.reject.value == pytest.approx(math.fsum(p.value for p in found.reject_by_look))
    assert found.futility_by_look[-1].value == 0
    ends = {row[-1] for row in scenario.patterns}
    assert found.expected_information.value <= max(ends) * (1 + 1e-12)
    stopped = records.rejected | records.futile
    last = np.array([len(row) - 1 for row in scenario.patterns])[records.pattern]
    assert bool((stopped | (records.look == last)).all())
