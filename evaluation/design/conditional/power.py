"""Conditional power: the chance of success from here, if the effect were this.

Given the score S = z sqrt(I) at a look, what follows is a fresh trial on the information still
to come, with the bounds moved by S (Lan, Simon & Halperin 1982, Commun Stat C 1:207; Lan &
Wittes 1988, Biometrics 44:579). Effects are measured from the null on the scale of
1 / sqrt(information).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import special

from evaluation.design.boundaries import Crossings, leaving
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class Later:
    """The looks still to come: information and z bounds; `lower` empty where none is obeyed."""

    information: tuple[float, ...]
    upper: tuple[float, ...]
    lower: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class ConditionalPower:
    """`by_look` are first later crossings, `total` their sum; `final` ignores earlier bounds.

    `final` is the chance that the last look alone exceeds its bound; `total` that any look
    does first, before a futility bound. State which one is meant.
    """

    effect: float
    by_look: tuple[float, ...]
    total: float
    final: float


def later_looks(
    upper: Sequence[float],
    information: Sequence[float],
    *,
    after: int,
    lower: Sequence[float] | None = None,
) -> Later:
    """The looks of a design after its first `after` ones; `lower` None ignores futility.

    Raises `UsageError` when no look is left or lengths differ.
    """
    if len(upper) != len(information) or (lower is not None and len(lower) != len(upper)):
        raise UsageError("LENGTHS_DIFFER", "Each look needs its bounds and its information.")
    if not 0 <= after < len(upper):
        raise UsageError("NO_LOOK_LEFT", "Conditional power needs a look still to come.")
    down = () if lower is None else tuple(lower[after:])
    return Later(tuple(information[after:]), tuple(upper[after:]), down)


def conditional_power(z: float, here: float, later: Later, *, effect: float) -> ConditionalPower:
    """Chance of crossing the later efficacy bounds after `z` at information `here`.

    Raises `UsageError` when the later looks do not add information.
    """
    ways = conditional_crossings(z, here, later, effect=effect)
    score = z * math.sqrt(here)
    end, bound = later.information[-1], later.upper[-1]
    final = 0.0
    if bound < math.inf:
        mean = score + effect * (end - here)
        final = float(special.ndtr((mean - bound * math.sqrt(end)) / math.sqrt(end - here)))
    return ConditionalPower(effect, ways.upper, min(1.0, math.fsum(ways.upper)), final)


def conditional_crossings(z: float, here: float, later: Later, *, effect: float) -> Crossings:
    """First crossings above and below at the later looks, given `z` at information `here`."""
    gained = _gained(here, later)
    score = z * math.sqrt(here)
    lower = later.lower or (-math.inf,) * len(gained)
    up = [
        _moved(b, i, g, score)
        for b, i, g in zip(later.upper, later.information, gained, strict=True)
    ]
    down = [
        _moved(b, i, g, score) for b, i, g in zip(lower, later.information, gained, strict=True)
    ]
    return leaving(up, down, gained, drift=effect)


def conditional_rejection_probability(z: float, here: float, later: Later) -> float:
    """Type I error still to spend: the chance of a later crossing without effect.

    Mueller & Schaefer 2001, Biometrics 57:886. Futility bounds are not counted: they are
    non-binding.
    """
    freed = Later(later.information, later.upper)
    return conditional_power(z, here, freed, effect=0.0).total


@dataclass(frozen=True, slots=True)
class ThreeViews:
    """Conditional power under the effect planned for, the one seen, and none; never one alone."""

    design: ConditionalPower
    estimate: ConditionalPower
    null: ConditionalPower
    low: ConditionalPower | None = None
    high: ConditionalPower | None = None


def conditional_views(
    z: float,
    here: float,
    later: Later,
    *,
    design_effect: float,
    limits: tuple[float, float] | None = None,
) -> ThreeViews:
    """Conditional power under the design effect, the estimate, no effect, and interval limits.

    The estimate early in a trial is wildly variable, so the views come together.
    """

    def at(effect: float) -> ConditionalPower:
        return conditional_power(z, here, later, effect=effect)

    low, high = (None, None) if limits is None else (at(limits[0]), at(limits[1]))
    return ThreeViews(at(design_effect), at(z / math.sqrt(here)), at(0.0), low, high)


def b_value(z: float, fraction: float) -> float:
    """z sqrt(t): moves along a straight line of slope theta when the effect is theta.

    Raises `UsageError` for a fraction outside (0, 1].
    """
    if not 0 < fraction <= 1:
        raise UsageError("FRACTION_RANGE", "An information fraction lies in (0, 1].")
    return z * math.sqrt(fraction)


def _gained(here: float, later: Later) -> tuple[float, ...]:
    gained = tuple(information - here for information in later.information)
    before = (0.0, *gained[:-1])
    if not here > 0 or any(not b > a for a, b in zip(before, gained, strict=True)):
        raise UsageError("INFORMATION_ORDER", "Later looks add to the information so far.")
    return gained


def _moved(bound: float, information: float, gained: float, score: float) -> float:
    if math.isinf(bound):
        return bound
    return (bound * math.sqrt(information) - score) / math.sqrt(gained)
