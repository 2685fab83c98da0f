"""The paths that have not stopped, on quadrature panels sized by information.

The score statistic S_k = z_k sqrt(I_k) has independent normal increments. Its density among the
paths that went on is smooth on the scale of the information gained since the look before, and
the step to the next look smooths on the scale of the information to come. Gauss-Legendre panels
that are a fixed multiple of that scale are exact to rounding whether looks lie 0.01 % or half a
trial apart; a fixed grid is not.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray

ORDER = 24
WIDTH = 8.0  # of one panel, in units of the local smoothing scale
REACH = 9.0  # standard deviations of a look's score that are integrated
ROWS = 256  # of the transition matrix held at once
LOG_SQRT_2PI = math.log(2 * math.pi) / 2


@dataclass(frozen=True, slots=True)
class Paths:
    """Nodes of the score at one look, each with the probability mass of paths still going on."""

    information: float
    nodes: FloatArray
    mass: FloatArray


@dataclass(frozen=True, slots=True)
class Stop:
    """A look where paths stop outside (lower, upper) on the z scale; `origin` led there."""

    information: float
    lower: float
    upper: float
    origin: Paths | None


@lru_cache(maxsize=1)
def _rule() -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.legendre.leggauss(ORDER)
    return nodes.astype(np.float64), weights.astype(np.float64)


def _panels(low: float, high: float, scale: float) -> tuple[FloatArray, FloatArray]:
    if not high > low:
        return np.empty(0), np.empty(0)
    edges = np.linspace(low, high, max(1, math.ceil((high - low) / (WIDTH * scale))) + 1)
    half = np.diff(edges)[:, None] / 2
    x, w = _rule()
    return (edges[:-1, None] + half + half * x).ravel(), (half * w).ravel()


def carry_on(
    stop: Stop, target: float, *, drift: float = 0.0, reach: float = REACH, depth: float = REACH
) -> Paths:
    """The paths inside the bounds of `stop`, on panels fit for the step to information `target`.

    `drift` is the effect per unit of information; `reach` the largest z here that matters to
    the look to come. For a crossing of z there, that is hypot(z, REACH): given z, the score
    before is normal around r z with variance 1 - r^2, and r z + REACH sqrt(1 - r^2) is largest
    at that value, whatever the ratio of information r^2. `depth` is the same below 0, for a
    crossing of -z; a drift changes neither, because z is given.
    """
    here = stop.information
    root = math.sqrt(here)
    gained = here - (stop.origin.information if stop.origin is not None else 0.0)
    coming = target - here
    scale = math.sqrt(gained * coming / (gained + coming))
    centre = drift * root
    low = max(stop.lower, min(min(centre, 0.0) - REACH, -depth))
    high = min(stop.upper, max(centre + REACH, reach))
    nodes, weights = _panels(low * root, high * root, scale)
    return Paths(here, nodes, weights * _density(stop.origin, here, nodes, drift))


def _density(origin: Paths | None, here: float, nodes: FloatArray, drift: float) -> FloatArray:
    if origin is None:
        return _normal(nodes - drift * here, here)
    gained = here - origin.information
    density = np.empty_like(nodes)
    for start in range(0, len(nodes), ROWS):
        rows = slice(start, start + ROWS)
        steps = nodes[rows, None] - origin.nodes[None, :] - drift * gained
        density[rows] = _normal(steps, gained) @ origin.mass
    return density


def _normal(values: FloatArray, variance: float) -> FloatArray:
    scaled: FloatArray = np.exp(values * values * (-0.5 / variance))
    return scaled / math.sqrt(2 * math.pi * variance)


def crossing(paths: Paths | None, target: float, bound: float, *, drift: float = 0.0) -> float:
    """Probability of z > `bound` at information `target` after `paths` (None: at the start)."""
    if math.isinf(bound):
        return 0.0 if bound > 0 else (1.0 if paths is None else float(paths.mass.sum()))
    if paths is None:
        return float(special.ndtr(drift * math.sqrt(target) - bound))
    gained = target - paths.information
    distance = paths.nodes + drift * gained - bound * math.sqrt(target)
    return float(paths.mass @ special.ndtr(distance / math.sqrt(gained)))


def log_crossing(
    paths: Paths, target: float, bound: float, *, drift: float = 0.0
) -> tuple[float, float]:
    """Logarithm of `crossing`, and its derivative by the bound."""
    gained = target - paths.information
    z = (bound * math.sqrt(target) - paths.nodes - drift * gained) / math.sqrt(gained)
    with np.errstate(divide="ignore"):
        log_mass = np.log(paths.mass)
    log_p = _log_sum(log_mass + special.log_ndtr(-z))
    log_slope = _log_sum(log_mass - z * z / 2) - LOG_SQRT_2PI
    return log_p, -math.sqrt(target / gained) * math.exp(log_slope - log_p)


def _log_sum(logs: FloatArray) -> float:
    """Of the exponentials; there is always a finite one, because some mass is left."""
    top = float(logs.max())
    return top + math.log(float(np.exp(logs - top).sum()))
