"""Multiple testing: worked examples of their authors, the boundary, and what is refused."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from evaluation.design.multiplicity.closure import Group, closed_test
from evaluation.design.multiplicity.gatekeeping import (
    Families,
    mixture_gatekeeping,
    two_sequences,
)
from evaluation.design.multiplicity.graphs import (
    fallback_graph,
    gatekeeper_graph,
    graph,
    holm_graph,
    shortcut,
    updated,
)
from evaluation.design.multiplicity.orthants import any_exceeds
from evaluation.design.multiplicity.power import graph_power, mean_of_power
from evaluation.design.multiplicity.sequential_graphs import LookedAt, sequential_graph
from evaluation.design.multiplicity.stepwise import (
    adjusted,
    fixed_sequence,
    intersection_union,
    margin_then_superiority,
)
from evaluation.design.spending import cumulative_alpha
from protocols.errors import UsageError

SUCCESSIVE = graph(
    [0.5, 0.5, 0, 0], [[0, 0.5, 0.5, 0], [0.5, 0, 0, 0.5], [0, 1, 0, 0], [1, 0, 0, 0]]
)


@pytest.mark.parametrize("size", range(2, 12))
def test_a_p_value_exactly_on_its_boundary_rejects(size: int) -> None:
    """Holm's levels alpha / m, alpha / (m - 1), ... hold thirds and sevenths."""
    p = [0.05 / (size - i) for i in range(size)]
    assert all(shortcut(holm_graph(size), p, 0.05).rejected)
    beyond = [value * (1 + 1e-9) for value in p]
    assert not any(shortcut(holm_graph(size), beyond, 0.05).rejected)


def test_a_hypothesis_without_alpha_is_never_rejected() -> None:
    lone = graph([1, 0], [[0, 0], [0, 0]])
    found = shortcut(lone, [0.5, 0.0], 0.025)
    assert found.rejected == (False, False)
    assert found.adjusted_p == (0.5, 1.0)


def test_co_primaries_need_all_and_cost_nothing() -> None:
    assert intersection_union([0.02, 0.004]) == 0.02


def test_superiority_waits_for_the_margin() -> None:
    found = margin_then_superiority(0.03, 0.001, alpha=0.025)
    assert (found.noninferior, found.superior) == (False, False)
    found = margin_then_superiority(0.001, 0.025, alpha=0.025)
    assert (found.noninferior, found.superior) == (True, True)
    assert fixed_sequence([0.001, 0.02, 0.006]) == (0.001, 0.02, 0.02)


def test_fallback_reaches_further_than_the_fixed_sequence() -> None:
    found = shortcut(fallback_graph([0.5, 0.3, 0.2]), [0.02, 0.006, 0.011], 0.025)
    assert found.rejected == (False, True, True)


def test_a_shut_gate_leaves_its_followers_out() -> None:
    gates = gatekeeper_graph(2, 2)
    assert shortcut(gates, [0.03, 0.02, 0.0001, 0.0001], 0.025).rejected == (False,) * 4
    assert shortcut(gates, [0.03, 0.01, 0.0001, 0.006], 0.025).rejected == (
        False,
        True,
        True,
        True,
    )


def test_all_hypotheses_may_be_taken_out() -> None:
    assert updated(SUCCESSIVE, [3, 1, 0, 2]).weights == (0, 0, 0, 0)


def test_a_parametric_pair_is_dunnett() -> None:
    """Two comparisons with one standard of care: correlation 1/2, critical value 2.212 at .025."""
    pair = Group((0, 1), "parametric", ((1.0, 0.5), (0.5, 1.0)))
    found = closed_test(
        holm_graph(2), [0.01348, 0.6], 0.025, groups=[pair], justification="One shared arm."
    )
    assert found.adjusted_p[0] == pytest.approx(0.025, abs=2e-5)


def test_a_parametric_test_of_one_statistic_twice_costs_nothing() -> None:
    twice = Group((0, 1), "parametric", ((1.0, 1.0), (1.0, 1.0)))
    found = closed_test(
        holm_graph(2), [0.02, 0.02], 0.025, groups=[twice], justification="The same statistic."
    )
    assert found.adjusted_p == pytest.approx((0.02 * 1.0, 0.02), rel=1e-9)


def test_chances_of_a_graph_of_independent_hypotheses_multiply() -> None:
    alone = graph([0.5, 0.5], [[0, 0], [0, 0]])
    means = [mean_of_power(0.8, 0.0125)] * 2
    found = graph_power(alone, 0.025, means=means, draws=40_000, seed=3)
    for share in found.marginal:
        assert abs(share.value - 0.8) < 4 * share.standard_error
    assert abs(found.conjunctive.value - 0.64) < 4 * found.conjunctive.standard_error
    assert abs(found.disjunctive.value - 0.96) < 4 * found.disjunctive.standard_error
    together = graph_power(
        alone, 0.025, means=means, correlation=[[1, 1], [1, 1]], draws=2000, seed=3
    )
    assert together.conjunctive == together.disjunctive
    assert found == graph_power(alone, 0.025, means=means, draws=40_000, seed=3)


def looks(p: list[float | None], *, family: str = "lan_demets_obrien_fleming") -> LookedAt:
    times = [None if value is None else t for value, t in zip(p, (0.5, 1.0), strict=True)]
    return LookedAt(
        tuple(p),
        tuple(times),
        tuple(times),
        lambda alpha, t: cumulative_alpha(family, alpha, t),
    )


def test_looking_back_rejects_on_an_earlier_look_and_must_be_asked_for() -> None:
    """LDOF at .5: one-sided levels .0054 at .05 and .0015 at .025 (published z 2.538, 2.963)."""
    hypotheses = [looks([0.003, 0.2]), looks([0.4, 0.001])]
    forward = sequential_graph(holm_graph(2), hypotheses, 0.05, look_back=False)
    assert forward.declared_at == (0, 2)
    assert forward.adjusted_p is None
    back = sequential_graph(holm_graph(2), hypotheses, 0.05, look_back=True)
    assert (back.declared_at, back.crossed_at) == ((2, 2), (1, 2))
    assert back.weights == (0, 0)


def test_a_look_that_one_hypothesis_missed_spends_nothing_there() -> None:
    missed = sequential_graph(graph([1.0], [[0.0]]), [looks([None, 0.025])], 0.025, look_back=False)
    assert missed.declared_at == (2,)
    assert missed.repeated_p[0][0] is None
    assert missed.repeated_p[0][1] == pytest.approx(0.025, rel=1e-9)
    seen = sequential_graph(graph([1.0], [[0.0]]), [looks([0.9, 0.025])], 0.025, look_back=False)
    assert seen.declared_at == (0,)


@pytest.mark.parametrize(
    ("weights", "rows", "code"),
    [
        ([], [], "NO_HYPOTHESES"),
        ([0.5, 0.6], [[0, 1], [1, 0]], "GRAPH_SUM"),
        ([0.5, 0.5], [[0, 1.1], [1, 0]], "GRAPH_RANGE"),
        ([0.5, -0.5], [[0, 1], [1, 0]], "GRAPH_RANGE"),
        ([float("nan"), 0.5], [[0, 1], [1, 0]], "GRAPH_RANGE"),
        ([0.5, 0.5], [[0.5, 0.5], [1, 0]], "GRAPH_LOOP"),
        ([0.5, 0.5], [[0, 1]], "GRAPH_SHAPE"),
        ([0.4, 0.3, 0.3], [[0, 0.6, 0.6], [1, 0, 0], [1, 0, 0]], "GRAPH_SUM"),
    ],
)
def test_a_graph_that_gives_more_than_it_has_is_refused(
    weights: list[float], rows: list[list[float]], code: str
) -> None:
    with pytest.raises(UsageError) as refusal:
        graph(weights, rows)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("groups", "why", "code"),
    [
        ([Group((0, 1), "simes")], " ", "JUSTIFICATION_MISSING"),
        ([Group((0,), "simes")], "said", "GROUPS"),
        ([Group((0, 1), "simes"), Group((1,), "simes")], "said", "GROUPS"),
        ([Group((0, 1), "parametric")], "said", "CORRELATION_SHAPE"),
        ([Group((0, 1), "parametric", ((1.0, 2.0), (2.0, 1.0)))], "said", "CORRELATION_RANGE"),
        ([Group((0, 1), "parametric", ((1.0,),))], "said", "CORRELATION_SHAPE"),
        ([Group((0, 1), "fisher")], "said", "LOCAL_TEST_UNKNOWN"),  # type: ignore[arg-type]
    ],
)
def test_a_closed_test_says_what_it_rests_on(groups: list[Group], why: str, code: str) -> None:
    with pytest.raises(UsageError) as refusal:
        closed_test(holm_graph(2), [0.1, 0.1], 0.05, groups=groups, justification=why)
    assert refusal.value.code == code


def _all_at_once(alpha: float, times: Sequence[float]) -> list[float]:
    return [alpha for _ in times]


def test_senseless_calls_are_refused() -> None:
    nan = float("nan")
    families = Families(((0, 1), (2,)), ((), (), (0,)), ((), (), ()), (0.5, 1.0))
    calls: list[Callable[[], object]] = [
        lambda: adjusted([0.1], "tukey"),
        lambda: adjusted([], "holm"),
        lambda: adjusted([nan], "holm"),
        lambda: shortcut(SUCCESSIVE, [0.1] * 3, 0.025),
        lambda: shortcut(SUCCESSIVE, [0.1] * 4, 0.0),
        lambda: closed_test(SUCCESSIVE, [0.1] * 3, 0.025),
        lambda: closed_test(holm_graph(17), [0.1] * 17, 0.025),
        lambda: updated(SUCCESSIVE, [4]),
        lambda: graph_power(SUCCESSIVE, 0.025, means=[1.0], draws=10, seed=1),
        lambda: graph_power(SUCCESSIVE, 0.025, means=[1.0] * 4, draws=0, seed=1),
        lambda: mean_of_power(1.0, 0.025),
        lambda: any_exceeds(np.zeros(2), np.array([[1.0, nan], [nan, 1.0]])),
        lambda: sequential_graph(SUCCESSIVE, [looks([0.1, 0.1])], 0.025, look_back=True),
        lambda: LookedAt((0.1,), (None,), (0.5,), _all_at_once),
        lambda: LookedAt((1.1,), (1.0,), (0.5,), _all_at_once),
        lambda: LookedAt((0.1, 0.2), (1.0,), (0.5,), _all_at_once),
        lambda: two_sequences([0.1], [0.1, 0.2], [1.0], component="holm", retest=True),
        lambda: two_sequences([0.1], [0.1], [1.2], component="holm", retest=True),
        lambda: mixture_gatekeeping([0.1], families, component="holm", modified=True, exhaust=True),
        lambda: Families(((0,), (1,)), ((1,), ()), ((), ()), (0.5, 1.0)),
        lambda: Families(((0,), (0,)), ((), ()), ((), ()), (0.5, 1.0)),
    ]
    for call in calls:
        with pytest.raises(UsageError):
            call()
