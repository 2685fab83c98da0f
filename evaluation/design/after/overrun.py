"""Outcomes that arrive after the trial has stopped, in the inference.

The repeated interval at the information finally reached is the default (design.repeated). Two
registered alternatives: the p-value of what stopped the trial combined with that of what came
later, weights fixed by information (Hall & Ding 2008, in Pushing the Limits of Contemporary
Statistics, IMS Collections 3:33), and deleting the look that stopped (Sooriyarachchi, Whitehead,
Matsushita, Bolland & Whitehead 2003, Biometrics 59:701).
"""

import math
from collections.abc import Sequence

from scipy import special

from evaluation.design.boundaries import check_information, leaving
from evaluation.design.roots import inverted
from evaluation.design.stagewise import StagewiseInference, stagewise_inference, stagewise_p
from protocols.errors import UsageError

SMALLEST = 1e-300  # a tail that is still a number


def weighted_p(
    z: float,
    bounds_before: Sequence[float],
    information: Sequence[float],
    *,
    late: tuple[float, float],
    weight: float | None = None,
    effect: float = 0.0,
    lower: Sequence[float] = (),
) -> float:
    """Upper tail of sqrt(w) z(stage-wise p) + sqrt(1 - w) z(late), both under `effect`.

    `late` is the z of the late outcomes alone and their information. `weight` None is the share
    of information at stopping; a registered weight lies in (0, 1). `lower` are binding futility
    bounds of the looks before the stop.
    """
    late_z, gained = late
    share = information[-1] / (information[-1] + gained) if weight is None else weight
    if not (0 < share < 1 and gained > 0):
        raise UsageError("OVERRUN_WEIGHT", "Late outcomes add information; a weight is in (0, 1).")
    check_information(information)
    first = _as_z(z, bounds_before, information, effect=effect, lower=lower)
    later = late_z - effect * math.sqrt(gained)
    return float(special.ndtr(-math.sqrt(share) * first - math.sqrt(1 - share) * later))


def _as_z(
    z: float,
    bounds_before: Sequence[float],
    information: Sequence[float],
    *,
    effect: float,
    lower: Sequence[float],
) -> float:
    """The z of the stage-wise p, from the tail that is the smaller one: p may be next to 1.

    It is where an effect is asked about under which the trial would have stopped long before,
    as the late outcomes alone may suggest.
    """
    p = stagewise_p(z, bounds_before, information, effect=effect, lower=lower)
    if p <= 0.5:
        return -float(special.ndtri(max(p, SMALLEST)))
    below = [*(lower or [-math.inf] * len(bounds_before)), z]
    ways = leaving([*bounds_before, math.inf], below, information, drift=effect)
    rest = math.fsum(ways.lower)
    return float(special.ndtri(max(rest, SMALLEST)))


def weighted_inference(
    z: float,
    bounds_before: Sequence[float],
    information: Sequence[float],
    *,
    late: tuple[float, float],
    level: float,
    weight: float | None = None,
    lower: Sequence[float] = (),
) -> StagewiseInference:
    """Inverts `weighted_p` in the effect: p-value, median unbiased estimate, interval.

    Raises `UsageError` for a level or a weight outside (0, 1).
    """
    total = information[-1] + late[1]
    naive = (z * math.sqrt(information[-1]) + late[0] * math.sqrt(late[1])) / total
    unit = 1 / math.sqrt(total)

    def at(effect: float) -> float:
        return weighted_p(
            z, bounds_before, information, late=late, weight=weight, effect=effect, lower=lower
        )

    estimate, low, high = inverted(at, naive=naive, unit=unit, level=level)
    return StagewiseInference(at(0.0), estimate, low, high, level)


def deletion_inference(
    z: float,
    bounds_before: Sequence[float],
    information: Sequence[float],
    *,
    level: float,
    lower: Sequence[float] = (),
) -> StagewiseInference:
    """As if the look that stopped had not been: `z` and the last information are of all data.

    `bounds_before` (and `lower`, where futility binds) are those of the looks before the one
    deleted.
    """
    return stagewise_inference(z, bounds_before, information, level=level, lower=lower)
