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

from evaluation.inference.arrays import FloatArray, IntArray

ORDER = 24
WIDTH = 8.0  # of one panel, in units of the local smoothing scale
REACH = 9.0  # standard deviations of a look's score that are integrated
FEW = 25_000  # pairs of nodes that are quicker taken one by one
ROWS = 64  # panels stepped to at once
SMALLEST_LOG = -1000.0  # of a density; even a panel's width away it is too small for a double
SMALLEST_PLAIN = 1e-250  # a probability that sums of doubles give with all its digits
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
    if nodes.size * origin.nodes.size <= FEW:
        return _normal(nodes[:, None] - origin.nodes - drift * gained, gained) @ origin.mass
    there = nodes.reshape(-1, ORDER)
    density = np.empty_like(there)
    for first in range(0, len(there), ROWS):
        rows = slice(first, first + ROWS)
        density[rows] = _stepped(origin, there[rows], drift * gained, gained)
    return density.ravel()


def _stepped(origin: Paths, there: FloatArray, shift: float, gained: float) -> FloatArray:
    """The density at panels `there` after a normal step of mean `shift` and variance `gained`.

    Between the panel around y and that around x the kernel factors, with y + u and x + w in them
    and d = y - x - shift, into exp(-d^2 / 2v) exp(-d u / v) exp(d w / v) exp(-(u - w)^2 / 2v): so
    it takes exponentials by node and pair of panels, not by pair of nodes. What is not within
    REACH steps of where the integrand is largest is left out: the integrand is log-concave, so it
    falls from there at least as fast as the kernel, however small it is itself.
    """
    mass = origin.mass.reshape(-1, ORDER)
    heres, (x, w) = mass.sum(axis=1), _centred(origin.nodes.reshape(-1, ORDER))
    y, u = _centred(there)
    apart = y[:, None] - x - shift
    with np.errstate(divide="ignore"):
        logs = np.log(heres) - apart * apart / (2 * gained)
    mode = logs.argmax(axis=1)
    top = logs[np.arange(len(y)), mode]
    seen = _window(mode, len(x), (u[-1] + REACH * math.sqrt(gained)) / (w[-1] - w[0]))
    rows = np.arange(len(y))[:, None]
    lost = top < SMALLEST_LOG  # no double holds the density: a step of 0 keeps it out of the way
    apart = np.where(lost[:, None], 0.0, apart[rows, seen])[:, :, None] / gained
    held = np.where(lost, 0.0, top)
    fall = np.where(lost[:, None], -np.inf, logs[rows, seen] - held[:, None])[:, :, None]
    share = mass / np.where(heres > 0, heres, 1.0)[:, None]
    within = np.exp(np.subtract.outer(w, u) ** 2 * (-0.5 / gained))
    landed = (np.exp(fall + apart * w) * share[seen]) @ within
    total = (landed * np.exp(-apart * u)).sum(axis=1)
    root = np.exp(held / 2)[:, None]  # its square may be too small for now
    density: FloatArray = total * root * root / math.sqrt(2 * math.pi * gained)
    return density


def _centred(panels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The middle of each panel, and how far its nodes lie from there; all are of one width."""
    middle = (panels[:, 0] + panels[:, -1]) / 2
    return middle, panels[0] - middle[0]


def _window(mode: IntArray, panels: int, needed: float) -> IntArray:
    """By row the indices of neighbouring panels around `mode`, equally many in all rows."""
    half = math.ceil(needed) + 1
    many = min(2 * half + 1, panels)
    first = np.clip(mode - half, 0, panels - many)
    return first[:, None] + np.arange(many)


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
) -> tuple[float, float, float]:
    """Logarithm of `crossing`, and its first and second derivative by the bound."""
    gained = target - paths.information
    z = (bound * math.sqrt(target) - paths.nodes - drift * gained) / math.sqrt(gained)
    p = float(paths.mass @ special.ndtr(-z))
    if p > SMALLEST_PLAIN:
        edge = paths.mass * np.exp(z * z * -0.5 - LOG_SQRT_2PI)
        log_p, hazard, bend = math.log(p), float(edge.sum()) / p, float(edge @ z) / p
    else:
        with np.errstate(divide="ignore"):
            log_mass = np.log(paths.mass)
        log_p = _log_sum(log_mass + special.log_ndtr(-z))
        edge = np.exp(log_mass - z * z / 2 - (LOG_SQRT_2PI + log_p))
        hazard, bend = float(edge.sum()), float(edge @ z)
    stretch = math.sqrt(target / gained)
    return log_p, -stretch * hazard, stretch * stretch * (bend - hazard * hazard)


def _log_sum(logs: FloatArray) -> float:
    """Of the exponentials; there is always a finite one, because some mass is left."""
    top = float(logs.max())
    return top + math.log(float(np.exp(logs - top).sum()))
