"""How trials end that must show a difference to lie between two margins, look by look.

Both one-sided statistics (Schuirmann 1987, J Pharmacokinet Biopharm 15:657) come from one estimate,
so that at a look a claim is an interval of it, futility what lies beyond two wider limits, and the
trial goes on in between, on either side. The paths of both sides are followed together.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray
from protocols.errors import UsageError

REACH = 9.0  # standard deviations that are followed
ORDER = 24
WIDTH = 4.0  # of one panel, in units of the local smoothing scale


@dataclass(frozen=True, slots=True)
class Ends:
    """Probability, by look, of first claiming equivalence, and of first stopping below."""

    claims: tuple[float, ...]
    stops: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Going:
    """Paths that go on: nodes of the score measured from the first margin, and their mass."""

    information: float
    nodes: FloatArray
    mass: FloatArray


def equivalence_ends(
    upper: Sequence[float],
    lower: Sequence[float],
    information: Sequence[float],
    *,
    drifts: tuple[float, float],
) -> Ends:
    """`upper` and `lower` are bounds for the smaller of the two statistics, infinite where none.

    `drifts` are the means of both at information 1: how far the truth lies inside either margin.
    `information` increases and ends at 1. Raises `UsageError` where the three differ in length.
    """
    if not len(upper) == len(lower) == len(information) > 0:
        raise UsageError("LENGTHS_DIFFER", "Each look has two bounds and its information.")
    whole = math.fsum(drifts)
    going: _Going | None = None
    claims, stops = [], []
    for k, (up, down, here) in enumerate(zip(upper, lower, information, strict=True)):
        root = math.sqrt(here)
        inner = (up * root, whole * here - up * root)
        outer = (down * root, whole * here - down * root)
        claim = _between(going, here, inner, drifts[0])
        goes = _between(going, here, outer, drifts[0])
        arrived = 1.0 if going is None else float(going.mass.sum())
        claims.append(claim)
        stops.append(max(0.0, arrived - max(goes, claim)))
        if k + 1 < len(information):
            pieces = _pieces(inner, outer)
            going = _carried(going, here, pieces, drift=drifts[0], target=information[k + 1])
    return Ends(tuple(claims), tuple(stops))


def single_power(drifts: tuple[float, float], critical: float) -> float:
    """Of one look: both statistics beyond `critical`."""
    one, other = (float(special.ndtr(drift - critical)) for drift in drifts)
    return max(0.0, one + other - 1)


def _pieces(
    inner: tuple[float, float], outer: tuple[float, float]
) -> tuple[tuple[float, float], ...]:
    """Where the trial goes on: inside `outer` and outside `inner`."""
    if not inner[0] < inner[1]:
        return (outer,)
    return ((outer[0], min(inner[0], outer[1])), (max(inner[1], outer[0]), outer[1]))


def _between(going: _Going | None, here: float, limits: tuple[float, float], drift: float) -> float:
    """Probability of getting here with the score between the limits."""
    low, high = limits
    if not low < high:
        return 0.0
    before = 0.0 if going is None else going.information
    centres = np.zeros(1) if going is None else going.nodes
    mass = np.ones(1) if going is None else going.mass
    gained = here - before
    root = math.sqrt(gained)
    from_low = (low - centres - drift * gained) / root
    from_high = (high - centres - drift * gained) / root
    turned = from_low > 0  # small differences of probabilities near 1 lose their digits
    first = np.where(turned, special.ndtr(-from_low), special.ndtr(from_high))
    second = np.where(turned, special.ndtr(-from_high), special.ndtr(from_low))
    return float(mass @ (first - second))


def _carried(
    going: _Going | None,
    here: float,
    pieces: Sequence[tuple[float, float]],
    *,
    drift: float,
    target: float,
) -> _Going:
    before = 0.0 if going is None else going.information
    gained, coming = here - before, target - here
    scale = math.sqrt(gained * coming / (gained + coming))
    middle, reach = drift * here, REACH * math.sqrt(here)
    parts = [_panels(max(a, middle - reach), min(b, middle + reach), scale) for a, b in pieces]
    nodes = np.concatenate([part[0] for part in parts])
    weights = np.concatenate([part[1] for part in parts])
    centres = np.zeros(1) if going is None else going.nodes
    mass = np.ones(1) if going is None else going.mass
    steps = nodes[:, None] - centres[None, :] - drift * gained
    density = np.exp(-steps * steps / (2 * gained)) @ mass / math.sqrt(2 * math.pi * gained)
    return _Going(here, nodes, weights * density)


def _panels(low: float, high: float, scale: float) -> tuple[FloatArray, FloatArray]:
    if not high > low:
        return np.empty(0), np.empty(0)
    edges = np.linspace(low, high, max(1, math.ceil((high - low) / (WIDTH * scale))) + 1)
    half = np.diff(edges)[:, None] / 2
    nodes, weights = np.polynomial.legendre.leggauss(ORDER)
    return (edges[:-1, None] + half + half * nodes).ravel(), (half * weights).ravel()
