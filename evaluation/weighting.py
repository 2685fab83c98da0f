"""Looks after the size was changed by the effect: stages combined by weights frozen in the plan.

The first stage is everything up to the look that changed the size; each look after it adds one.
A stage's weight is the share of information that the protocol planned for it, whatever size it
reached (Cui, Hung & Wang 1999, Biometrics 55:853), so bounds rest on planned correlations and a
size that was chosen from the effect costs no type I error. The statistics of all pairs, which would
pool naively, are kept beside it and decide nothing.

An effect's limits are where the combined statistic would lie on the bound: its stages move by
effect times the root of the information that they really brought.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from evaluation.design.adaptive.combination import combined_p, inverse_normal
from evaluation.design.boundaries import CLOSEST
from evaluation.design.repeated import nominal_alpha
from evaluation.design.roots import inverted
from evaluation.design.stagewise import StagewiseInference
from evaluation.inference.orientation import critical_of
from evaluation.plan import HypothesisPlan, LookPlan
from evaluation.results import Boundary, Interval, LookResults, TestResult, Unweighted
from evaluation.rounding import to_digits

SMALLEST_Z = 0.1  # below it a distance over z is noise: both are next to nothing
NOT_GROWN = "Information has not grown since the look before, so this stage has no statistic."
NO_STAGE = "The look that changed the size had no estimate of it, so there is no first stage."


@dataclass(frozen=True, slots=True)
class Reached:
    """A look from the one that changed the size on: its planned share of information, and what
    all pairs together had there: 1 / SE^2 and z on the normal scale.
    """

    planned: float
    information: float
    statistic: float


@dataclass(frozen=True, slots=True)
class Combined:
    """Stages put together; `clock` are the planned informations, in units of the first stage's.

    `stage_z` and `gained` are each stage's own z and information.
    """

    clock: tuple[float, ...]
    stage_z: tuple[float, ...]
    gained: tuple[float, ...]
    own: Unweighted  # of all pairs

    @property
    def information(self) -> float:
        """Planned information, on which weights and bounds rest."""
        return self.clock[-1]

    @property
    def statistic(self) -> float:
        return inverse_normal(self.stage_z, self.clock)[-1]

    @property
    def reach(self) -> float:
        """How far one unit of effect moves the statistic, times the root of `information`."""
        before = (0.0, *self.clock[:-1])
        weights = (math.sqrt(b - a) for a, b in zip(before, self.clock, strict=True))
        return math.fsum(w * math.sqrt(i) for w, i in zip(weights, self.gained, strict=True))

    def distance(self, z: float) -> float:
        """The effect beyond the null at which the statistic would be `z` less."""
        return z * math.sqrt(self.information) / self.reach


@dataclass(frozen=True, slots=True)
class NoStage:
    """Why stages cannot be combined at this look."""

    reason: str


Weighed = Combined | NoStage


def combined(reached: Sequence[Reached]) -> Weighed:
    """The looks from the change of size on, in order; the last is this one."""
    first = reached[0]
    clock, stage_z, gained = [first.information], [first.statistic], [first.information]
    before = first
    for here in reached[1:]:
        grown = here.information - before.information
        if grown < CLOSEST * here.information:
            if here is reached[-1]:
                return NoStage(NOT_GROWN)
            continue
        score = here.statistic * math.sqrt(here.information)
        score -= before.statistic * math.sqrt(before.information)
        clock.append(first.information * here.planned / first.planned)
        stage_z.append(score / math.sqrt(grown))
        gained.append(grown)
        before = here
    last = reached[-1]
    own = Unweighted(information=last.information, statistic=last.statistic)
    return Combined(tuple(clock), tuple(stage_z), tuple(gained), own)


def weighed(
    look: LookPlan, earlier: Sequence[Reached], information: float | None, statistic: float | None
) -> Weighed | None:
    """This look after `earlier` ones; None where it has no estimate, or is combined with nothing.

    `earlier` begin with the look that changed the size; without it there is no first stage.
    """
    planned = look.look.information
    if not look.weighted or planned is None or information is None or statistic is None:
        return None
    if not earlier:
        return NoStage(NO_STAGE)
    return combined([*earlier, Reached(planned, information, statistic)])


def reached_by(look: LookPlan, boundaries: Sequence[Boundary]) -> tuple[Reached, ...]:
    """From the log of one hypothesis; nothing where the look of the change had no estimate."""
    if look.change is None:
        return ()
    names = [boundary.look for boundary in boundaries]
    since = boundaries[names.index(look.change.at) :] if look.change.at in names else ()
    found = [_reached(boundary) for boundary in since]
    if not found or found[0] is None:
        return ()
    return tuple(each for each in found if each is not None)


def _reached(boundary: Boundary) -> Reached | None:
    own = boundary.unweighted
    information = boundary.statistical_information if own is None else own.information
    statistic = boundary.statistic if own is None else own.statistic
    if boundary.planned_information is None or information is None or statistic is None:
        return None
    return Reached(boundary.planned_information, information, statistic)


def reached_beside(
    look: LookPlan, code: str, place: int, previous: Sequence[LookResults]
) -> tuple[Reached, ...]:
    """The same of one supporting population, from the results of the looks before."""
    names = [results.facts.look for results in previous]
    if look.change is None or look.change.at not in names:
        return ()
    planned = {known.id: known.information for known in look.protocol.monitoring.looks}
    found: list[Reached] = []
    for results in previous[names.index(look.change.at) :]:
        hypothesis = next(h for h in results.hypotheses if h.id == code)
        result = hypothesis.supporting[place]
        information, z = result.information, normal_z(result)
        share = planned.get(results.facts.look)
        if information is not None and z is not None and share is not None:
            found.append(Reached(share, to_digits(information), z))
        elif results.facts.look == look.change.at:
            return ()
    return tuple(found)


def normal_z(result: TestResult) -> float | None:
    """The z of all pairs on the normal scale, with the digits that are stored."""
    if result.unweighted is not None:
        return result.unweighted.statistic
    if result.statistic is None or result.p_value is None:
        return None
    if result.df is None or not 0 < result.p_value < 1:
        return to_digits(result.statistic)
    return to_digits(critical_of(result.p_value))


def as_weighed(
    plan: HypothesisPlan, result: TestResult, found: Weighed | None, *, bound: float | None
) -> TestResult:
    """The face of a test after the change: statistic, p and repeated interval are the weighted.

    The estimate, the standard error and the naive interval are those of all pairs.
    """
    if found is None or result.estimate is None:
        return result
    naive = tuple(i for i in result.intervals if i.kind != "repeated")
    if isinstance(found, NoStage):
        empty = {"statistic": None, "p_value": None, "intervals": naive}
        return result.model_copy(update=empty | {"warnings": (*result.warnings, found.reason)})
    repeated = next((i for i in result.intervals if i.kind == "repeated"), None)
    held = (
        ()
        if repeated is None or bound is None
        else (_limits(plan, result, found, repeated, bound),)
    )
    return result.model_copy(
        update={
            "statistic": found.statistic,
            "df": None,
            "p_value": nominal_alpha(found.statistic),
            "intervals": (*held, *naive),
            "unweighted": found.own,
        }
    )


def _limits(
    plan: HypothesisPlan, result: TestResult, found: Combined, repeated: Interval, bound: float
) -> Interval:
    unit = unit_of(plan, result, found.own)
    near = plan.effect_at(unit * found.distance(found.statistic - bound))
    far = plan.effect_at(unit * found.distance(found.statistic + bound))
    low, high = sorted((near, far))
    return repeated.model_copy(update={"low": low, "high": high})


def unit_of(plan: HypothesisPlan, result: TestResult, own: Unweighted) -> float:
    """What makes one pair of estimate and z fit: 1 for a Wald test, near it for a score test."""
    if result.estimate is None or abs(own.statistic) < SMALLEST_Z:
        return 1.0
    unit = plan.from_null(result.estimate) * math.sqrt(own.information) / own.statistic
    return unit if unit > 0 else 1.0


def weighted_estimate(plan: HypothesisPlan, result: TestResult, found: Combined) -> float:
    """The effect at which the combined statistic would be 0: the middle of its intervals."""
    return plan.effect_at(unit_of(plan, result, found.own) * found.distance(found.statistic))


def stagewise(
    found: Combined, trail: Sequence[float], bounds: Sequence[float], *, level: float
) -> StagewiseInference:
    """Stage-wise p, median unbiased estimate and interval of the combination, from the null.

    `trail` are the planned informations of the looks that could stop, this one last; `bounds` the
    z bounds of those before it. Looks before the change brought what they had. Those that could not
    stop keep their own weight: an effect moves two stages less than one of both together.
    """
    early = [here for here in trail if not _on(found.clock, here) and here < found.clock[0]]
    clock, there = [*early, *found.clock], [*early, *accumulate(found.gained)]
    gained = [b - a for a, b in zip((0.0, *there[:-1]), there, strict=True)]
    could_stop = dict(zip(trail[:-1], bounds, strict=True))
    before = [
        next((z for at, z in could_stop.items() if _on((at,), here)), math.inf)
        for here in clock[:-1]
    ]

    def at(effect: float) -> float:
        return combined_p(found.statistic, before, clock, stage_information=gained, effect=effect)

    naive, unit = found.distance(found.statistic), 1 / math.sqrt(there[-1])
    estimate, low, high = inverted(at, naive=naive, unit=unit, level=level)
    return StagewiseInference(at(0.0), estimate, low, high, level)


def _on(clock: Sequence[float], here: float) -> bool:
    """Whether a look stands there, but for the digits that are stored."""
    return any(math.isclose(at, here, rel_tol=1e-9) for at in clock)
