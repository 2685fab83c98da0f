"""Three boundaries: success above, futility below, and harm further below.

The harm bound spends a probability of its own under no effect, as if futility did not exist, so
that a trial that goes on after futility is still watched for harm. It never shares the alpha of
the efficacy claim.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.design.boundaries import check_information
from evaluation.design.futility.spending import null_lower_bounds
from evaluation.design.walks import walk
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class ThreeWays:
    """Probability, by look, of first ending in success, futility or harm."""

    efficacy: tuple[float, ...]
    futility: tuple[float, ...]
    harm: tuple[float, ...]


def harm_bounds(
    cumulative: Sequence[float],
    information: Sequence[float],
    *,
    upper: Sequence[float],
    futility: Sequence[float],
) -> tuple[float, ...]:
    """Harm bounds on z spending `cumulative` under no effect; never above the futility bound.

    `UsageError` as `null_lower_bounds`.
    """
    found = null_lower_bounds(cumulative, information, upper=upper)
    if len(futility) != len(found):
        raise UsageError("LENGTHS_DIFFER", "Each look needs its futility bound.")
    return tuple(
        min(bound, stop) if stop > -math.inf else bound
        for bound, stop in zip(found, futility, strict=True)
    )


def three_ways(
    bounds: tuple[Sequence[float], Sequence[float], Sequence[float]],
    information: Sequence[float],
    *,
    drift: float,
    futility_obeyed: bool = True,
) -> ThreeWays:
    """How trials end under `drift`; `bounds` are upper, futility and harm on z.

    A trial below harm counts as harm whether or not futility would have stopped it too. With
    `futility_obeyed` False only success and harm stop.
    """
    check_information(information)
    upper, futility, harm = bounds
    stops = [max(f, h) if futility_obeyed else h for f, h in zip(futility, harm, strict=True)]
    size = len(information)
    ups, flat, harms = [0.0] * size, [0.0] * size, [0.0] * size
    for arrival in walk(upper, stops, information, drift=drift):
        k = arrival.look
        ups[k] = arrival.above(arrival.upper)
        harms[k] = arrival.below(harm[k])
        flat[k] = max(0.0, arrival.below(stops[k]) - harms[k])
    return ThreeWays(tuple(ups), tuple(flat), tuple(harms))
