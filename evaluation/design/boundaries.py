"""Efficacy bounds at the information that was really there, and what they do to error rates.

Bounds solve, look by look, that the probability of a first crossing equals the alpha newly
spent (Armitage, McPherson & Rowe 1969, J R Stat Soc A 132:235; Lan & DeMets 1983, Biometrika
70:659). The bound of look k depends on looks 1..k only. The equation is solved on the log
scale, so that spends of 1e-300 keep all their digits.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import optimize, special

from evaluation.design.panels import REACH, Paths, Stop, carry_on, log_crossing
from evaluation.design.walks import walk
from protocols.errors import UsageError

CLOSEST = 1e-4  # smallest share of new information at a look that the quadrature resolves
TOLERANCE = 1e-13  # on z
FARTHEST = 40.0  # z of the smallest spend a double can hold, and a little more


def efficacy_boundaries(
    cumulative_alpha: Sequence[float],
    information: Sequence[float],
    *,
    lower: Sequence[float] | None = None,
) -> tuple[float, ...]:
    """Upper z bounds of looks 1..K, one-sided; without `lower` as if futility did not exist.

    `cumulative_alpha` must not decrease and stay below 0.5; `information` must increase, each
    time by 0.01 % or more (only its ratios matter). A look that spends nothing has the bound
    `inf`. `lower` are binding futility bounds on z (`-inf` for none; the last one is not used):
    they lower the efficacy bounds, and the error rate then holds only if they are obeyed.
    Accurate to 1e-9 on z or better. Raises `UsageError` otherwise, also when nothing is left to
    spend alpha on.
    """
    _check_alpha(cumulative_alpha, information)
    if lower is not None and len(lower) != len(information):
        raise UsageError("LENGTHS_DIFFER", "Each look needs its futility bound.")
    downs = [-math.inf] * len(information) if lower is None else lower
    bounds: list[float] = []
    stop: Stop | None = None
    before = 0.0
    for spent, here, down in zip(cumulative_alpha, information, downs, strict=True):
        bound, paths = next_bound(stop, here, spent - before)
        bounds.append(bound)
        if bound < math.inf or down > -math.inf:  # else paths walk straight on to the next look
            stop = Stop(here, down, bound, paths)
        before = max(spent, before)
    return tuple(bounds)


def next_bound(stop: Stop | None, here: float, increment: float) -> tuple[float, Paths | None]:
    """The upper bound at information `here` that spends `increment`, and the paths that come.

    `UsageError` where fewer paths are left than that."""
    if increment <= 0:
        return math.inf, None if stop is None else carry_on(stop, here, reach=FARTHEST)
    alone = -float(special.ndtri_exp(math.log(increment)))
    if stop is None:
        return alone, None
    paths = carry_on(stop, here, reach=math.hypot(REACH, alone))
    if not float(paths.mass.sum()) > increment:
        raise UsageError("ALPHA_UNSPENDABLE", "Too few paths are left to spend this alpha on.")
    return root_of_spend(paths, here, increment, start=min(alone, stop.upper)), paths


def root_of_spend(
    paths: Paths, here: float, increment: float, *, start: float, drift: float = 0.0
) -> float:
    """The z beyond which `increment` of the paths end up at information `here`.

    Halley's steps on the logarithm of the crossing probability, which is concave in the bound;
    each takes the error to about its third power, in units of the local scale of the
    probability. A bracketed root stands behind in case rounding says otherwise.
    """
    goal = math.log(increment)
    bound = start
    scale = math.sqrt(1 - paths.information / here)
    for _ in range(60):
        log_p, slope, bend = log_crossing(paths, here, bound, drift=drift)
        short = log_p - goal
        step = short / slope / max(1 - short * bend / (2 * slope * slope), 0.5)
        bound -= step
        if abs(step) ** 3 < TOLERANCE * scale * scale:
            return bound
    span = REACH + abs(start) + abs(drift) * math.sqrt(here)
    found = optimize.brentq(
        lambda z: log_crossing(paths, here, z, drift=drift)[0] - goal, -span, span, xtol=1e-14
    )
    return float(found)


def _check_alpha(cumulative_alpha: Sequence[float], information: Sequence[float]) -> None:
    if len(cumulative_alpha) != len(information):
        raise UsageError("LENGTHS_DIFFER", "Each look needs its alpha and its information.")
    if any(not 0 <= spent < 0.5 for spent in cumulative_alpha):
        raise UsageError("ALPHA_RANGE", "Cumulative one-sided alpha lies in [0, 0.5).")
    if any(b < a for a, b in itertools.pairwise(cumulative_alpha)):
        raise UsageError("ALPHA_ORDER", "Alpha once spent cannot be taken back.")
    check_information(information)


def check_information(information: Sequence[float]) -> None:
    """Raises `UsageError` unless information is positive and grows by 0.01 % at every look."""
    if any(not (math.isfinite(here) and here > 0) for here in information):
        raise UsageError("INFORMATION_RANGE", "Information is positive and finite at every look.")
    if any(b - a < CLOSEST * b for a, b in itertools.pairwise(information)):
        message = (
            "Information must grow by at least 0.01 % from look to look; a look that adds less "
            "is no look: leave it out and spend nothing."
        )
        raise UsageError("INFORMATION_ORDER", message)


@dataclass(frozen=True, slots=True)
class Crossings:
    """Probability of first leaving through each bound, by look."""

    upper: tuple[float, ...]
    lower: tuple[float, ...]


def crossing_probabilities(
    upper: Sequence[float],
    information: Sequence[float],
    *,
    drift: float = 0.0,
    lower: Sequence[float] | None = None,
) -> Crossings:
    """How trials under `drift` (true effect; z has mean drift sqrt(I)) leave, look by look.

    Bounds are on the z scale, `inf` (or `-inf` below) where a look cannot stop; `lower` None
    means no lower bound. Drift 0 gives the type I error, the design effect the power.
    """
    check_information(information)
    lower = [-math.inf] * len(upper) if lower is None else lower
    if not len(upper) == len(lower) == len(information):
        raise UsageError("LENGTHS_DIFFER", "Each look needs its bounds and its information.")
    return leaving(upper, lower, information, drift=drift)


def leaving(
    upper: Sequence[float],
    lower: Sequence[float],
    information: Sequence[float],
    *,
    drift: float = 0.0,
) -> Crossings:
    """`crossing_probabilities` for bounds already checked."""
    ups, downs = [0.0] * len(upper), [0.0] * len(upper)
    for arrival in walk(upper, lower, information, drift=drift):
        ups[arrival.look] = arrival.above(arrival.upper)
        downs[arrival.look] = arrival.below(arrival.lower)
    return Crossings(tuple(ups), tuple(downs))
