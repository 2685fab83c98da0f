"""What bounds do under any true effect: power, stopping by look, expected information."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy import optimize, special

from evaluation.design.boundaries import crossing_probabilities, leaving
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class OperatingCharacteristics:
    """By look: first crossings above and below; over all looks: power, expected information.

    `cumulative_power` is the chance of having crossed above by each look; `stopping` that of
    ending at each look, the last one taking all that are left.
    """

    drift: float
    upper: tuple[float, ...]
    lower: tuple[float, ...]
    cumulative_power: tuple[float, ...]
    stopping: tuple[float, ...]
    power: float
    expected_information: float


def operating_characteristics(
    upper: Sequence[float],
    information: Sequence[float],
    *,
    drift: float,
    lower: Sequence[float] | None = None,
) -> OperatingCharacteristics:
    """Followed as written, efficacy and futility stops both obeyed; `drift` per `information`.

    `drift` is the true effect measured from the null, on the scale of 1 / sqrt(information).
    `UsageError` as `crossing_probabilities`.
    """
    ways = crossing_probabilities(upper, information, drift=drift, lower=lower)
    ends = [up + down for up, down in zip(ways.upper, ways.lower, strict=True)]
    stopping = (*ends[:-1], max(0.0, 1 - math.fsum(ends[:-1])))
    expected = math.fsum(p * here for p, here in zip(stopping, information, strict=True))
    cumulative = tuple(math.fsum(ways.upper[: k + 1]) for k in range(len(ways.upper)))
    return OperatingCharacteristics(
        drift, ways.upper, ways.lower, cumulative, stopping, cumulative[-1], expected
    )


def fixed_drift(alpha: float, power: float, information: float) -> float:
    """The effect that one look at `information` and one-sided `alpha` finds with `power`.

    Raises `UsageError` unless alpha < power < 1.
    """
    if not 0 < alpha < power < 1:
        raise UsageError("POWER_RANGE", f"Power lies between alpha and 1, not at {power}.")
    return float(special.ndtri(power) - special.ndtri(alpha)) / math.sqrt(information)


def drift_for_power(
    upper: Sequence[float],
    information: Sequence[float],
    *,
    power: float,
    lower: Sequence[float] | None = None,
) -> float:
    """The effect under which these bounds are crossed above with probability `power`.

    `UsageError` if no effect reaches it, or zero effect already does.
    """
    if len(upper) == 0:
        raise UsageError("LENGTHS_DIFFER", "A design has one look at least.")
    crossing_probabilities(upper, information, lower=lower)  # checks
    down = [-math.inf] * len(upper) if lower is None else lower

    def excess(drift: float) -> float:
        return math.fsum(leaving(upper, down, information, drift=drift).upper) - power

    return rising_root(excess, fixed_drift(0.025, max(power, 0.05), information[-1]))


def rising_root(function: Callable[[float], float], guess: float) -> float:
    """The positive root of a function that rises with the drift, sought around `guess`.

    `UsageError` where it is not below zero without any drift, or never rises above."""
    low = high = guess
    while function(low) > 0:
        low /= 2
        if low < guess * 1e-9:
            raise UsageError("POWER_RANGE", "Without any effect the power is already above this.")
    while function(high) < 0:
        high *= 1.1
        if high > 1e3 * guess:
            raise UsageError("POWER_RANGE", "No effect reaches this power with these bounds.")
    if low == high:
        return low
    return float(optimize.brentq(function, low, high, xtol=1e-14 * high, rtol=1e-14))


def inflation_factor(
    drift: float, information: Sequence[float], *, alpha: float, power: float
) -> float:
    """Maximum information over that of a single look with the same alpha and power."""
    return (drift / fixed_drift(alpha, power, information[-1])) ** 2
