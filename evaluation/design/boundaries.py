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

from evaluation.design.panels import REACH, Paths, Stop, carry_on, crossing, log_crossing
from protocols.errors import UsageError

CLOSEST = 1e-4  # smallest share of new information at a look that the quadrature resolves
TOLERANCE = 1e-12  # on z


def efficacy_boundaries(
    cumulative_alpha: Sequence[float], information: Sequence[float]
) -> tuple[float, ...]:
    """Upper z bounds of looks 1..K, one-sided, as if futility did not exist.

    `cumulative_alpha` must not decrease and stay below 0.5; `information` must increase, each
    time by 0.01 % or more (only its ratios matter). A look that spends nothing has the bound
    `inf`. Accurate to 1e-9 on z or better. Raises `UsageError` otherwise.
    """
    _check_alpha(cumulative_alpha, information)
    bounds: list[float] = []
    stop: Stop | None = None
    before = 0.0
    for spent, here in zip(cumulative_alpha, information, strict=True):
        increment = spent - before
        if increment <= 0:  # nothing stops here, so paths walk straight on to the next look
            bounds.append(math.inf)
            continue
        alone = -float(special.ndtri_exp(math.log(increment)))
        paths = None if stop is None else carry_on(stop, here, reach=math.hypot(REACH, alone))
        bound = alone if paths is None else _solve(paths, here, increment, alone)
        stop = Stop(here, -math.inf, bound, paths)
        bounds.append(bound)
        before = spent
    return tuple(bounds)


def _solve(paths: Paths, here: float, increment: float, alone: float) -> float:
    """Newton from above: the bound of a lone look is never below the one sought.

    The logarithm of a crossing probability is concave in the bound, so the steps come down
    monotonically; a bracketed root stands behind in case rounding says otherwise.
    """
    goal = math.log(increment)
    bound = alone
    for _ in range(60):
        log_p, slope = log_crossing(paths, here, bound)
        step = (log_p - goal) / slope
        bound -= step
        if abs(step) < TOLERANCE:
            return bound
    found = optimize.brentq(
        lambda z: log_crossing(paths, here, z)[0] - goal, -REACH, alone + 1, xtol=1e-14
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
    ups: list[float] = []
    downs: list[float] = []
    stop: Stop | None = None
    for up, down, here in zip(upper, lower, information, strict=True):
        if math.isinf(up) and math.isinf(down):
            ups.append(0.0)
            downs.append(0.0)
            continue
        reach = REACH if math.isinf(up) else math.hypot(REACH, up)
        paths = None if stop is None else carry_on(stop, here, drift=drift, reach=reach)
        ups.append(crossing(paths, here, up, drift=drift))
        downs.append(0.0 if math.isinf(down) else _below(paths, here, down, drift))
        stop = Stop(here, down, up, paths)
    return Crossings(tuple(ups), tuple(downs))


def _below(paths: Paths | None, here: float, bound: float, drift: float) -> float:
    mirrored = None if paths is None else Paths(paths.information, -paths.nodes, paths.mass)
    return crossing(mirrored, here, -bound, drift=-drift)
