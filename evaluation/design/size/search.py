"""The pairs at which a power that rises with them is reached."""

import math
from collections.abc import Callable

from scipy import optimize, special

from evaluation.design.size.plan import MOST_PAIRS
from protocols.errors import UsageError

FEWEST = 1e-3
TOLERANCE = 1e-11
MOST_STEPS = 200


def probit(power: float) -> float:
    """The standard normal quantile of a probability; infinite at 0 and 1."""
    return float(special.ndtri(power))


def possible(pairs: float) -> float:
    """`pairs`, neither so few that nothing is left nor more than a trial can have."""
    if not pairs < MOST_PAIRS:
        raise UsageError("SIZE_RANGE", "No trial is large enough for this target.")
    return max(pairs, FEWEST)


def rising(function: Callable[[float], float], wanted: float, start: float) -> float:
    """The pairs at which a rising function reaches `wanted`, sought from `start` on their root."""
    low = high = math.sqrt(possible(start))
    steps = 0
    while function(high * high) < wanted:
        low, high = high, math.sqrt(possible(1.2 * high * high))
    while function(low * low) > wanted and low * low > FEWEST and steps < MOST_STEPS:
        low, high, steps = low * 0.9, low, steps + 1
    if low >= high or function(low * low) >= wanted:
        return low * low

    def excess(root: float) -> float:
        found = function(root * root) - wanted
        return max(min(found, 40.0), -40.0)

    return float(optimize.brentq(excess, low, high, xtol=1e-12, rtol=TOLERANCE)) ** 2
