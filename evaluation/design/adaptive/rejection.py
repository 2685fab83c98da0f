"""A trial redesigned after a look, by the conditional rejection probability.

Whatever the data suggest, what follows may be any trial whose type I error is the chance of a
later rejection that the original design still had (Mueller & Schaefer 2001, Biometrics 57:886;
2004, Stat Med 23:2497). The adjusted p-value and interval map the redesigned trial's result
back to the original one (Gao, Liu & Mehta 2013, Stat Med 32:3990).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy import optimize

from evaluation.design.boundaries import check_information, efficacy_boundaries, leaving
from evaluation.design.conditional.power import (
    Later,
    conditional_crossings,
    conditional_power,
    conditional_rejection_probability,
    later_looks,
)
from evaluation.design.operating import drift_for_power
from evaluation.design.roots import inverted
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class Original:
    """The design before the change: cumulative information and efficacy bounds on z.

    The look after which the design changed is `changed_at` (from 1), its statistic `z`.
    """

    information: tuple[float, ...]
    upper: tuple[float, ...]
    changed_at: int
    z: float

    @property
    def later(self) -> Later:
        return later_looks(self.upper, self.information, after=self.changed_at)

    @property
    def here(self) -> float:
        return self.information[self.changed_at - 1]


@dataclass(frozen=True, slots=True)
class Secondary:
    """The redesigned trial: its own information (from the change on), alpha and z bounds.

    `integrated` are the same bounds on the z of all data, first stages included.
    """

    alpha: float
    information: tuple[float, ...]
    upper: tuple[float, ...]
    integrated: tuple[float, ...]


def redesigned(
    original: Original,
    fractions: Sequence[float],
    spend: Callable[[float, float], float],
    *,
    information: float,
) -> Secondary:
    """A new trial of `information` in all, looks at `fractions`, spending by `spend(alpha, t)`.

    Its alpha is the conditional rejection probability. Raises `UsageError` where that is 0 or
    0.5 and more.
    """
    alpha = conditional_rejection_probability(original.z, original.here, original.later)
    if not 0 < alpha < 0.5:
        raise UsageError("ALPHA_RANGE", "Too little or too much alpha is left to redesign.")
    here = tuple(information * t for t in fractions)
    bounds = efficacy_boundaries([spend(alpha, t) for t in fractions], here)
    score = original.z * math.sqrt(original.here)
    whole = tuple(
        (b * math.sqrt(i) + score) / math.sqrt(i + original.here)
        for b, i in zip(bounds, here, strict=True)
    )
    return Secondary(alpha, here, bounds, whole)


def sized_secondary(
    original: Original,
    fractions: Sequence[float],
    spend: Callable[[float, float], float],
    *,
    effect: float,
    power: float,
    cap: float,
) -> Secondary:
    """`redesigned` with the information that gives conditional `power` under `effect`.

    Never more than `cap`. Raises `UsageError` for an effect that is not positive.
    """
    if not (effect > 0 and cap > 0):
        raise UsageError("EFFECT_RANGE", "A size needs a positive effect and a cap.")
    unit = redesigned(original, fractions, spend, information=1.0)
    drift = drift_for_power(unit.upper, unit.information, power=power)
    return redesigned(original, fractions, spend, information=min(cap, (drift / effect) ** 2))


def unchanged_power(original: Original, *, effect: float) -> float:
    """Conditional power of the original design, any later crossing, had nothing changed."""
    return conditional_power(original.z, original.here, original.later, effect=effect).total


@dataclass(frozen=True, slots=True)
class AdjustedInference:
    """After the redesigned trial stopped: `estimate` is median unbiased."""

    p_value: float
    estimate: float
    low: float
    high: float
    level: float


def adjusted_p(
    z: float, stopped_at: int, original: Original, secondary: Secondary, *, effect: float = 0.0
) -> float:
    """Stage-wise p in the original trial of the result that the redesigned one maps back to.

    `z` is the redesigned trial's own statistic at its look `stopped_at` (from 1). Under
    `effect`; 0 gives the p-value of no effect.
    """
    here = secondary.information[:stopped_at]
    check_information(here)
    free = [-math.inf] * (stopped_at - 1)
    before = secondary.upper[: stopped_at - 1]
    ways = leaving([*before, z], [*free, z], here, drift=effect)
    more, less = math.fsum(ways.upper), math.fsum(ways.lower)
    look, image = _backward_image(more, less, original, effect)
    bounds = [*original.upper[: look - 1], image]
    down = [-math.inf] * look
    found = leaving(bounds, down, original.information[:look], drift=effect)
    return min(1.0, math.fsum(found.upper))


def _backward_image(
    more: float, less: float, original: Original, effect: float
) -> tuple[int, float]:
    """The look and z of the original trial that later results exceed with chance `more`.

    `less` is the chance of the others; the smaller of the two carries the digits.
    """
    ways = conditional_crossings(original.z, original.here, original.later, effect=effect)
    reached = 0.0
    for k, crossed in enumerate(ways.upper[:-1]):
        if more <= reached + crossed:
            return original.changed_at + k + 1, _image_at(more, less, k, original, effect)
        reached += crossed
    last = len(ways.upper) - 1
    image = _image_at(more, less, last, original, effect)
    return original.changed_at + last + 1, image


def _image_at(more: float, less: float, k: int, original: Original, effect: float) -> float:
    later = original.later
    open_ = (-math.inf,) * k

    def excess(z: float) -> float:  # falls with z
        cut = Later(later.information[: k + 1], (*later.upper[:k], z), (*open_, z))
        ways = conditional_crossings(original.z, original.here, cut, effect=effect)
        if more < less:
            return _log(math.fsum(ways.upper)) - _log(more)
        return _log(less) - _log(math.fsum(ways.lower))

    centre = effect * math.sqrt(later.information[k])
    low, high = centre - 10.0, centre + 10.0
    while excess(low) < 0 and low > centre - 160:
        low -= 10
    while excess(high) > 0 and high < centre + 160:
        high += 10
    if excess(low) <= 0:  # nearly certain to be exceeded: as low as doubles tell apart
        return low
    if excess(high) >= 0:
        return high
    return float(optimize.brentq(excess, low, high, xtol=1e-12))


def _log(p: float) -> float:
    return math.log(max(p, 1e-320))


def adjusted_inference(
    z: float, stopped_at: int, original: Original, secondary: Secondary, *, level: float
) -> AdjustedInference:
    """Inverts `adjusted_p` in the effect. Raises `UsageError` for a level outside (0, 1)."""
    here = secondary.information[stopped_at - 1]
    score = original.z * math.sqrt(original.here) + z * math.sqrt(here)
    naive = score / (original.here + here)
    unit = 1 / math.sqrt(original.here + here)

    def at(effect: float) -> float:
        return adjusted_p(z, stopped_at, original, secondary, effect=effect)

    estimate, low, high = inverted(at, naive=naive, unit=unit, level=level)
    return AdjustedInference(at(0.0), estimate, low, high, level)
