"""Laws of multiple testing: two routes to one answer, and nothing depends on the order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from statsmodels.stats.multitest import multipletests

from evaluation.design.multiplicity.closure import Group, closed_test, intersections
from evaluation.design.multiplicity.gatekeeping import (
    Families,
    mixture_gatekeeping,
    two_sequences,
)
from evaluation.design.multiplicity.graphs import (
    Graph,
    fallback_graph,
    graph,
    holm_graph,
    rejections,
    shortcut,
    shortcut_adjusted,
    updated,
)
from evaluation.design.multiplicity.orthants import any_exceeds
from evaluation.design.multiplicity.stepwise import adjusted, fixed_sequence, intersection_union

P = st.one_of(
    st.floats(0, 1), st.floats(0, 0.06), st.sampled_from([0.0, 0.005, 0.0125, 0.025, 0.05, 1.0])
)
SHARE = st.one_of(st.just(0.0), st.floats(0.01, 1), st.sampled_from([1e-12, 1e-6, 1e-3, 0.5, 1.0]))
SIMES = "Statistics of one data set that move together."


@st.composite
def graphs(draw: st.DrawFn, *, most: int = 5) -> Graph:
    """Random graphs: empty rows, rows that lose alpha, epsilon edges, full rows."""
    m = draw(st.integers(1, most))

    def shares(skip: int | None) -> list[float]:
        row = np.array([0.0 if j == skip else draw(SHARE) for j in range(m)])
        total = float(row.sum())
        if total > 1 or (total > 0 and draw(st.booleans())):
            row = row / total
        return [float(value) for value in row]

    return graph(shares(None), [shares(i) for i in range(m)])


@st.composite
def problems(draw: st.DrawFn, *, most: int = 5) -> tuple[Graph, list[float]]:
    here = draw(graphs(most=most))
    return here, draw(st.lists(P, min_size=here.size, max_size=here.size))


@given(problems())
@settings(max_examples=500, deadline=None)
def test_the_shortcut_is_the_full_closed_test(case: tuple[Graph, list[float]]) -> None:
    here, p = case
    full = closed_test(here, p, 0.025).adjusted_p
    assert shortcut_adjusted(here, p) == pytest.approx(full, rel=1e-7, abs=1e-300)


@given(problems(), st.data())
@settings(max_examples=500, deadline=None)
def test_a_larger_p_never_gives_a_smaller_adjusted_p(
    case: tuple[Graph, list[float]], data: st.DataObject
) -> None:
    here, p = case
    j = data.draw(st.integers(0, here.size - 1))
    raised = [*p[:j], data.draw(st.floats(p[j], 1)), *p[j + 1 :]]
    before, after = shortcut_adjusted(here, p), shortcut_adjusted(here, raised)
    assert all(b <= a * (1 + 1e-7) + 1e-300 for b, a in zip(before, after, strict=True))
    groups = [Group(tuple(range(here.size)), "simes")]
    low = closed_test(here, p, 0.025, groups=groups, justification=SIMES).adjusted_p
    high = closed_test(here, raised, 0.025, groups=groups, justification=SIMES).adjusted_p
    assert all(b <= a * (1 + 1e-7) + 1e-300 for b, a in zip(low, high, strict=True))


@given(problems(), st.randoms(use_true_random=False))
@settings(max_examples=500, deadline=None)
def test_renaming_hypotheses_renames_the_answers(
    case: tuple[Graph, list[float]], random: object
) -> None:
    here, p = case
    order = list(range(here.size))
    random.shuffle(order)  # type: ignore[attr-defined]
    turned = graph(
        [here.weights[i] for i in order],
        [[here.transitions[i][j] for j in order] for i in order],
    )
    found = shortcut_adjusted(turned, [p[i] for i in order])
    before = shortcut_adjusted(here, p)
    assert found == pytest.approx([before[i] for i in order], rel=1e-7, abs=1e-300)


@given(graphs())
@settings(max_examples=500, deadline=None)
def test_weights_of_every_intersection_never_exceed_1_and_only_grow(here: Graph) -> None:
    found = {one.members: one.weights for one in intersections(here)}
    for members, weights in found.items():
        assert sum(weights) <= 1 + 1e-12
        assert all(weights[j] == 0 for j in range(here.size) if j not in members)
        for gone in members:
            rest = tuple(j for j in members if j != gone)
            if rest:
                assert all(found[rest][j] >= weights[j] * (1 - 1e-12) for j in rest)
        again = updated(here, [j for j in range(here.size) if j not in members])
        assert sum(again.weights) <= 1 + 1e-12
        assert all(sum(row) <= 1 + 1e-12 for row in again.transitions)


@given(graphs(), st.randoms(use_true_random=False))
@settings(max_examples=500, deadline=None)
def test_an_update_is_that_of_the_published_formula_in_any_order(
    here: Graph, random: object
) -> None:
    """Bretz et al. 2009, where no cycle is nearly closed and their subtraction loses nothing."""
    order = list(range(here.size))
    random.shuffle(order)  # type: ignore[attr-defined]
    gone = order[: here.size // 2]
    w, g = np.array(here.weights), np.array(here.transitions)
    for j in gone:
        w, g, closed = published_update(w, g, j)
        if closed:
            return
    found = updated(here, gone)
    assert found.weights == pytest.approx(w.tolist(), rel=1e-6, abs=1e-9)
    assert np.array(found.transitions) == pytest.approx(g, rel=1e-6, abs=1e-9)


def published_update(w: np.ndarray, g: np.ndarray, j: int) -> tuple[np.ndarray, np.ndarray, bool]:
    m = len(w)
    new_w, new_g = w.copy(), np.zeros_like(g)
    closed = False
    for left in range(m):
        if left == j or not g[left].any():
            continue
        cycle = g[left, j] * g[j, left]
        closed |= 1 - cycle < 1e-4
        for k in range(m):
            if k not in (left, j) and cycle < 1:
                new_g[left, k] = (g[left, k] + g[left, j] * g[j, k]) / (1 - cycle)
    new_w += w[j] * g[j]
    new_w[j] = 0
    return new_w, new_g, closed


@given(st.integers(2, 12))
@settings(max_examples=500, deadline=None)
def test_an_epsilon_edge_keeps_its_digits(exponent: int) -> None:
    """1 <-> 2 share all but epsilon: rejecting both leaves all alpha to 3, at any epsilon."""
    e = 10.0**-exponent
    here = graph([0.5, 0.5, 0], [[0, 1 - e, e], [1 - e, 0, e], [0, 0, 0]])
    once = updated(here, [0])
    assert once.transitions[1][2] == pytest.approx(1, rel=1e-12)
    assert updated(here, [0, 1]).weights == pytest.approx((0, 0, 1), rel=1e-12)
    uneven = graph([1, 0, 0, 0], [[0, 1, 0, 0], [1 - 3 * e, 0, e, 2 * e], [0] * 4, [0] * 4])
    assert updated(uneven, [0]).transitions[1] == pytest.approx((0, 0, 1 / 3, 2 / 3), rel=1e-12)
    assert updated(uneven, [0, 1]).weights == pytest.approx((0, 0, 1 / 3, 2 / 3), rel=1e-9)


@given(st.lists(P, min_size=1, max_size=10))
@settings(max_examples=500, deadline=None)
def test_stepwise_procedures_are_those_of_statsmodels(p: list[float]) -> None:
    words = {
        "bonferroni": "bonferroni",
        "hochberg": "simes-hochberg",
        "hommel": "hommel",
        "benjamini_hochberg": "fdr_bh",
        "benjamini_yekutieli": "fdr_by",
    }
    for word, theirs in words.items():
        expected = multipletests(p, method=theirs)[1]
        assert adjusted(p, word) == pytest.approx(expected, rel=1e-9, abs=1e-300), word


@pytest.mark.slow
@given(st.lists(P, min_size=1, max_size=10))
@settings(max_examples=500, deadline=None)
def test_holm_is_that_of_statsmodels(p: list[float]) -> None:
    """By itself, for it takes 40 ms a call there; the law of graphs holds it in every run."""
    expected = multipletests(p, method="holm")[1]
    assert adjusted(p, "holm") == pytest.approx(expected, rel=1e-9, abs=1e-300)


@given(st.lists(P, min_size=2, max_size=6))
@settings(max_examples=500, deadline=None)
def test_named_procedures_are_graphs_or_closures(p: list[float]) -> None:
    m = len(p)
    equal = holm_graph(m)
    assert adjusted(p, "holm") == pytest.approx(shortcut_adjusted(equal, p), rel=1e-9, abs=1e-300)
    simes = closed_test(
        equal, p, 0.05, groups=[Group(tuple(range(m)), "simes")], justification=SIMES
    )
    assert adjusted(p, "hommel") == pytest.approx(simes.adjusted_p, rel=1e-9, abs=1e-300)
    sequence = fallback_graph([1.0, *[0.0] * (m - 1)])
    assert fixed_sequence(p) == pytest.approx(shortcut_adjusted(sequence, p), abs=1e-300)
    holm, hochberg, hommel = (adjusted(p, word) for word in ("holm", "hochberg", "hommel"))
    for a, b, c, raw in zip(hommel, hochberg, holm, p, strict=True):
        assert sorted([raw, a, b, c]) == pytest.approx([raw, a, b, c], rel=1e-12)
    assert intersection_union(p) == max(p)


@given(problems(most=4), st.integers(0, 2**32 - 1))
@settings(max_examples=500, deadline=None)
def test_many_trials_at_once_are_each_trial_alone(
    case: tuple[Graph, list[float]], seed: int
) -> None:
    here, p = case
    drawn = np.random.default_rng(seed).random((6, here.size)) * 0.08
    table = np.vstack([p, drawn])
    together = rejections(here, table, 0.025)
    alone = [shortcut(here, row.tolist(), 0.025).rejected for row in table]
    assert together.tolist() == [list(row) for row in alone]


@given(st.lists(P, min_size=2, max_size=8), st.data())
@settings(max_examples=500, deadline=None)
def test_two_sequences_of_one_family_are_the_ordinary_test(p: list[float], data: object) -> None:
    first, second = two_sequences(p[:1], p[1:2], [1.0], component="hochberg", retest=True)
    assert (*first, *second) == pytest.approx(adjusted(p[:2], "hochberg"), rel=1e-12, abs=1e-300)
    first, second = two_sequences(p[:1], p[1:2], [1.0], component="holm", retest=False)
    assert (*first, *second) == pytest.approx(adjusted(p[:2], "holm"), rel=1e-12, abs=1e-300)
    m = len(p) // 2
    gamma = [0.6] * m
    plain, again = (
        two_sequences(p[:m], p[m : 2 * m], gamma, component="hochberg", retest=retest)
        for retest in (False, True)
    )
    assert all(b <= a for a, b in zip(plain[0] + plain[1], again[0] + again[1], strict=True))
    mirrored = two_sequences(p[m : 2 * m], p[:m], gamma, component="hochberg", retest=True)
    assert mirrored == (again[1], again[0])


@given(
    st.lists(P, min_size=4, max_size=4),
    st.sampled_from([0.0, 0.3, 0.7, 1.0]),
    st.sampled_from(["holm", "hochberg", "hommel"]),
)
@settings(max_examples=500, deadline=None)
def test_mixtures_respect_their_gates_and_reduce_to_the_plain_test(
    p: list[float], gamma: float, component: str
) -> None:
    alone = Families(((0, 1, 2, 3),), ((),) * 4, ((),) * 4, (1.0,))
    both = [
        mixture_gatekeeping(p, alone, component=component, modified=modified, exhaust=False)  # type: ignore[arg-type]
        for modified in (False, True)
    ]
    if component != "hochberg":  # step-up Hochberg is a little less than its closed test
        assert both[0] == pytest.approx(adjusted(p, component), rel=1e-9, abs=1e-300)
    assert both[0] == both[1]
    gates = Families(((0, 1), (2, 3)), ((), (), (0,), ()), ((), (), (), (0, 1)), (gamma, 1.0))
    standard, modified = (
        mixture_gatekeeping(p, gates, component=component, modified=word, exhaust=True)  # type: ignore[arg-type]
        for word in (False, True)
    )
    for found in (standard, modified):
        assert found[2] >= found[0]
        assert found[3] >= min(found[:2])
    assert all(b <= a * (1 + 1e-12) for a, b in zip(standard, modified, strict=True))


@given(st.floats(-0.95, 0.95), st.floats(-1, 4), st.floats(-1, 4))
@settings(max_examples=500, deadline=None)
def test_two_correlated_tails_are_those_of_the_bivariate_normal(
    r: float, a: float, b: float
) -> None:
    matrix = np.array([[1, r], [r, 1]])
    below = stats.multivariate_normal.cdf([a, b], cov=matrix)
    assert any_exceeds(np.array([a, b]), matrix) == pytest.approx(1 - below, abs=1e-12)


@given(st.lists(st.floats(-1, 5), min_size=1, max_size=3))
@settings(max_examples=500, deadline=None)
def test_independent_tails_multiply(bounds: list[float]) -> None:
    product = -np.expm1(np.sum(special.log_ndtr(bounds)))
    found = any_exceeds(np.array(bounds), np.eye(len(bounds)))
    assert found == pytest.approx(product, rel=1e-12)
