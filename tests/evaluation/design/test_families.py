"""Several hypotheses in one simulated trial: second routes trial by trial, and error rates."""

import math

import numpy as np
import pytest
from scipy import special

from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.multiplicity.closure import Group, closed_test
from evaluation.design.multiplicity.graphs import Graph, graph, holm_graph
from evaluation.design.multiplicity.sequential_graphs import LookedAt, sequential_graph
from evaluation.design.multiplicity.stepwise import adjusted
from evaluation.design.simulation.families import (
    Closed,
    Family,
    Gates,
    bonferroni,
    levels_of,
    run_families,
    simes,
    stepwise,
)
from evaluation.design.simulation.families import _statistics as statistics
from evaluation.design.simulation.streams import normals, scenario_key
from evaluation.design.simulation.trials import Bounds, Scenario
from evaluation.design.spending import cumulative_alpha
from evaluation.inference.arrays import FloatArray
from protocols.errors import UsageError

ALPHA, OBF = 0.025, "lan_demets_obrien_fleming"
LOOKS = (0.4, 0.7, 1.0)
GRAPH = graph([0.5, 0.5, 0.0], [[0, 0.5, 0.5], [0.5, 0, 0.5], [1, 0, 0]])


def spend(level: float, times: object = LOOKS) -> tuple[float, ...]:
    return cumulative_alpha(OBF, level, tuple(times))  # type: ignore[arg-type]


def family(
    procedure: Gates | Closed,
    effects: tuple[float, ...],
    *,
    looks: tuple[float, ...] = LOOKS,
    rho: float = 0.3,
    lower: float = -math.inf,
) -> Family:
    size = len(effects)
    bounds = {
        (j, level): (Bounds(efficacy_boundaries(spend(level, looks), looks)),)
        for j, level in levels_of(procedure)
    }
    down = Bounds((math.inf,) * len(looks), (lower,) * len(looks))
    rows = tuple(tuple(1.0 if i == j else rho for j in range(size)) for i in range(size))
    scenarios = tuple(Scenario(f"{j}", effect, (looks,)) for j, effect in enumerate(effects))
    return Family("tried", scenarios, rows, procedure, bounds, ((down,),) * size)


def drawn(found: Family, n: int, seed: int = 5) -> FloatArray:
    """z by trial, look and hypothesis, as the family draws them."""
    looks = len(found.scenarios[0].patterns[0])
    words = normals(scenario_key(seed, found.name), 0, n, looks * found.size)
    return statistics(found, 0, words.reshape(n, looks, found.size) @ found.root.T)


@pytest.mark.parametrize("look_back", [False, True])
def test_bounds_at_levels_decide_as_repeated_p_values_do(look_back: bool) -> None:
    tried = family(bonferroni(GRAPH, ALPHA, look_back=look_back), (3.0, 2.0, 3.0))
    found = run_families(tried, seed=5, first=0, n=60)
    for row, z in enumerate(drawn(tried, 60)):
        looked = [
            LookedAt(tuple(special.ndtr(-z[:, j]).tolist()), LOOKS, LOOKS, spend) for j in range(3)
        ]
        decided = sequential_graph(GRAPH, looked, ALPHA, look_back=look_back)
        ended = found.look[row]
        expected = [at - 1 if at <= ended + 1 else -1 for at in decided.declared_at]
        assert found.shown[row].tolist() == expected


@pytest.mark.parametrize("procedure", ["hochberg", "hommel"])
def test_one_look_is_the_stepwise_procedure(procedure: str) -> None:
    made = stepwise(3, ALPHA, procedure=procedure, look_back=False)
    tried = family(made, (2.0, 2.5, 1.5), looks=(1.0,))
    found = run_families(tried, seed=5, first=0, n=300)
    for row, z in enumerate(drawn(tried, 300)):
        p = adjusted(special.ndtr(-z[0]).tolist(), procedure)
        assert found.claimed[row].tolist() == [value <= ALPHA for value in p]


def test_one_look_is_the_closed_test_with_simes() -> None:
    tried = family(simes(GRAPH, ALPHA, look_back=False), (2.0, 2.5, 1.5), looks=(1.0,))
    found = run_families(tried, seed=5, first=0, n=200)
    group = (Group((0, 1, 2), "simes"),)
    for row, z in enumerate(drawn(tried, 200)):
        p = special.ndtr(-z[0]).tolist()
        decided = closed_test(GRAPH, p, ALPHA, groups=group, justification="A test.")
        assert found.claimed[row].tolist() == [value <= ALPHA for value in decided.adjusted_p]


@pytest.mark.parametrize(
    "procedure",
    [
        bonferroni(holm_graph(3), ALPHA, look_back=False),
        bonferroni(GRAPH, ALPHA, look_back=True),
        simes(GRAPH, ALPHA, look_back=False),
        stepwise(3, ALPHA, procedure="hommel", look_back=False),
        Gates(((0,), (1,), (2,)), (ALPHA,) * 3),
    ],
)
@pytest.mark.parametrize("effects", [(0.0, 0.0, 0.0), (9.0, 0.0, 0.0)])
def test_true_nulls_are_claimed_no_more_often_than_alpha(
    procedure: Gates | Closed, effects: tuple[float, ...]
) -> None:
    found = run_families(family(procedure, effects), seed=3, first=0, n=40_000)
    nulls = [j for j, effect in enumerate(effects) if effect == 0]
    wrong = found.claimed[:, nulls].any(axis=1).mean()
    assert wrong <= ALPHA + 4 * math.sqrt(ALPHA * (1 - ALPHA) / 40_000)
    assert wrong > 0.01  # alpha is spent, and passed on


def test_alpha_passed_on_makes_claims_likelier() -> None:
    holm = bonferroni(holm_graph(2), ALPHA, look_back=False)
    alone = bonferroni(Graph((0.5, 0.5), ((0.0, 0.0), (0.0, 0.0))), ALPHA, look_back=False)
    shares = [
        run_families(family(one, (4.0, 2.5)), seed=3, first=0, n=20_000).claimed[:, 1].mean()
        for one in (holm, alone)
    ]
    assert shares[0] > shares[1] + 0.05


def test_a_gate_opens_when_all_before_it_are_shown_and_a_group_claims_as_one() -> None:
    found = run_families(
        family(Gates(((0, 1), (2,)), (ALPHA,) * 3), (3.0, 3.0, 9.0)), seed=3, first=0, n=5_000
    )
    both = (found.shown[:, :2] >= 0).all(axis=1)
    assert (found.claimed[:, 0] == both).all()
    assert (found.claimed[:, 2] <= both).all()
    assert (found.shown[both, 2] >= found.shown[both, :2].max(axis=1)).all()


def test_who_is_given_up_is_not_claimed_and_ends_its_trial() -> None:
    everything = Gates(((0, 1),), (ALPHA,) * 2)
    found = run_families(family(everything, (20.0, -20.0), lower=0.0), seed=3, first=0, n=200)
    assert not found.claimed.any()
    assert (found.look == 0).all()
    assert (found.shown[:, 0] == 0).all()


def test_independent_hypotheses_are_shown_independently() -> None:
    tried = family(Gates(((0, 1),), (ALPHA,) * 2), (2.5, 2.5), rho=0.0)
    found = run_families(tried, seed=3, first=0, n=40_000)
    one, other = (found.shown >= 0).mean(axis=0)
    both = (found.shown >= 0).all(axis=1).mean()
    assert abs(both - one * other) < 4 * math.sqrt(both * (1 - both) / 40_000)


def test_batches_change_no_trial() -> None:
    tried = family(bonferroni(GRAPH, ALPHA, look_back=False), (3.0, 2.0, 3.0))
    whole = run_families(tried, seed=5, first=0, n=100)
    part = run_families(tried, seed=5, first=60, n=40)
    assert (whole.shown[60:] == part.shown).all()
    assert (whole.look[60:] == part.look).all()


def test_what_is_not_one_trial_is_refused() -> None:
    procedure = Gates(((0, 1),), (ALPHA,) * 2)
    made = family(procedure, (0.0, 0.0))
    other = (Scenario("0", 0.0, (LOOKS,)), Scenario("1", 0.0, ((0.5, 1.0),)))
    with pytest.raises(UsageError, match="share its looks"):
        Family("x", other, made.correlation, procedure, made.bounds, made.first)
    with pytest.raises(UsageError, match="More than 8"):
        family(Gates((tuple(range(9)),), (ALPHA,) * 9), (0.0,) * 9)
    assert np.isfinite(made.root).all()
