"""Laws of graphs over looks: repeated p-values and bounds evaluated anew tell the same."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.multiplicity.graphs import Graph, graph, holm_graph, shortcut, updated
from evaluation.design.multiplicity.sequential_graphs import LookedAt, sequential_graph
from evaluation.design.multiplicity.stepwise import adjusted
from evaluation.design.repeated import nominal_alpha, repeated_p, sequential_p
from evaluation.design.spending import cumulative_alpha
from tests.properties.test_multiplicity_laws import P, problems

FAMILY = st.sampled_from(
    [("lan_demets_obrien_fleming", None), ("lan_demets_pocock", None), ("hwang_shih_decani", -2.0)]
)


def looked_at(family: tuple[str, float | None], p: list[float]) -> LookedAt:
    word, parameter = family
    information = (0.4, 1.0)
    return LookedAt(
        (p[0], p[1]),
        information,
        information,
        lambda alpha, times: cumulative_alpha(word, alpha, times, parameter=parameter),
    )


@given(st.lists(st.floats(1e-6, 0.2), min_size=4, max_size=4), FAMILY, FAMILY)
@settings(max_examples=500, deadline=None)
def test_a_graph_over_looks_with_look_back_is_the_graph_of_sequential_p_values(
    p: list[float], one: tuple[str, float | None], two: tuple[str, float | None]
) -> None:
    """Holm of two hypotheses by hand, from the repeated p-values of another module."""
    hypotheses = [looked_at(one, p[:2]), looked_at(two, p[2:])]
    found = sequential_graph(holm_graph(2), hypotheses, 0.05, look_back=True)
    least = [
        sequential_p(
            [-float(special.ndtri(value)) for value in hypothesis.p if value is not None],
            (0.4, 1.0),
            lambda alpha, k, h=hypothesis: h.spend(alpha, (0.4, 1.0)[:k]),  # type: ignore[misc]
        )
        for hypothesis in hypotheses
    ]
    expected = adjusted(least, "holm")
    assert found.adjusted_p == pytest.approx(expected, rel=1e-8)
    clear = [abs(value - 0.05) > 1e-6 for value in expected]
    assert all(
        rejected == (value <= 0.05)
        for rejected, value, far in zip(found.rejected, expected, clear, strict=True)
        if far
    )
    forward = sequential_graph(holm_graph(2), hypotheses, 0.05, look_back=False)
    assert all(
        back or not front for back, front in zip(found.rejected, forward.rejected, strict=True)
    )


@given(st.lists(st.none() | st.floats(1e-9, 1.0), min_size=1, max_size=6), FAMILY)
@settings(max_examples=300, deadline=None)
def test_the_last_and_the_smallest_repeated_p_are_found_without_all_the_others(
    p: list[float | None], family: tuple[str, float | None]
) -> None:
    t = [None if value is None else (k + 1) / len(p) for k, value in enumerate(p)]
    word, parameter = family
    looks = LookedAt(
        tuple(p),
        tuple(t),
        tuple(t),
        lambda alpha, times: cumulative_alpha(word, alpha, times, parameter=parameter),
    )
    every = looks.repeated()
    smallest = min((value for value in every if value is not None), default=None)
    last, least = looks.latest()
    assert last == every[-1]
    assert least == smallest or least == pytest.approx(smallest, rel=1e-9)


LOOKS = (0.3, 0.7, 1.0)


def by_boundaries(
    here: Graph, hypotheses: list[LookedAt], alpha: float, *, look_back: bool
) -> list[int]:
    """Maurer & Bretz's algorithm as printed: bounds anew at each local level, no repeated p."""
    rejected: list[int] = []
    for look in range(1, len(LOOKS) + 1):
        moved = True
        while moved:
            moved = False
            weights = updated(here, rejected).weights
            for j, one in enumerate(hypotheses):
                if j in rejected or weights[j] == 0:
                    continue
                seen = [k for k in range(look) if one.p[k] is not None]
                if not seen or not (look_back or seen[-1] == look - 1):
                    continue
                times = [LOOKS[k] for k in seen]
                bounds = efficacy_boundaries(one.spend(weights[j] * alpha, times), times)
                tested = zip(seen, bounds, strict=True)
                pairs = list(tested) if look_back else list(tested)[-1:]
                if any((one.p[k] or 0.0) <= nominal_alpha(bound) for k, bound in pairs):
                    rejected.append(j)
                    moved = True
                    break
    return sorted(rejected)


@given(problems(), FAMILY, st.booleans(), st.integers(0, 2**32 - 1))
@settings(max_examples=500, deadline=None)
def test_a_graph_over_looks_is_its_algorithm_with_bounds_evaluated_anew(
    case: tuple[Graph, list[float]], family: tuple[str, float | None], look_back: bool, seed: int
) -> None:
    here, _ = case
    rng = np.random.default_rng(seed)
    word, parameter = family

    def spend(alpha: float, times: Sequence[float]) -> Sequence[float]:
        return cumulative_alpha(word, alpha, times, parameter=parameter)

    hypotheses = []
    for _ in range(here.size):
        missed = rng.random(3) < 0.2
        p = [None if gone else float(10 ** rng.uniform(-5, -1)) for gone in missed]
        times = tuple(None if gone else t for gone, t in zip(missed, LOOKS, strict=True))
        hypotheses.append(LookedAt(tuple(p), times, times, spend))
    found = sequential_graph(here, hypotheses, 0.025, look_back=look_back)
    direct = by_boundaries(here, hypotheses, 0.025, look_back=look_back)
    assert [j for j, gone in enumerate(found.rejected) if gone] == direct


@pytest.mark.slow
@pytest.mark.parametrize("look_back", [False, True])
def test_no_true_hypothesis_is_rejected_more_often_than_alpha(*, look_back: bool) -> None:
    """Three true hypotheses, correlated, two looks, a graph that passes everything on."""
    here = graph([0.5, 0.3, 0.2], [[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    rng = np.random.default_rng(11)
    trials, wrong, alpha = 4000, 0, 0.1
    mix = np.linalg.cholesky(np.array([[1, 0.3, 0.1], [0.3, 1, 0.5], [0.1, 0.5, 1]]))
    for _ in range(trials):
        steps = mix @ rng.normal(size=(3, 2))
        first = steps[:, 0]
        last = np.sqrt(0.4) * first + np.sqrt(0.6) * steps[:, 1]
        p = special.ndtr(-np.stack([first, last], axis=1))
        hypotheses = [looked_at(("lan_demets_pocock", None), row.tolist()) for row in p]
        wrong += any(sequential_graph(here, hypotheses, alpha, look_back=look_back).rejected)
    assert wrong / trials < alpha + 3 * np.sqrt(alpha * (1 - alpha) / trials)
    assert wrong / trials > 0.07


@given(st.lists(P, min_size=3, max_size=3))
@settings(max_examples=500, deadline=None)
def test_a_single_look_is_the_graph_without_looks(p: list[float]) -> None:
    values = [value if 1e-9 < value < 0.4 else 0.3 for value in p]
    here = graph([0.5, 0.3, 0.2], [[0, 0.7, 0.3], [0.5, 0, 0.5], [1, 0, 0]])
    hypotheses = [
        LookedAt((value,), (10.0,), (1.0,), lambda alpha, times: [alpha for _ in times])
        for value in values
    ]
    found = sequential_graph(here, hypotheses, 0.025, look_back=False)
    assert found.rejected == shortcut(here, values, 0.025).rejected


def test_repeated_p_of_a_hypothesis_is_that_of_the_look() -> None:
    hypothesis = looked_at(("lan_demets_pocock", None), [0.02, 0.01])
    times = (0.4, 1.0)
    first = repeated_p(-float(special.ndtri(0.02)), [0.4], lambda a: hypothesis.spend(a, [0.4]))
    second = repeated_p(-float(special.ndtri(0.01)), times, lambda a: hypothesis.spend(a, times))
    assert hypothesis.repeated() == pytest.approx((first, second), rel=1e-9)
