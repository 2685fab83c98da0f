"""Predictive power and assurance: the chance of success averaged over what the effect may be.

Averaging over a normal belief is exact, not a second integration: the mean of the belief moves
through the looks as a driftless walk with independent normal steps, whose variance is what the
belief loses. Bounds on z become bounds on that mean (Spiegelhalter, Freedman & Blackburn 1986,
Control Clin Trials 7:8; O'Hagan, Stevens & Campbell 2005, Pharm Stat 4:187).
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import special

from evaluation.design.boundaries import Crossings, check_information, leaving
from evaluation.design.conditional.power import Later
from protocols.errors import UsageError

CLOSEST_BELIEF = 2e-6  # smallest share of the lost variance that separates two looks


@dataclass(frozen=True, slots=True)
class Belief:
    """A normal belief about the effect measured from the null; `variance` above 0."""

    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class PredictivePower:
    """First crossings by later look, averaged over the belief; `total` their sum.

    `final` is the chance that the last look exceeds its bound, whatever happens before.
    """

    by_look: tuple[float, ...]
    total: float
    final: float


def updated(prior: Belief | None, z: float, here: float) -> Belief:
    """The belief after `z` at information `here`; None is the flat prior.

    Raises `UsageError` for a variance or information that is not positive.
    """
    if not here > 0 or (prior is not None and not prior.variance > 0):
        raise UsageError("BELIEF_RANGE", "Variance and information are positive.")
    precision = 0.0 if prior is None else 1 / prior.variance
    pull = 0.0 if prior is None else prior.mean / prior.variance
    variance = 1 / (precision + here)
    return Belief(variance * (z * math.sqrt(here) + pull), variance)


def predictive_power(
    z: float, here: float, later: Later, *, prior: Belief | None = None
) -> PredictivePower:
    """Chance of crossing the later bounds after `z` at `here`, futility bounds obeyed if given.

    `prior` None is flat. With one look left and a flat prior this has a closed form
    (`flat_predictive_power`).
    """
    belief = updated(prior, z, here)
    gained = [information - here for information in later.information]
    if not gained[0] > 0 or any(not b > a for a, b in itertools.pairwise(gained)):
        raise UsageError("INFORMATION_ORDER", "Later looks add to the information so far.")
    score = z * math.sqrt(here)
    ways = _believed(belief, gained, later, score)
    alone = Later(later.information[-1:], later.upper[-1:])
    final = _believed(belief, gained[-1:], alone, score).upper[0]
    return PredictivePower(ways.upper, min(1.0, math.fsum(ways.upper)), final)


def flat_predictive_power(z: float, here: float, end: float, bound: float) -> float:
    """The closed form with one look left, at information `end`, and a flat prior."""
    slope = end / here
    spread = math.sqrt((end - here) * slope)
    return float(special.ndtr((z * math.sqrt(here) * slope - bound * math.sqrt(end)) / spread))


def assurance(
    upper: Sequence[float],
    information: Sequence[float],
    belief: Belief,
    *,
    lower: Sequence[float] | None = None,
) -> Crossings:
    """First crossings by look before any data, averaged over `belief`; upper ones sum to it."""
    check_information(information)
    if not belief.variance > 0:
        raise UsageError("BELIEF_RANGE", "A belief's variance is positive.")
    looks = Later(tuple(information), tuple(upper), () if lower is None else tuple(lower))
    return _believed(belief, list(information), looks, 0.0)


def assurance_after(ways: Crossings, looks: int) -> float:
    """Chance of success for trials that have not stopped in the first `looks` looks.

    `ways` come from `assurance`; what was seen is not used, only that nothing was crossed.
    Raises `UsageError` when none would be left.
    """
    up, down = math.fsum(ways.upper[:looks]), math.fsum(ways.lower[:looks])
    if not up + down < 1:
        raise UsageError("NO_LOOK_LEFT", "No trial would be left after these looks.")
    return math.fsum(ways.upper[looks:]) / (1 - up - down)


def _believed(belief: Belief, gained: Sequence[float], later: Later, score: float) -> Crossings:
    """Crossings of the belief's mean, a walk on the clock of variance lost."""
    precision = 1 / belief.variance
    lower = later.lower or (-math.inf,) * len(gained)
    clock = [belief.variance * g / (precision + g) for g in gained]  # variance lost so far
    if any(b - a < CLOSEST_BELIEF * b for a, b in itertools.pairwise(clock)):
        message = "Later looks lie too close for a belief this vague; leave one of them out."
        raise UsageError("BELIEF_RANGE", message)

    def on_mean(bound: float, look: int) -> float:
        if math.isinf(bound):
            return bound
        rise = bound * math.sqrt(later.information[look]) - score  # of the score, to the bound
        moved = (rise - belief.mean * gained[look]) / (precision + gained[look])
        return moved / math.sqrt(clock[look])

    up = [on_mean(bound, look) for look, bound in enumerate(later.upper)]
    down = [on_mean(bound, look) for look, bound in enumerate(lower)]
    return leaving(up, down, clock)
