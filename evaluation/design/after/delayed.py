"""Outcomes still to come when enrolment stops: delayed response designs.

At an interim look enrolment stops when z leaves (lower, upper). The outcomes in the pipeline are
awaited, and the decision compares the z of all of them with a bound of its own, placed so that
turning a crossing above into no rejection is as likely under the null as the reverse; the type I
error is then the one spent (Hampson & Jennison 2013, J R Stat Soc B 75:3).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import optimize

from evaluation.design.boundaries import check_information
from evaluation.design.panels import REACH, Paths, Stop, carry_on, crossing
from evaluation.design.walks import Arrival, mirrored, walk
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class DelayedDesign:
    """`decision` are bounds on the z of all outcomes; `reversal` the null chance of each turn."""

    decision: tuple[float, ...]
    reversal: tuple[float, ...]


def decision_bounds(
    upper: Sequence[float],
    lower: Sequence[float],
    information: Sequence[float],
    *,
    pipeline: Sequence[float],
) -> DelayedDesign:
    """Decision bounds of looks 1..K; the last look has no pipeline and keeps its own bound.

    `upper` and `lower` are continuation bounds on z at `information` (`lower` binding: leaving
    below ends enrolment); `pipeline` is the information of the outcomes still to come at each
    look but the last. Raises `UsageError` for lengths that differ, a pipeline that is not
    positive, and an interim look with an infinite bound.
    """
    check_information(information)
    if not len(upper) == len(lower) == len(information) == len(pipeline) + 1:
        raise UsageError("LENGTHS_DIFFER", "Each look needs bounds; each but the last a pipeline.")
    if any(not (math.isfinite(late) and late > 0) for late in pipeline):
        raise UsageError("INFORMATION_RANGE", "The information still to come is positive.")
    if any(math.isinf(bound) for bound in (*upper[:-1], *lower[:-1])):
        raise UsageError("BOUND_RANGE", "A delayed look needs both of its continuation bounds.")
    decisions: list[float] = []
    reversals: list[float] = []
    for arrival in walk(upper, lower, information):
        if arrival.look == len(information) - 1:
            break
        bound, turned = _balanced(arrival, arrival.information + pipeline[arrival.look])
        decisions.append(bound)
        reversals.append(turned)
    return DelayedDesign((*decisions, upper[-1]), tuple(reversals))


def delayed_rejection(
    upper: Sequence[float],
    lower: Sequence[float],
    information: Sequence[float],
    *,
    pipeline: Sequence[float],
    decision: Sequence[float],
    drift: float = 0.0,
) -> tuple[float, ...]:
    """Chance of rejecting by look under `drift`: stopped either way, then beyond `decision`."""
    check_information(information)
    found: list[float] = []
    for arrival in walk(upper, lower, information, drift=drift):
        if arrival.look == len(information) - 1:
            found.append(arrival.above(decision[-1]))
            continue
        late = arrival.information + pipeline[arrival.look]
        bound = decision[arrival.look]
        ends = (_beyond(arrival, late), _beneath(arrival, late))
        found.append(math.fsum(crossing(paths, late, bound, drift=drift) for paths in ends))
    return tuple(found)


def _balanced(arrival: Arrival, late: float) -> tuple[float, float]:
    above, beneath = mirrored(_beyond(arrival, late)), _beneath(arrival, late)

    def lost(bound: float) -> float:
        return crossing(above, late, -bound)

    def gained(bound: float) -> float:
        return crossing(beneath, late, bound)

    def excess(bound: float) -> float:
        return math.log(max(lost(bound), 1e-320)) - math.log(max(gained(bound), 1e-320))

    bound = float(optimize.brentq(excess, -REACH, REACH + arrival.upper, xtol=1e-13))
    return bound, lost(bound)


def _beyond(arrival: Arrival, late: float) -> Paths:
    stop = Stop(arrival.information, arrival.upper, math.inf, arrival.paths)
    reach = math.hypot(REACH, arrival.upper)
    return carry_on(stop, late, drift=arrival.drift, reach=reach)


def _beneath(arrival: Arrival, late: float) -> Paths:
    stop = Stop(arrival.information, -math.inf, arrival.lower, arrival.paths)
    return carry_on(stop, late, drift=arrival.drift)
