"""Inference after stopping: p-value, interval and median unbiased estimate by stage-wise ordering.

A trial that stopped earlier, or at the same look with a larger z, counts as more extreme
(Tsiatis, Rosner & Mehta 1984, Biometrics 40:797; Fairbanks & Madsen 1982). It needs no future
look and agrees with the efficacy decision. Effects are on the scale of 1 / sqrt(information),
measured from the null: add the null value for a margin.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.design.boundaries import crossing_probabilities
from evaluation.design.roots import inverted


@dataclass(frozen=True, slots=True)
class StagewiseInference:
    """`estimate` is median unbiased; the interval is two-sided at `level`."""

    p_value: float
    estimate: float
    low: float
    high: float
    level: float


def stagewise_p(
    z: float,
    bounds_before: Sequence[float],
    information: Sequence[float],
    *,
    effect: float = 0.0,
    lower: Sequence[float] = (),
) -> float:
    """Probability under `effect` of a result at least as extreme as stopping here with `z`.

    `bounds_before` are the efficacy bounds of the earlier looks, `information` that of all looks
    up to this one. `lower` are binding futility bounds of the earlier looks, empty without any:
    with them the efficacy bounds are lower, and only so does p agree with the decision.
    """
    below = [*lower, -math.inf] if lower else None
    ways = crossing_probabilities([*bounds_before, z], information, drift=effect, lower=below)
    return min(1.0, math.fsum(ways.upper))


def stagewise_inference(
    z: float,
    bounds_before: Sequence[float],
    information: Sequence[float],
    *,
    level: float,
    lower: Sequence[float] = (),
) -> StagewiseInference:
    """Inverts `stagewise_p` in the effect. Raises `UsageError` for a level outside (0, 1)."""
    naive = z / math.sqrt(information[-1])
    unit = 1 / math.sqrt(information[-1])

    def p_at(effect: float) -> float:
        return stagewise_p(z, bounds_before, information, effect=effect, lower=lower)

    estimate, low, high = inverted(p_at, naive=naive, unit=unit, level=level)
    return StagewiseInference(p_at(0.0), estimate, low, high, level)
