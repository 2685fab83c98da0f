"""Bonferroni graphs: local levels that travel along edges as hypotheses are rejected.

Bretz, Maurer, Brannath & Posch 2009, Stat Med 28:586; Burman, Sonesson & Guilbaud 2009, Stat
Med 28:739. Taking a hypothesis out is the censoring of a Markov chain: what its row does not
pass on is kept as a loss, so that the update adds and divides positive numbers only. Edges of
1e-12 therefore keep their digits, where 1 - g_lj g_jl would lose them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.design.multiplicity.levels import ROUNDING, checked_p, ratio
from evaluation.design.multiplicity.stepwise import Decisions, decided
from evaluation.inference.arrays import BoolArray, FloatArray
from protocols.errors import UsageError

SUMS_TO_ONE = 1e-9  # by how much thirds written as decimals may exceed 1
LOSSLESS = 1e-12  # a row that loses less than this is a row of rounded decimals


@dataclass(frozen=True, slots=True)
class Graph:
    """Initial shares of alpha and the shares passed on: `transitions[i][j]` from i to j.

    Shares are non-negative, no hypothesis passes to itself, weights and rows sum to 1 at most.
    An epsilon edge is an ordinary small number. Raises `UsageError` otherwise.
    """

    weights: tuple[float, ...]
    transitions: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        m = len(self.weights)
        if m == 0:
            raise UsageError("NO_HYPOTHESES", "A graph needs one hypothesis at least.")
        if len(self.transitions) != m or any(len(row) != m for row in self.transitions):
            message = "A graph of m weights has m rows of m shares."
            raise UsageError("GRAPH_SHAPE", message)
        shares = [*self.weights, *(share for row in self.transitions for share in row)]
        if any(not 0 <= share <= 1 + SUMS_TO_ONE for share in shares):
            raise UsageError("GRAPH_RANGE", "Weights and shares of a graph lie in [0, 1].")
        if any(self.transitions[i][i] != 0 for i in range(m)):
            raise UsageError("GRAPH_LOOP", "No hypothesis passes alpha to itself.")
        if any(math.fsum(row) > 1 + SUMS_TO_ONE for row in (self.weights, *self.transitions)):
            message = "The weights, and the shares that a hypothesis passes on, sum to 1 at most."
            raise UsageError("GRAPH_SUM", message)

    @property
    def size(self) -> int:
        return len(self.weights)


def graph(weights: Sequence[float], transitions: Sequence[Sequence[float]]) -> Graph:
    """A `Graph` from lists or arrays."""
    rows = tuple(tuple(float(share) for share in row) for row in transitions)
    return Graph(tuple(float(weight) for weight in weights), rows)


def holm_graph(size: int) -> Graph:
    """Holm's procedure as a graph: equal weights, equal shares."""
    share = 1 / (size - 1) if size > 1 else 0.0
    rows = [[0.0 if i == j else share for j in range(size)] for i in range(size)]
    return graph([1 / size] * size, rows)


def fallback_graph(weights: Sequence[float]) -> Graph:
    """Fallback (Wiens 2003, Pharm Stat 2:211): each passes its alpha to the next in order.

    Weight 1 on the first and 0 on the others is the fixed sequence.
    """
    m = len(weights)
    return graph(weights, [[float(j == i + 1) for j in range(m)] for i in range(m)])


def gatekeeper_graph(gates: int, followers: int) -> Graph:
    """Parallel gatekeeping: gates share alpha, each rejected one opens equally for followers.

    Dmitrienko, Offen & Westfall 2003, Stat Med 22:2387, in its Bonferroni form; the followers
    are tested by Holm's procedure with what has been passed on.
    """
    m = gates + followers
    weights = [1 / gates] * gates + [0.0] * followers
    rows = [[0.0] * m for _ in range(m)]
    for i in range(m):
        for j in range(gates, m):
            if i != j:
                rows[i][j] = 1 / followers if i < gates else 1 / (followers - 1)
    return graph(weights, rows)


@dataclass(frozen=True, slots=True)
class State:
    """A graph part-way: arrays over all hypotheses, zero where one was taken out."""

    weights: FloatArray
    transitions: FloatArray
    losses: FloatArray

    def as_graph(self) -> Graph:
        return graph(self.weights.tolist(), self.transitions.tolist())


def start(graph: Graph) -> State:
    """The graph with nothing rejected. Sums above 1 by rounding are scaled to 1."""
    weights = np.array(graph.weights, dtype=np.float64)
    transitions = np.array(graph.transitions, dtype=np.float64)
    weights /= max(1.0, math.fsum(graph.weights))
    sums = np.array([math.fsum(row) for row in graph.transitions])
    transitions /= np.maximum(sums, 1.0)[:, None]
    losses = np.where(1 - sums > LOSSLESS, 1 - sums, 0.0)
    return State(weights, transitions, losses)


def without(state: State, j: int) -> State:
    """The graph after hypothesis `j` is rejected (or left out of an intersection)."""
    shares, given = state.transitions, state.transitions[j]
    to_j = shares[:, j]
    elsewhere = shares.copy()
    elsewhere[:, j] = 0.0
    onward = np.where(np.eye(len(given), dtype=bool), 0.0, given[None, :])
    # what does not come back to l: 1 - g_lj g_jl, summed from its positive parts
    kept = state.losses + elsewhere.sum(axis=1) + to_j * (state.losses[j] + onward.sum(axis=1))
    scale = np.divide(1.0, kept, out=np.zeros_like(kept), where=kept > 0)
    transitions = (elsewhere + np.outer(to_j, given)) * scale[:, None]
    np.fill_diagonal(transitions, 0.0)
    transitions[j] = transitions[:, j] = 0.0
    losses = np.where(kept > 0, (state.losses + to_j * state.losses[j]) * scale, 1.0)
    losses[j] = 1.0
    weights = state.weights + state.weights[j] * given
    weights[j] = 0.0
    weights /= max(1.0, math.fsum(weights.tolist()))
    return State(weights, transitions, losses)


def updated(graph: Graph, rejected: Sequence[int]) -> Graph:
    """The graph after these hypotheses (numbered from 0) are rejected; their order is no matter.

    Raises `UsageError` for a number that the graph does not have.
    """
    state = start(graph)
    for j in sorted(set(rejected)):
        if not 0 <= j < graph.size:
            raise UsageError("HYPOTHESIS_UNKNOWN", f"The graph has no hypothesis {j}.")
        state = without(state, j)
    return state.as_graph()


def shortcut_adjusted(graph: Graph, p: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values of the sequentially rejective procedure (Bretz et al. 2009, algorithm 2).

    The same as those of the full closed test with weighted Bonferroni tests.
    """
    values = _p_of(graph, p)
    state, left = start(graph), list(range(graph.size))
    found = [1.0] * graph.size
    largest = 0.0
    while left:
        levels = {j: ratio(values[j], float(state.weights[j])) for j in left}
        j = min(left, key=levels.__getitem__)
        largest = max(largest, min(levels[j], 1.0))
        found[j] = largest
        left.remove(j)
        state = without(state, j)
    return tuple(found)


def shortcut(graph: Graph, p: Sequence[float], alpha: float) -> Decisions:
    """The sequentially rejective procedure at one-sided `alpha`; a p on the boundary rejects."""
    return decided(shortcut_adjusted(graph, p), alpha)


def _p_of(graph: Graph, p: Sequence[float]) -> tuple[float, ...]:
    if len(p) != graph.size:
        raise UsageError("LENGTHS_DIFFER", "Each hypothesis of the graph needs its p-value.")
    return checked_p(p)


class Weights:
    """Weights of every intersection of a graph, computed once each; a set is its tuple."""

    def __init__(self, graph: Graph) -> None:
        self._states: dict[tuple[int, ...], State] = {tuple(range(graph.size)): start(graph)}
        self._size = graph.size

    def state(self, members: tuple[int, ...]) -> State:
        """The graph reduced to `members`, ascending."""
        if members not in self._states:
            gone = next(j for j in range(self._size) if j not in members)
            parent = tuple(sorted((*members, gone)))
            self._states[members] = without(self.state(parent), gone)
        return self._states[members]

    def of(self, members: tuple[int, ...]) -> FloatArray:
        return self.state(members).weights


def rejections(graph: Graph, p: FloatArray, alpha: float) -> BoolArray:
    """The same procedure on many trials at once: `p` and the answer are trials x hypotheses."""
    weights = Weights(graph)
    rejected = np.zeros(p.shape, dtype=np.bool_)
    codes = np.zeros(len(p), dtype=np.int64)
    powers = 1 << np.arange(graph.size)
    moving = np.arange(len(p))
    while moving.size:
        still = []
        for code in np.unique(codes[moving]):
            rows = moving[codes[moving] == code]
            members = tuple(j for j in range(graph.size) if not code >> j & 1)
            here = weights.of(members) if members else np.zeros(graph.size)
            levels = here * alpha
            new = np.array([level > 0 for level in levels]) & ~rejected[rows]
            new &= p[rows] <= levels * (1 + ROUNDING)
            rows = rows[new.any(axis=1)]
            rejected[rows] |= new[new.any(axis=1)]
            still.append(rows)
        moving = np.concatenate(still)
        codes[moving] = rejected[moving] @ powers
    return rejected
