"""Exact walks of counts towards limits: who signals when, for binomial and Poisson counts.

Probabilities of a first crossing are added up as they are, never as one minus a survival, so that
small errors keep their digits (Jennison & Turnbull 2000, chapter 12).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray
from protocols.errors import UsageError

_NEGLIGIBLE = 1e-22


@dataclass(frozen=True, slots=True)
class CountCrossings:
    """Probability of first leaving at each look, above and below, and the expected size."""

    upper: tuple[float, ...]
    lower: tuple[float, ...]
    expected_n: float


def binomial_crossings(
    n: Sequence[int], *, upper: Sequence[int], lower: Sequence[int] | None, rate: float
) -> CountCrossings:
    """How a monitored number of events leaves its limits when each case has an event with `rate`.

    At look k, of `n[k]` cases in all, `upper[k]` events or more signal and `lower[k]` or fewer
    stop (-1: never; None: at no look). Whoever has not left by the last look counts with its `n`.
    Raises `UsageError` for sizes that do not grow or limits that overlap.
    """
    lower = [-1] * len(n) if lower is None else lower
    _check_looks(n, upper, lower, rate)
    mass = np.ones(1)
    ups, downs, size, before = [], [], 0.0, 0
    for here, up, down in zip(n, upper, lower, strict=True):
        mass = np.convolve(mass, _binomial_pmf(here - before, rate))
        counts = np.arange(len(mass))
        above, below = counts >= up, counts <= down
        ups.append(math.fsum(mass[above]))
        downs.append(math.fsum(mass[below]))
        size += here * (ups[-1] + downs[-1])
        mass = np.where(above | below, 0.0, mass)
        before = here
    return CountCrossings(tuple(ups), tuple(downs), size + before * math.fsum(mass))


def _check_looks(n: Sequence[int], upper: Sequence[int], lower: Sequence[int], rate: float) -> None:
    if not (len(n) == len(upper) == len(lower) and len(n) > 0 and 0 <= rate <= 1):
        raise UsageError("LENGTHS_DIFFER", "Each look needs its size and limits, and a rate.")
    if any(b <= a for a, b in zip([0, *n[:-1]], n, strict=True)):
        raise UsageError("LOOK_ORDER", "The number of cases grows from look to look.")
    if any(a >= b for a, b in zip(lower, upper, strict=True)):
        raise UsageError("LIMITS_OVERLAP", "The lower limit stays below the upper one.")


def _binomial_pmf(n: int, rate: float) -> FloatArray:
    k = np.arange(n + 1, dtype=np.float64)
    ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return np.asarray(np.exp(ways + special.xlogy(k, rate) + special.xlog1py(n - k, -rate)))


def poisson_signals(times: Sequence[float], limits: Sequence[int]) -> FloatArray:
    """Probability that a unit Poisson process first has `limits[k]` events or more at `times[k]`.

    Times (expected counts) do not decrease; neither do limits.
    """
    mass, before = np.ones(1), 0.0
    found = []
    for time, limit in zip(times, limits, strict=True):
        if time > before:
            mass, above = _moved(mass, time - before, limit)
        else:
            above = math.fsum(mass[limit:])
            mass = mass[:limit]
        found.append(above)
        before = time
    return np.array(found)


def _moved(mass: FloatArray, step: float, limit: int) -> tuple[FloatArray, float]:
    """The mass below `limit` after a step, and the one that came to lie at or above it."""
    k = np.arange(min(limit, len(mass) + _reach(step)), dtype=np.float64)
    pmf = np.exp(special.xlogy(k, step) - step - special.gammaln(k + 1))
    inside = np.convolve(mass, pmf[: _reach(step)])[:limit]
    missing = limit - np.arange(len(mass), dtype=np.float64)
    tails = np.where(missing > 0, special.pdtrc(np.maximum(missing - 1, 0), step), 1.0)
    return inside, math.fsum(mass * tails)


def _reach(step: float) -> int:
    """Events in a step beyond which nothing countable is left."""
    k = step + 12 * math.sqrt(step) + 30
    while special.pdtrc(k, step) > _NEGLIGIBLE:
        k *= 1.2
    return math.ceil(k) + 1


def exact_limits(n: Sequence[int], spent: Sequence[float], *, rate: float) -> tuple[int, ...]:
    """Fewest events that signal at each look while the error by then stays at most `spent`.

    Exact at `rate`, and thereby at any smaller one; `spent` is cumulative. A look at which not even
    events in all cases would be rare enough has n + 1. What a look leaves over, the next may use.
    """
    if len(spent) != len(n):
        raise UsageError("LENGTHS_DIFFER", "Each look needs its size and its cumulative error.")
    mass, used, before = np.ones(1), 0.0, 0
    limits: list[int] = []
    for here, most in zip(n, spent, strict=True):
        _check_looks([here - before], [1], [0], rate)
        mass = np.convolve(mass, _binomial_pmf(here - before, rate))
        tails = np.cumsum(mass[::-1])[::-1]
        rare = np.flatnonzero(used + tails <= most)
        limit = int(rare[0]) if rare.size and most > used else len(mass)
        limit = here + 1 if limit >= len(mass) else limit
        used += math.fsum(mass[limit:])
        mass = mass[:limit]
        limits.append(limit)
        before = here
    return tuple(limits)
