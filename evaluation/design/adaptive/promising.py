"""A second stage sized by conditional power, within a promising zone and under a cap.

Mehta & Pocock 2011, Stat Med 30:3267, with the stage-two test of Cui, Hung & Wang 1999: the
critical value of the second stage alone is fixed by the planned weights, so that any size keeps
alpha.
"""

import math
from dataclasses import dataclass

from scipy import special

from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class TwoStages:
    """The design at its interim look: cumulative planned information and bounds on z.

    `lower` is -inf without futility at the interim look; `upper` may be inf there. `seen` is what
    the interim look really had, None for what was planned; weights stay those of the plan.
    """

    information: tuple[float, float]
    upper: tuple[float, float]
    lower: float = -math.inf
    seen: float | None = None

    @property
    def here(self) -> float:
        """Information at the interim look."""
        return self.information[0] if self.seen is None else self.seen

    def __post_init__(self) -> None:
        if not 0 < self.information[0] < self.information[1]:
            raise UsageError("INFORMATION_ORDER", "The second stage adds information.")
        if not 0 < self.here < self.information[1]:
            raise UsageError("INFORMATION_ORDER", "The interim look has part of the information.")
        if not math.isfinite(self.upper[1]):
            raise UsageError("BOUND_RANGE", "The final look needs an efficacy bound.")


@dataclass(frozen=True, slots=True)
class Zone:
    """The protocol's rule: conditional power in [low, high] is promising; aim for `target`.

    `cap` is the largest total information, in units of the planned total.
    """

    low: float
    high: float
    target: float
    cap: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high <= 1 or not 0 < self.target < 1:
            raise UsageError("ZONE_RANGE", "A zone and its target are shares of 1, in order.")
        if not (math.isfinite(self.cap) and self.cap >= 1):
            raise UsageError("ZONE_CAP", "A re-estimated size needs a cap of 1 or more.")


@dataclass(frozen=True, slots=True)
class Resized:
    """`zone` is stopped, unfavourable, promising or favourable; `total` counts both stages.

    `planned_power` is conditional power at the planned size, `power` at `total`;
    `critical` is what the z of the second stage alone has to exceed.
    """

    zone: str
    total: float
    planned_power: float
    power: float
    critical: float


def second_stage_critical(z: float, design: TwoStages) -> float:
    """What the second stage's own z has to exceed, weights frozen at the planned fractions."""
    first, end = design.information
    share = first / end
    return (design.upper[1] - z * math.sqrt(share)) / math.sqrt(1 - share)


def stage_power(z: float, design: TwoStages, coming: float, *, effect: float) -> float:
    """Conditional power when the second stage brings `coming` > 0 information, weights frozen."""
    if not coming > 0:
        raise UsageError("INFORMATION_ORDER", "A second stage adds information.")
    return float(special.ndtr(effect * math.sqrt(coming) - second_stage_critical(z, design)))


def resized(z: float, design: TwoStages, zone: Zone, *, effect: float | None = None) -> Resized:
    """The size after an interim `z`; `effect` None takes the interim estimate.

    Outside the promising zone the plan stands; a crossed bound ends the trial at the interim
    look. The size never falls below the plan and never passes the cap.
    """
    first, end = design.here, design.information[1]
    assumed = z / math.sqrt(first) if effect is None else effect
    critical = second_stage_critical(z, design)
    planned = stage_power(z, design, end - first, effect=assumed)
    if not design.lower < z < design.upper[0]:
        return Resized("stopped", first, planned, planned, critical)
    if planned < zone.low:
        return Resized("unfavourable", end, planned, planned, critical)
    if planned > zone.high:
        return Resized("favourable", end, planned, planned, critical)
    total = zone.cap * end
    if assumed > 0:
        root = max((critical + float(special.ndtri(zone.target))) / assumed, 0.0)
        total = min(total, first + root * root)  # a product of floats may be infinite, a power not
    total = max(total, end)
    power = stage_power(z, design, total - first, effect=assumed)
    return Resized("promising", total, planned, power, critical)
