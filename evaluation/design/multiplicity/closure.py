"""The full closed test of a graph, with Bonferroni, Simes or parametric tests inside groups.

Bretz, Posch, Glimm, Klinglmueller, Maurer & Rohmeyer 2011, Biom J 53:894; Lu 2016, Stat Med
35:4041; Xi, Glimm, Maurer & Bretz 2017, Biom J 59:918. A Simes test needs positively dependent
statistics, a parametric one their joint normal distribution: the caller says in writing why it
may be assumed.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from evaluation.design.multiplicity.graphs import Graph, Weights
from evaluation.design.multiplicity.levels import checked_p, ratio
from evaluation.design.multiplicity.orthants import any_exceeds, check_correlation
from evaluation.design.multiplicity.stepwise import Decisions, decided
from evaluation.inference.arrays import FloatArray
from protocols.errors import UsageError

LocalTest = Literal["bonferroni", "simes", "parametric"]
LARGEST = 16  # 65 535 intersections


@dataclass(frozen=True, slots=True)
class Group:
    """Hypotheses (numbered from 0) tested jointly inside each intersection.

    `correlation` in the order of `members` belongs to a parametric test and to no other.
    """

    members: tuple[int, ...]
    test: LocalTest
    correlation: tuple[tuple[float, ...], ...] | None = None


@dataclass(frozen=True, slots=True)
class Intersection:
    """One intersection hypothesis: its members (from 0) and the weight of every hypothesis."""

    members: tuple[int, ...]
    weights: tuple[float, ...]


def intersections(graph: Graph) -> tuple[Intersection, ...]:
    """All non-empty intersections, the full one first, in falling binary order.

    Raises `UsageError` for more than 16 hypotheses.
    """
    weights = _weights(graph)
    return tuple(
        Intersection(members, tuple(weights.of(members).tolist()))
        for members in _subsets(graph.size)
    )


def closed_test(
    graph: Graph,
    p: Sequence[float],
    alpha: float,
    *,
    groups: Sequence[Group] = (),
    justification: str = "",
) -> Decisions:
    """Adjusted p-values: for each hypothesis the largest p-value of an intersection that holds it.

    Without `groups` every intersection has a weighted Bonferroni test. With groups, which
    must hold every hypothesis once, the smallest of the groups' p-values counts. Raises
    `UsageError` for groups that overlap or leave one out, for a parametric group without
    its correlation, and for Simes or parametric tests without a justification.
    """
    values = checked_p(p)
    if len(values) != graph.size:
        raise UsageError("LENGTHS_DIFFER", "Each hypothesis of the graph needs its p-value.")
    groups = groups or (Group(tuple(range(graph.size)), "bonferroni"),)
    _check(groups, graph.size, justification)
    weights = _weights(graph)
    found = [0.0] * graph.size
    for members in _subsets(graph.size):
        local = min(_group_p(group, members, weights.of(members), values) for group in groups)
        for j in members:
            found[j] = max(found[j], min(local, 1.0))
    return decided(found, alpha)


def _weights(graph: Graph) -> Weights:
    if graph.size > LARGEST:
        message = f"A closed test of {graph.size} hypotheses has too many intersections."
        raise UsageError("CLOSURE_SIZE", message)
    return Weights(graph)


def _subsets(size: int) -> Iterator[tuple[int, ...]]:
    for code in itertools.product((True, False), repeat=size):
        if any(code):
            yield tuple(j for j, inside in enumerate(code) if inside)


def _check(groups: Sequence[Group], size: int, justification: str) -> None:
    members = sorted(j for group in groups for j in group.members)
    if members != list(range(size)):
        raise UsageError("GROUPS", "The groups hold every hypothesis of the graph exactly once.")
    if any(group.test != "bonferroni" for group in groups) and not justification.strip():
        message = (
            "Simes and parametric tests assume something of the dependence between statistics: "
            "write down why it holds."
        )
        raise UsageError("JUSTIFICATION_MISSING", message)
    for group in groups:
        if group.test not in ("bonferroni", "simes", "parametric"):
            raise UsageError("LOCAL_TEST_UNKNOWN", f"No local test is called {group.test}.")
        if (group.test == "parametric") != (group.correlation is not None):
            message = "A parametric group has its correlation matrix, and no other group has one."
            raise UsageError("CORRELATION_SHAPE", message)
        if group.correlation is not None:
            check_correlation(np.array(group.correlation, dtype=np.float64))
            if len(group.correlation) != len(group.members):
                raise UsageError("CORRELATION_SHAPE", "The correlation has one row per member.")


def _group_p(
    group: Group, members: tuple[int, ...], weights: FloatArray, p: Sequence[float]
) -> float:
    """The group's p-value in this intersection; inf where it has no weight there."""
    inside = [j for j in group.members if j in members and weights[j] > 0]
    if not inside:
        return float("inf")
    match group.test:
        case "bonferroni":
            return min(ratio(p[j], float(weights[j])) for j in inside)
        case "simes":
            ordered = sorted(inside, key=p.__getitem__)
            sums = itertools.accumulate(float(weights[j]) for j in ordered)
            return min(ratio(p[j], total) for j, total in zip(ordered, sums, strict=True))
        case "parametric":
            return _parametric_p(group, inside, weights, p)


def _parametric_p(
    group: Group, inside: Sequence[int], weights: FloatArray, p: Sequence[float]
) -> float:
    """P(min of p_j / w_j is as small), over the group's weight (Xi et al. 2017)."""
    places = [group.members.index(j) for j in inside]
    correlation = np.array(group.correlation, dtype=np.float64)[np.ix_(places, places)]
    share = weights[inside]
    smallest = min(ratio(p[j], float(weights[j])) for j in inside)
    bounds = -special.ndtri(np.minimum(smallest * share, 1.0))
    return any_exceeds(bounds, correlation) / float(share.sum())
