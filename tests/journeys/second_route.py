"""The decisions of a group-sequential graph reckoned a second time, from stored looks alone.

Nothing of the engine is used: densities by Gauss-Legendre quadrature on z, bounds by Brent's root,
the spending function and the graph's update as their papers print them.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import optimize
from scipy.stats import norm

LOWEST = -10.0
NODES, WEIGHTS = np.polynomial.legendre.leggauss(400)

Spend = Callable[[float, int], float]


def obrien_fleming_like(alpha: float, time: float) -> float:
    """Lan & DeMets 1983: cumulative one-sided alpha by spending time."""
    return 2 * float(norm.sf(norm.isf(alpha / 2) / math.sqrt(time)))


class Walk:
    """z over the looks under no effect, of the paths that have not crossed yet."""

    def __init__(self) -> None:
        self.information = 0.0
        self.z = np.zeros(1)
        self.mass = np.ones(1)

    def above(self, bound: float, information: float) -> float:
        """The share of all paths that lie above `bound` at the next look."""
        step = math.sqrt(information - self.information)
        walked = self.z * math.sqrt(self.information)
        return float(self.mass @ norm.sf((bound * math.sqrt(information) - walked) / step))

    def stop_above(self, bound: float, information: float) -> None:
        """Go on to the next look with those that stay below `bound`."""
        step = math.sqrt(information - self.information)
        half = (bound - LOWEST) / 2
        z = LOWEST + half * (NODES + 1)
        walked = self.z * math.sqrt(self.information)
        reached = (z[:, None] * math.sqrt(information) - walked[None, :]) / step
        density = norm.pdf(reached) @ self.mass * math.sqrt(information) / step
        self.information, self.z, self.mass = information, z, density * half * WEIGHTS


def bounds(alphas: Sequence[float], information: Sequence[float]) -> list[float]:
    """Efficacy bounds on z that spend cumulative `alphas`; futility as if it did not exist."""
    walk, before, found = Walk(), 0.0, []
    for alpha, here in zip(alphas, information, strict=True):

        def left(z: float, here: float = here, part: float = alpha - before) -> float:
            return math.log(walk.above(z, here)) - math.log(part)

        found.append(float(optimize.brentq(left, -1.0, 9.0, xtol=1e-13)))
        walk.stop_above(found[-1], here)
        before = alpha
    return found


def stagewise_p(z: float, before: Sequence[float], information: Sequence[float]) -> float:
    """The share of paths as extreme as `z` or stopped at an earlier look (Tsiatis et al. 1984)."""
    walk, p = Walk(), 0.0
    for bound, here in zip(before, information[:-1], strict=True):
        p += walk.above(bound, here)
        walk.stop_above(bound, here)
    return p + walk.above(z, information[-1])


def weighted_p(
    stopped: float, last: float, before: Sequence[float], information: Sequence[float]
) -> float:
    """What stopped the trial with what came after it, weighted by information (Hall & Ding 2008).

    `information` are those of the looks up to the one that stopped, and of the last look.
    """
    then, now = information[-2:]
    late = (last * math.sqrt(now) - stopped * math.sqrt(then)) / math.sqrt(now - then)
    first = float(norm.isf(stagewise_p(stopped, before, information[:-1])))
    return float(norm.sf(math.sqrt(then / now) * first + math.sqrt(1 - then / now) * late))


@dataclass(slots=True)
class Graph:
    """Bretz, Maurer, Brannath & Posch 2009, algorithm 1."""

    weights: dict[str, float]
    edges: dict[tuple[str, str], float]

    def reject(self, gone: str) -> None:
        """Pass on what it has, and the edges through it."""
        left = [code for code in self.weights if code != gone]
        weights = {j: self.weights[j] + self.weights[gone] * self._edge(gone, j) for j in left}
        edges = {}
        for j in left:
            for k in left:
                loop = self._edge(j, gone) * self._edge(gone, j)
                if j != k and loop < 1:
                    through = self._edge(j, gone) * self._edge(gone, k)
                    edges[j, k] = (self._edge(j, k) + through) / (1 - loop)
        self.weights, self.edges = weights, edges

    def _edge(self, j: str, k: str) -> float:
        return self.edges.get((j, k), 0.0)


@dataclass(frozen=True, slots=True)
class Seen:
    """One hypothesis at one look; `p` is that of the weakest population that must agree."""

    information: float
    p: float


@dataclass(slots=True)
class Found:
    """When each hypothesis was shown, at which alpha, and what it is held against at each look."""

    shown: dict[str, str] = field(default_factory=dict)
    levels: dict[tuple[str, str], float] = field(default_factory=dict)
    bounds: dict[tuple[str, str], float] = field(default_factory=dict)


def maurer_bretz(
    graph: Graph, alpha: float, looks: Mapping[str, Mapping[str, Seen]], spend: Spend
) -> Found:
    """Maurer & Bretz 2013 without looking back: spending evaluated anew at every local alpha.

    `spend(alpha, k)` is what the looks up to the k-th (from 0) may have spent.
    """
    found, names = Found(), list(looks)
    kept: dict[str, float] = {}
    for k, name in enumerate(names):
        moved = True
        while moved:
            moved = False
            for code in list(graph.weights):
                level = alpha * graph.weights[code]
                bound = _bound(level, [looks[n][code].information for n in names[: k + 1]], spend)
                found.levels[code, name], found.bounds[code, name] = level, bound
                if looks[name][code].p <= norm.sf(bound):
                    found.shown[code], kept[code] = name, level
                    graph.reject(code)
                    moved = True
                    break
        for code in kept.keys() - graph.weights.keys():
            earlier = [looks[n][code].information for n in names[: k + 1]]
            found.levels[code, name] = kept[code]
            found.bounds[code, name] = _bound(kept[code], earlier, spend)
    return found


def _bound(level: float, information: Sequence[float], spend: Spend) -> float:
    if level == 0:
        return math.inf
    return bounds([spend(level, k) for k in range(len(information))], information)[-1]
