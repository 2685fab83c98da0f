"""Other orders of extremeness, and the mean of the estimate where a trial can stop.

Stage-wise ordering (design.stagewise) needs no look after the one that stopped. The orders here
do: by the estimate itself (Emerson & Fleming 1990, Biometrika 77:875), by the likelihood ratio
(Rosner & Tsiatis 1988, Biometrika 75:723), by the score (Rosner & Tsiatis). They need the whole
plan, so they are claims only when the plan was kept.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from scipy import optimize

from evaluation.design.boundaries import check_information
from evaluation.design.roots import inverted
from evaluation.design.walks import Arrival, walk
from protocols.errors import UsageError


class Ordering(StrEnum):
    """What makes a result more extreme, whichever look it was found at.

    With several looks only the p-value by `estimate` is sure to rise with the effect (Emerson &
    Fleming 1990, Biometrika 77:875), so that the other two may invert to no single interval.
    """

    ESTIMATE = "estimate"
    LIKELIHOOD_RATIO = "likelihood_ratio"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class Plan:
    """All looks of the design: information and z bounds; `lower` empty without futility."""

    information: tuple[float, ...]
    upper: tuple[float, ...]
    lower: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        check_information(self.information)
        if len(self.upper) != len(self.information) or len(self.lower) not in (
            0,
            len(self.upper),
        ):
            raise UsageError("LENGTHS_DIFFER", "Each look needs its bounds and its information.")

    def walked(self, drift: float) -> "list[Arrival]":
        """The looks under `drift`; the last one ends the trial wherever it is."""
        lower = self.lower or (-math.inf,) * len(self.upper)
        last = self.upper[-1] if math.isfinite(self.upper[-1]) else 0.0
        ends = (*self.upper[:-1], last)
        return list(walk(ends, lower, self.information, drift=drift))


@dataclass(frozen=True, slots=True)
class OrderedInference:
    """`estimate` is median unbiased under the ordering; the interval is two-sided."""

    p_value: float
    estimate: float
    low: float
    high: float
    level: float


def ordered_p(z: float, look: int, plan: Plan, *, ordering: Ordering, effect: float = 0.0) -> float:
    """Chance under `effect` of a result at least as extreme as `z` at look `look` (from 1)."""
    here = plan.information[look - 1]
    cut = _cuts(z, here, ordering, effect)
    total: list[float] = []
    for arrival in plan.walked(effect):
        threshold = cut(arrival.information)
        if arrival.look == len(plan.information) - 1:
            total.append(arrival.above(threshold))
            continue
        total.append(arrival.above(max(threshold, arrival.upper)))
        if threshold < arrival.lower:
            total.append(arrival.below(arrival.lower) - arrival.below(threshold))
    return min(1.0, math.fsum(total))


def _cuts(z: float, here: float, ordering: Ordering, effect: float) -> Callable[[float], float]:
    """The z at a look's information that is as extreme as the one observed."""
    match ordering:
        case Ordering.ESTIMATE:
            return lambda there: z * math.sqrt(there / here)
        case Ordering.SCORE:
            return lambda there: z * math.sqrt(here / there)
        case Ordering.LIKELIHOOD_RATIO:
            distance = z - effect * math.sqrt(here)
            return lambda there: distance + effect * math.sqrt(there)


def ordered_inference(
    z: float, look: int, plan: Plan, *, ordering: Ordering, level: float
) -> OrderedInference:
    """Inverts `ordered_p` in the effect. Raises `UsageError` for a level outside (0, 1)."""
    naive = z / math.sqrt(plan.information[look - 1])
    unit = 1 / math.sqrt(plan.information[look - 1])

    def at(effect: float) -> float:
        return ordered_p(z, look, plan, ordering=ordering, effect=effect)

    estimate, low, high = inverted(at, naive=naive, unit=unit, level=level)
    return OrderedInference(at(0.0), estimate, low, high, level)


def expected_estimate(plan: Plan, effect: float) -> float:
    """The mean, over trials under `effect`, of the plain estimate z / sqrt(I) at stopping."""
    parts: list[float] = []
    for arrival in plan.walked(effect):
        here = arrival.information
        if arrival.look == len(plan.information) - 1:
            parts.append(arrival.score_above(-math.inf) / here)
            continue
        parts.append(arrival.score_above(arrival.upper) / here)
        if arrival.lower > -math.inf:
            parts.append(
                (arrival.score_above(-math.inf) - arrival.score_above(arrival.lower)) / here
            )
    return math.fsum(parts)


def bias_adjusted_estimate(z: float, look: int, plan: Plan) -> float:
    """The effect whose mean estimate is the one observed (Whitehead 1986, Biometrika 73:573)."""
    here = plan.information[look - 1]
    observed = z / math.sqrt(here)
    unit = 1 / math.sqrt(plan.information[0])

    def excess(effect: float) -> float:
        return expected_estimate(plan, effect) - observed

    low, high = observed - unit, observed + unit
    while excess(low) > 0:
        low -= unit
    while excess(high) < 0:
        high += unit
    return float(optimize.brentq(excess, low, high, xtol=1e-13 * unit))
