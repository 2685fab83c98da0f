"""Several hypotheses tried out together: scores that hang together, and who may be claimed.

Every procedure is one of two forms. `Gates`: groups in order, each tested when all before it are
shown, each hypothesis at its own level (one group: co-primary). `Closed`: a hypothesis is shown
when every intersection of those not shown yet that holds it is rejected (Marcus, Peritz & Gabriel
1976, Biometrika 63:655). An intersection is rejected by any of its ways: all hypotheses of a way
cross the bounds of their spending at the levels of that way. So bounds at a few levels decide a
look, and no p-value is needed: Bonferroni graphs over looks (Maurer & Bretz 2013, Stat Biopharm
Res 5:311) have one hypothesis in a way, Simes' tests several.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, combinations

import numpy as np

from evaluation.design.multiplicity.graphs import Graph, updated
from evaluation.design.multiplicity.orthants import check_correlation
from evaluation.design.simulation.streams import normals, scenario_key
from evaluation.design.simulation.trials import Bounds, Scenario
from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from protocols.errors import UsageError

MOST = 8  # hypotheses: 2^8 intersections, 3^8 ways of Simes' tests

Way = tuple[tuple[int, float], ...]  # (hypothesis, one-sided level) that all must cross
Levels = Mapping[tuple[int, float], Sequence[Bounds]]  # by hypothesis and level: by pattern


@dataclass(frozen=True, slots=True)
class Gates:
    """`groups` of hypotheses in order; `levels` are one-sided, by hypothesis."""

    groups: tuple[tuple[int, ...], ...]
    levels: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """`ways` to reject each intersection. `look_back`: earlier looks count at later levels too."""

    ways: Mapping[frozenset[int], tuple[Way, ...]]
    look_back: bool


def levels_of(procedure: Gates | Closed) -> frozenset[tuple[int, float]]:
    """Every level that a hypothesis may be held against, as (hypothesis, level)."""
    if isinstance(procedure, Gates):
        return frozenset((j, level) for j, level in enumerate(procedure.levels) if level > 0)
    return frozenset(one for ways in procedure.ways.values() for way in ways for one in way)


def _digits(level: float) -> float:
    """The same level reached along other paths of a graph is the same number."""
    return float(f"{level:.12g}")


def bonferroni(graph: Graph, alpha: float, *, look_back: bool) -> Closed:
    """Holm, fallback and graphs: each hypothesis alone at its share in the intersection."""
    return Closed(
        {
            held: tuple(((j, _digits(weights[j] * alpha)),) for j in sorted(held) if weights[j] > 0)
            for held, weights in _weighted(graph)
        },
        look_back,
    )


def simes(graph: Graph, alpha: float, *, look_back: bool) -> Closed:
    """Weighted Simes tests: a set all of whose p-values lie within its share together."""
    return Closed(
        {
            held: tuple(
                tuple((j, _digits(alpha * sum(weights[i] for i in part))) for j in part)
                for part in _parts(sorted(held))
                if sum(weights[i] for i in part) > 0
            )
            for held, weights in _weighted(graph)
        },
        look_back,
    )


def stepwise(size: int, alpha: float, *, procedure: str, look_back: bool) -> Closed:
    """Hochberg and Hommel: i of m p-values within alpha / (m - i + 1), or within alpha i / m."""

    def level(i: int, m: int) -> float:
        return _digits(alpha / (m - i + 1) if procedure == "hochberg" else alpha * i / m)

    return Closed(
        {
            held: tuple(
                tuple((j, level(len(part), len(held))) for j in part)
                for part in _parts(sorted(held))
            )
            for held in map(frozenset, _parts(range(size)))
        },
        look_back,
    )


def _parts(members: Sequence[int]) -> list[tuple[int, ...]]:
    """All sets of one or more."""
    sizes = range(1, len(members) + 1)
    return list(chain.from_iterable(combinations(members, size) for size in sizes))


def _weighted(graph: Graph) -> list[tuple[frozenset[int], tuple[float, ...]]]:
    """Each intersection with the graph's weights once all others are taken out."""
    everyone = range(graph.size)
    return [
        (frozenset(part), updated(graph, [j for j in everyone if j not in part]).weights)
        for part in _parts(everyone)
    ]


@dataclass(frozen=True, slots=True)
class Family:
    """Hypotheses under one scenario; all have as many patterns, and looks in each of them.

    `scenarios` are in the order of the procedure's numbers, `correlation` that of their statistics
    at the same look. `lower` are where a hypothesis is given up, by pattern; it is not claimed
    later. `name` is that of the stream of random numbers.
    """

    name: str
    scenarios: tuple[Scenario, ...]
    correlation: tuple[tuple[float, ...], ...]
    procedure: Gates | Closed
    bounds: Levels
    first: tuple[tuple[Bounds, ...], ...]  # by hypothesis and pattern: where it is given up
    root: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        """Refuses what is not one trial; draws are made with the root of the correlation."""
        if len(self.scenarios) > MOST:
            raise UsageError("FAMILY_SIZE", f"More than {MOST} hypotheses are not tried together.")
        shapes = {tuple(len(p) for p in scenario.patterns) for scenario in self.scenarios}
        if len(shapes) != 1:
            raise UsageError("LENGTHS_DIFFER", "Hypotheses of one trial share its looks.")
        matrix = np.array(self.correlation, dtype=np.float64)
        check_correlation(matrix)
        values, vectors = np.linalg.eigh(matrix)
        object.__setattr__(self, "root", vectors * np.sqrt(np.maximum(values, 0.0)))

    @property
    def size(self) -> int:
        return len(self.scenarios)


@dataclass(frozen=True, slots=True)
class FamilyRecords:
    """`shown` is the look (from 0) at which each hypothesis was shown, -1 never: (trials, size).

    `claimed` counts what its group allows; the trial ended at `look` of `pattern`.
    """

    pattern: IntArray
    look: IntArray
    shown: IntArray
    claimed: BoolArray

    def __len__(self) -> int:
        """The number of trials."""
        return len(self.look)


def run_families(family: Family, *, seed: int, first: int, n: int) -> FamilyRecords:
    """Replicates first, ..., first + n - 1: the same whatever else is run and in which batches."""
    patterns = len(family.scenarios[0].patterns)
    looks = max(len(pattern) for pattern in family.scenarios[0].patterns)
    drawn = normals(scenario_key(seed, family.name), first, n, looks * family.size)
    draws = drawn.reshape(n, looks, family.size) @ family.root.T
    which = (np.arange(first, first + n) % patterns).astype(np.int64)
    look = np.zeros(n, dtype=np.int64)
    shown = np.full((n, family.size), -1, dtype=np.int64)
    claimed = np.zeros((n, family.size), dtype=np.bool_)
    for pattern in range(patterns):
        rows = which == pattern
        if rows.any():
            look[rows], shown[rows], claimed[rows] = _run(family, pattern, draws[rows])
    return FamilyRecords(which, look, shown, claimed)


def _statistics(family: Family, pattern: int, draws: FloatArray) -> FloatArray:
    """z by trial, look and hypothesis."""
    found = np.empty_like(draws[:, : len(family.scenarios[0].patterns[pattern])])
    for j, scenario in enumerate(family.scenarios):
        information = np.array(scenario.patterns[pattern])
        steps = np.sqrt(np.diff(information, prepend=0.0))
        scores = np.cumsum(draws[:, : len(information), j] * steps, axis=1)
        found[:, :, j] = (scores + scenario.mean_score(information)) / np.sqrt(information)
    return found


def _run(family: Family, pattern: int, draws: FloatArray) -> tuple[IntArray, IntArray, BoolArray]:
    z = _statistics(family, pattern, draws)
    n, looks, size = z.shape
    shown = np.full((n, size), -1, dtype=np.int64)
    given_up = np.zeros((n, size), dtype=np.bool_)
    look = np.full(n, looks - 1, dtype=np.int64)
    going = np.ones(n, dtype=np.bool_)
    for k in range(looks):
        tested = _Look(family, pattern, z, k, given_up)
        may = going[:, None] & ~given_up & (shown < 0)
        shown[_allowed(tested, shown) & may] = k
        if k < looks - 1:
            given_up |= _given_up(family, pattern, z, k=k) & (shown < 0)
            ends = going & (given_up | (shown >= 0)).all(axis=1)
            look[ends] = k
            going &= ~ends
    return look, shown, claimed_of(family.procedure, shown)


def _given_up(family: Family, pattern: int, z: FloatArray, *, k: int) -> BoolArray:
    found = np.zeros((len(z), family.size), dtype=np.bool_)
    for j, scenario in enumerate(family.scenarios):
        lower = family.first[j][pattern].lower
        if lower is not None and scenario.obeys_futility:
            found[:, j] = z[:, k, j] <= lower[k]
    return found


@dataclass(frozen=True, slots=True)
class _Look:
    """Look k of trials of one pattern; who was given up before it is not tested."""

    family: Family
    pattern: int
    z: FloatArray
    k: int
    given_up: BoolArray


def _allowed(at: _Look, shown: IntArray) -> BoolArray:
    """Whom the procedure shows, given who was shown before."""
    procedure = at.family.procedure
    back = isinstance(procedure, Closed) and procedure.look_back

    @cache
    def crossed(j: int, level: float) -> BoolArray:
        upper = np.array(at.family.bounds[j, level][at.pattern].upper)
        looks = slice(0 if back else at.k, at.k + 1)
        over = (at.z[:, looks, j] >= upper[looks]).any(axis=1)
        return np.asarray(over & ~at.given_up[:, j])

    if isinstance(procedure, Gates):
        return _through(procedure, crossed, shown)
    return _closed(procedure, crossed, shown)


Crossed = Callable[[int, float], BoolArray]


def _through(procedure: Gates, crossed: Crossed, shown: IntArray) -> BoolArray:
    found = np.zeros(shown.shape, dtype=np.bool_)
    open_ = np.ones(len(shown), dtype=np.bool_)
    for group in procedure.groups:
        for j in group:
            level = procedure.levels[j]
            found[:, j] = open_ & ((shown[:, j] >= 0) | (crossed(j, level) if level else False))
        open_ = open_ & found[:, list(group)].all(axis=1)
    return found


def _closed(procedure: Closed, crossed: Crossed, shown: IntArray) -> BoolArray:
    found = np.ones(shown.shape, dtype=np.bool_)
    for held, ways in procedure.ways.items():
        members = sorted(held)
        # an intersection with someone shown before is tested no more
        rejected: BoolArray = np.asarray((shown[:, members] >= 0).any(axis=1))
        for way in ways:
            if not rejected.all():
                together = np.logical_and.reduce([crossed(j, at) for j, at in way])
                rejected = np.logical_or(rejected, together)
        found[:, members] &= np.expand_dims(rejected, 1)
    return found


def claimed_of(procedure: Gates | Closed, shown: IntArray) -> BoolArray:
    """Who is claimed of those shown at a look (-1 never).

    Inside a group all must be shown; a closed procedure claims each alone.
    """
    claimed: BoolArray = np.asarray(shown >= 0)
    if isinstance(procedure, Gates):
        for group in procedure.groups:
            members = list(group)
            whole = np.asarray(claimed[:, members].all(axis=1))
            claimed[:, members] = np.expand_dims(whole, 1)
    return claimed
