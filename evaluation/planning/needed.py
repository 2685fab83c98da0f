"""The pairs with which a design has its power: bounds, looks and the test's own power together.

The power asked for is that of the whole design with its stops obeyed, the same number that is
printed for the planned pairs; and never fewer pairs than one look's times the design's factor
(Jennison & Turnbull 2000, chapter 3), which is not the same where a formula's variances differ
under null and truth. Bounds on the scale of the effect move with the pairs, so the design
is made anew with every guess.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from evaluation.design.operating import drift_for_power, inflation_factor
from evaluation.design.size.equivalence import single_power
from evaluation.design.size.plan import WHOLE, Plan
from evaluation.design.size.search import possible, probit, rising
from evaluation.planning.bounds import passage_of
from evaluation.planning.designs import Design, replanned
from evaluation.planning.sized import Sized


@dataclass(frozen=True, slots=True)
class Needed:
    """Independent pairs before rounding: of one look, and of the design with its looks."""

    single: float
    looks: float

    @property
    def inflation(self) -> float:
        return self.looks / self.single


def needed(design: Design, sized: Sized, effect: float) -> Needed:
    """Pairs for the registered power under this effect.

    Raises `UsageError` where no trial of less than 1e12 pairs has it.
    """
    single = _single(sized, effect)
    if len(design.fractions) == 1 and not _moving(design):
        return Needed(single, single)
    if design.equivalence or _moving(design) or sized.formula.whole:
        return Needed(single, _by_search(design, sized, effect, single))
    drift = drift_for_power(
        design.upper, design.fractions, power=sized.design.power, lower=design.stops
    )
    looks = _with_deviate(sized, effect, drift - sized.plan().z_alpha, single)
    factor = inflation_factor(drift, design.fractions, alpha=sized.alpha, power=sized.design.power)
    return Needed(single, max(single * factor, looks))


def power_with(design: Design, sized: Sized, effect: float, *, pairs: float) -> float:
    """The power of this design if it had so many evaluable pairs."""
    there = sized.with_pairs(pairs / sized.clusters.design_effect)
    return passage_of(replanned(design, there), effect).power


def _moving(design: Design) -> bool:
    """Whether there are stops below, which may move with the pairs."""
    return any(not math.isinf(bound) for bound in design.stops)


def _single(sized: Sized, effect: float) -> float:
    """One look, all of the alpha at once."""
    plan = sized.plan()
    if sized.other is not None:
        return _single_equivalence(sized, effect, plan)
    return _with_deviate(sized, effect, plan.z_power, 1.0)


def _single_equivalence(sized: Sized, effect: float, plan: Plan) -> float:
    def deviate(pairs: float) -> float:
        there = sized.with_pairs(pairs)
        return probit(single_power(there.drifts(effect), plan.z_alpha))

    return rising(deviate, plan.z_power, _start(sized, effect, plan.z_power))


def _with_deviate(sized: Sized, effect: float, wanted: float, start: float) -> float:
    """The pairs at which one look has this deviate: a closed form where the power is normal."""
    if sized.formula.whole:
        return _whole(sized, effect, wanted)
    closed = _start(sized, effect, wanted)
    if sized.formula.deviate is None:
        return closed
    return rising(lambda pairs: sized.deviate(effect, pairs), wanted, max(closed, start))


def _start(sized: Sized, effect: float, wanted: float) -> float:
    normal = sized.normal(effect)
    z_alpha = sized.plan().z_alpha
    root = z_alpha * math.sqrt(normal.variance_null) + wanted * math.sqrt(normal.variance_truth)
    return possible((max(root, 0.0) / normal.distance) ** 2)


def _whole(sized: Sized, effect: float, wanted: float) -> float:
    """The fewest whole counting pairs that reach it while one fewer does not."""
    share = sized.formula.counted(sized.nuisance)

    def short(count: int) -> bool:
        return sized.deviate(effect, count / share) < wanted - WHOLE

    enough = max(1, math.ceil(_start(sized, effect, wanted) * share))
    while short(enough):
        enough = math.ceil(possible(enough + max(1.0, enough / 10)))
    below = enough
    while below > 0 and not short(below):
        enough, below = below, below - max(1, below // 10)
    while enough - below > 1:
        middle = (below + enough) // 2
        below, enough = (middle, enough) if short(middle) else (below, middle)
    return enough / share


def _by_search(design: Design, sized: Sized, effect: float, single: float) -> float:
    """Where bounds move with the pairs, or a claim has two sides."""

    def deviate(pairs: float) -> float:
        power = passage_of(replanned(design, sized.with_pairs(pairs)), effect).power
        return probit(power)

    wanted = probit(sized.design.power)
    if sized.formula.whole:
        return _whole_design(deviate, wanted, sized, single)
    return rising(deviate, wanted, single)


def _whole_design(
    deviate: Callable[[float], float], wanted: float, sized: Sized, single: float
) -> float:
    """By whole counting pairs, from those of one look up."""
    share = sized.formula.counted(sized.nuisance)
    step, count = 1, max(1, round(single * share))
    while deviate(count / share) < wanted:
        count = math.ceil(possible(count + step))
        step = max(1, count // 100)
    while count > 1 and deviate((count - 1) / share) >= wanted:
        count -= 1
    return count / share
