"""Futility written on another scale, kept on z: effect, conditional power, predictive power.

The bound of every look is stored on z, where it is compared; the other scales are for reading
and writing. Effects are measured from the null on the scale of 1 / sqrt(information).
Conditional and predictive power here mean success at the last look, which has closed forms;
`any_later_z` inverts the chance of crossing at any later look instead.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy import optimize, special

from evaluation.design.conditional.power import Later, conditional_power
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class Ahead:
    """Where a look stands: its information, the last look's information and efficacy bound."""

    here: float
    end: float
    bound: float

    def __post_init__(self) -> None:
        if not 0 < self.here < self.end:
            raise UsageError("INFORMATION_ORDER", "A futility look lies before the last look.")
        if not math.isfinite(self.bound):
            raise UsageError("BOUND_RANGE", "The last look needs an efficacy bound.")


def z_of_effect(effect: float, here: float) -> float:
    """z when the estimate, measured from the null, equals `effect`."""
    return effect * math.sqrt(here)


def effect_of_z(z: float, here: float) -> float:
    """The estimate, measured from the null, that has this z."""
    return z / math.sqrt(here)


def z_of_conditional_power(power: float, ahead: Ahead, *, effect: float | None) -> float:
    """z at which conditional power of the last look equals `power`.

    Under `effect`, or under the estimate itself for None. Raises `UsageError` for a power
    outside (0, 1).
    """
    needed = _needed(power, math.sqrt(ahead.end - ahead.here), ahead)
    if effect is None:
        return needed * math.sqrt(ahead.here) / ahead.end
    return (needed - effect * (ahead.end - ahead.here)) / math.sqrt(ahead.here)


def conditional_power_of_z(z: float, ahead: Ahead, *, effect: float | None) -> float:
    """Conditional power of the last look after `z`; `effect` None takes the estimate."""
    score = z * math.sqrt(ahead.here)
    assumed = score / ahead.here if effect is None else effect
    coming = ahead.end - ahead.here
    short = ahead.bound * math.sqrt(ahead.end) - score - assumed * coming
    return float(special.ndtr(-short / math.sqrt(coming)))


def z_of_predictive_power(power: float, ahead: Ahead) -> float:
    """z at which predictive power of the last look, under a flat prior, equals `power`."""
    spread = math.sqrt((ahead.end - ahead.here) * ahead.end / ahead.here)
    return _needed(power, spread, ahead) * math.sqrt(ahead.here) / ahead.end


def predictive_power_of_z(z: float, ahead: Ahead) -> float:
    """Predictive power of the last look after `z`, under a flat prior."""
    mean = z * ahead.end / math.sqrt(ahead.here)
    spread = math.sqrt((ahead.end - ahead.here) * ahead.end / ahead.here)
    return float(special.ndtr((mean - ahead.bound * math.sqrt(ahead.end)) / spread))


def any_later_z(power: float, here: float, later: Later, *, effect: float | None) -> float:
    """z at which the chance of crossing at any later look equals `power`.

    Under `effect`, or the estimate for None. Raises `UsageError` for a power outside (0, 1).
    """
    if not 0 < power < 1:
        raise UsageError("POWER_RANGE", "A conditional power lies in (0, 1).")

    def excess(z: float) -> float:
        assumed = z / math.sqrt(here) if effect is None else effect
        return conditional_power(z, here, later, effect=assumed).total - power

    return _root(excess)


def _root(function: Callable[[float], float]) -> float:
    low, high = -4.0, 4.0
    while function(low) > 0 and low > -1e3:
        low *= 2
    while function(high) < 0 and high < 1e3:
        high *= 2
    return float(optimize.brentq(function, low, high, xtol=1e-13))


def _needed(power: float, spread: float, ahead: Ahead) -> float:
    if not 0 < power < 1:
        raise UsageError("POWER_RANGE", "A conditional power lies in (0, 1).")
    return ahead.bound * math.sqrt(ahead.end) + float(special.ndtri(power)) * spread
