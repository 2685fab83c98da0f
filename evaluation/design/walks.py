"""A trial followed look by look: who arrives there, and with what probability they leave.

Everything that sums over stopping (error rates, expected information, expected estimates,
orderings of results) walks the same looks; only what it asks at each of them differs.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy import special

from evaluation.design.panels import LOG_SQRT_2PI, REACH, Paths, Stop, carry_on, crossing

CELL = 8.0  # drifts this far apart, in standard errors of the last look, share one walk
SHARED = 30.0  # beyond this likelihood ratios leave the range of floats: each drift walks alone


@dataclass(frozen=True, slots=True)
class Arrival:
    """One look at which paths may leave above `upper` or below `lower` (z scale)."""

    look: int
    information: float
    lower: float
    upper: float
    drift: float
    paths: Paths | None

    def under(self, drift: float) -> "Arrival":
        """The same look under another drift, each path weighted by its likelihood ratio."""
        if drift == self.drift or self.paths is None:
            return replace(self, drift=drift)
        here, nodes = self.paths.information, self.paths.nodes
        ratio = np.exp((drift - self.drift) * (nodes - (drift + self.drift) / 2 * here))
        return replace(self, drift=drift, paths=Paths(here, nodes, self.paths.mass * ratio))

    def above(self, bound: float) -> float:
        """Probability of getting here and finding z above `bound`."""
        return crossing(self.paths, self.information, bound, drift=self.drift)

    def below(self, bound: float) -> float:
        """Probability of getting here and finding z below `bound`."""
        if bound == -math.inf:
            return 0.0
        return crossing(mirrored(self.paths), self.information, -bound, drift=-self.drift)

    def score_above(self, bound: float) -> float:
        """The mean of the score z sqrt(I) over those paths; -inf takes all that get here."""
        before = 0.0 if self.paths is None else self.paths.information
        gained = self.information - before
        if self.paths is None:
            return _partial_mean(self.drift * gained, gained, bound * math.sqrt(gained))
        centres = self.paths.nodes + self.drift * gained
        if bound == -math.inf:
            return float(self.paths.mass @ centres)
        root = math.sqrt(gained)
        distance = (centres - bound * math.sqrt(self.information)) / root
        beyond = centres * special.ndtr(distance)
        edge = np.exp(-distance * distance / 2 - LOG_SQRT_2PI)
        return float(self.paths.mass @ (beyond + root * edge))


def _partial_mean(centre: float, variance: float, bound: float) -> float:
    if bound == -math.inf:
        return centre
    root = math.sqrt(variance)
    distance = (centre - bound) / root
    edge = math.exp(-distance * distance / 2 - LOG_SQRT_2PI)
    return centre * float(special.ndtr(distance)) + root * edge


def mirrored(paths: Paths | None) -> Paths | None:
    """The same paths with up and down exchanged."""
    return None if paths is None else Paths(paths.information, -paths.nodes, paths.mass)


def walk(
    upper: Sequence[float],
    lower: Sequence[float],
    information: Sequence[float],
    *,
    drift: float = 0.0,
) -> Iterator[Arrival]:
    """The looks that can stop, in order; a look with two infinite bounds is passed over.

    Arguments are not checked here: information must increase and the three lengths agree.
    Drifts near each other are one walk: under another drift every path keeps its way and
    changes its weight, so that inverting a p-value in the effect costs no further walks.
    """
    if not information:
        return
    root = math.sqrt(information[-1])
    near = abs(drift) * root <= SHARED
    middle = CELL * round(drift * root / CELL) / root if near else drift
    for arrival in _followed(tuple(upper), tuple(lower), tuple(information), middle):
        yield arrival.under(drift)


@lru_cache(maxsize=4)
def _followed(
    upper: tuple[float, ...], lower: tuple[float, ...], information: tuple[float, ...], drift: float
) -> tuple[Arrival, ...]:
    """All looks that can stop, on nodes that do for any drift within half a cell."""
    arrivals: list[Arrival] = []
    stop: Stop | None = None
    reach, depth = _reach((*upper, *lower)), _reach(lower)
    end = math.sqrt(information[-1])
    looks = zip(upper, lower, information, strict=True)
    for look, (up, down, here) in enumerate(looks):
        if up == math.inf and down == -math.inf:
            continue
        paths = None
        if stop is not None:
            centre, apart = drift * math.sqrt(stop.information), CELL / 2
            apart *= math.sqrt(stop.information) / end
            high = max(reach, centre + apart + REACH)
            deep = max(depth, apart - centre + REACH)
            paths = carry_on(stop, here, drift=drift, reach=high, depth=deep)
        arrivals.append(Arrival(look, here, down, up, drift, paths))
        stop = Stop(here, down, up, paths)
    return tuple(arrivals)


def _reach(bounds: Sequence[float]) -> float:
    farthest = max((abs(bound) for bound in bounds if not math.isinf(bound)), default=0.0)
    return math.hypot(REACH, farthest)
