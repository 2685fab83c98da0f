"""From numbers to words: verdicts, what is shown, and what follows from it. No estimation here.

The verdict of a hypothesis is read from its repeated interval, unrounded, with the sign turned once
so that larger is better (`better_limits`). It is *shown* when the bound is crossed in the primary
population, the interval says the same, and every supporting population crosses it too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evaluation.boundaries import Bound
from evaluation.inference.base import Scale
from evaluation.plan import HypothesisPlan
from evaluation.results import HypothesisResult, Interval, SharedAlpha, TestResult
from protocols.schema import Multiplicity
from protocols.vocabulary import Direction, Framework, Verdict

PASSING = (
    Verdict.SUPERIOR,
    Verdict.NON_INFERIOR,
    Verdict.EQUIVALENT,
    Verdict.NON_INFERIOR_BUT_WORSE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one interval says of one hypothesis, before populations and multiplicity.

    `worse`: the whole interval lies on the wrong side of zero. `inferior`: beyond the margin.
    """

    verdict: Verdict
    worse: bool | None
    inferior: bool | None


@dataclass(frozen=True, slots=True)
class Decided:
    """One hypothesis at one look."""

    verdict: Verdict
    shown_at: str | None
    crossed: bool | None  # None where it was not tested at this look
    reading: Reading
    reason: str | None
    claimed: bool = False  # shown, and so is everything that its group asks for

    @property
    def shown(self) -> bool:
        return self.shown_at is not None


UNREAD = Reading(Verdict.NOT_EVALUABLE, None, None)


def read_interval(
    interval: Interval,
    *,
    margin: float,
    framework: Framework,
    direction: Direction,
    scale: Scale = "difference",
) -> Reading:
    """The verdict that an interval [L, U] gives.

    `margin` is the distance of the margin from no effect, 0 for superiority; of a ratio it is the
    absolute logarithm.
    """
    limits = _linear(interval.low, scale), _linear(interval.high, scale)
    low, high = better_limits(*limits, direction)
    worse, inferior = high < 0, high < -margin
    if inferior:
        verdict = Verdict.INFERIOR
    elif framework is Framework.EQUIVALENCE and -margin < low and high < margin:
        verdict = Verdict.EQUIVALENT
    elif low <= -margin or framework is Framework.EQUIVALENCE:
        verdict = Verdict.NOT_SHOWN_AND_WORSE if worse else Verdict.NOT_SHOWN
    elif framework is Framework.SUPERIORITY:
        verdict = Verdict.SUPERIOR
    else:
        verdict = Verdict.NON_INFERIOR_BUT_WORSE if worse else Verdict.NON_INFERIOR
    return Reading(verdict, worse, inferior)


def _linear(limit: float, scale: Scale) -> float:
    """A limit on the scale where no effect is 0 and both directions weigh alike."""
    if scale == "difference":
        return limit
    return math.log(limit) if limit > 0 else -math.inf


def better_limits(low: float, high: float, direction: Direction) -> tuple[float, float]:
    """Limits on a scale where larger is better: the only sign turned in this module."""
    match direction:
        case Direction.HIGHER_IS_BETTER:
            return low, high
        case Direction.LOWER_IS_BETTER:
            return -high, -low


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that decides one hypothesis at one look."""

    plan: HypothesisPlan
    bound: Bound
    primary: TestResult
    supporting: tuple[TestResult, ...]
    interval: Interval | None
    before: HypothesisResult | None  # at the look before

    @property
    def given_up_at(self) -> str | None:
        """The look whose binding futility bound was crossed: nothing may be claimed after it."""
        boundaries = self.before.boundaries if self.before else ()
        crossed = (b.look for b in boundaries for f in b.futility if f.binding and f.crossed)
        return next(crossed, None)


@dataclass(frozen=True, slots=True)
class Settled:
    """What was decided of one hypothesis, on what, and how it stands where alpha is shared."""

    evidence: Evidence
    decided: Decided
    shared: SharedAlpha | None = None


def decide_all(
    multiplicity: Multiplicity, evidence: Sequence[Evidence], *, look: str
) -> dict[str, Decided]:
    """Every hypothesis by id, in the registered order.

    `fixed_sequence` opens a group only when all before it are shown, at this look or earlier.
    """
    by_id = {item.plan.hypothesis.id: item for item in evidence}
    decided: dict[str, Decided] = {}
    missing: str | None = None
    for group in multiplicity.order:
        blocked = missing if multiplicity.procedure == "fixed_sequence" else None
        for code in group:
            decided[code] = decide(by_id[code], look=look, blocked_by=blocked)
        not_shown = [code for code in group if not decided[code].shown]
        decided |= {code: _claim(decided[code], not_shown) for code in group}
        missing = missing or (not_shown[0] if not_shown else None)
    for code in by_id.keys() - decided.keys():
        decided[code] = decide(by_id[code], look=look, blocked_by="its place in the order")
    return decided


def _claim(decided: Decided, not_shown: Sequence[str]) -> Decided:
    """Inside a group all must pass: each is tested at full alpha, so none is a claim alone."""
    if not decided.shown or not not_shown:
        return replace(decided, claimed=decided.shown)
    alone = f"Alone it supports no claim: {' and '.join(not_shown)} of its group not shown."
    return replace(decided, reason=" ".join(filter(None, (decided.reason, alone))))


def decide(item: Evidence, *, look: str, blocked_by: str | None = None) -> Decided:
    """One hypothesis against its bound; `blocked_by` is what the registered order asks for first.

    Without any alpha of its own so far it is not tested.
    """
    reading = UNREAD
    if item.interval is not None:
        reading = read_interval(
            item.interval,
            margin=item.plan.distance,
            framework=item.plan.hypothesis.framework,
            direction=item.plan.endpoint.direction,
            scale=item.plan.scale,
        )
    earlier = item.before
    if earlier is not None and earlier.shown:
        return _kept(item, earlier, reading)
    if item.given_up_at is not None:
        reason = f"Given up for futility at look {item.given_up_at}, as registered: binding."
        return Decided(Verdict.NOT_TESTED, None, None, reading, reason)
    if blocked_by is not None:
        reason = f"Not tested: {blocked_by} is not shown, and the registered order asks for it."
        return Decided(Verdict.NOT_TESTED, None, None, reading, reason)
    if item.bound.level == 0:
        return Decided(Verdict.NOT_TESTED, None, None, reading, item.bound.reason)
    if item.primary.not_evaluable is not None:
        return Decided(Verdict.NOT_EVALUABLE, None, None, reading, item.primary.not_evaluable)
    if item.bound.nominal_alpha is None:
        return Decided(Verdict.NOT_EVALUABLE, None, None, reading, item.bound.reason)
    return _tested(item, reading, look=look)


def _tested(item: Evidence, reading: Reading, *, look: str) -> Decided:
    crossed = crosses(item.primary, item.bound)
    against = _against(item)
    if reading.verdict not in PASSING or not crossed:
        return Decided(reading.verdict, None, crossed, reading, _note(item, against))
    if against:
        reason = f"Shown in {_named(item, [item.primary])}, but not in {_named(item, against)}."
        return Decided(Verdict.NOT_ROBUST, None, crossed, reading, reason)
    return Decided(reading.verdict, look, crossed, reading, None)


def crosses(result: TestResult, bound: Bound) -> bool:
    """The p-value form of "statistic at or above the bound", the same for z and for t."""
    if result.p_value is None or bound.nominal_alpha is None:
        return False
    return result.p_value <= bound.nominal_alpha


def _note(item: Evidence, against: Sequence[TestResult]) -> str | None:
    """The primary population decides; that another one would have passed is said all the same."""
    passing = [result for result in item.supporting if result not in against]
    if not passing:
        return None
    mine = _named(item, [item.primary])
    return f"Not shown in {mine}, although it would be in {_named(item, passing)}."


def _against(item: Evidence) -> list[TestResult]:
    return [result for result in item.supporting if not crosses(result, item.bound)]


def _named(item: Evidence, results: Sequence[TestResult]) -> str:
    """Populations by their titles, in quotation marks: a report is read by people."""
    return " and ".join(f"“{item.plan.populations[result.population]}”" for result in results)


def _kept(item: Evidence, earlier: HypothesisResult, reading: Reading) -> Decided:
    """Shown once, shown for good; an interval or a population that says otherwise now is told."""
    crossed = None if item.bound.nominal_alpha is None else crosses(item.primary, item.bound)
    said = [f"Shown at look {earlier.shown_at}.", *_otherwise(item, reading)]
    if reading.verdict in PASSING:
        reason = " ".join(said) if len(said) > 1 else None
        return Decided(reading.verdict, earlier.shown_at, crossed, reading, reason)
    return Decided(earlier.verdict, earlier.shown_at, crossed, reading, " ".join(said))


def _otherwise(item: Evidence, reading: Reading) -> list[str]:
    """What of this look speaks against a claim that an earlier one made."""
    if reading.verdict is Verdict.NOT_EVALUABLE:
        return []
    if reading.inferior:
        return ["At this look the interval alone would say that the candidate is inferior."]
    if reading.verdict not in PASSING:
        return ["At this look the interval alone would not show it."]
    against = _against(item)
    return [f"At this look {_named(item, against)} would not show it."] if against else []
