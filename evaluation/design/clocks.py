"""Which looks count, at what information and spending time: policies by name.

Two clocks stay apart. Observed information drives the correlations between looks; the spending
time (information, calendar, events, or the smaller of planned and observed) drives alpha. A look
is judged by what was known then: no record changes when later looks come, so a log replays to
the same bounds.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from evaluation.design.boundaries import CLOSEST, efficacy_boundaries
from protocols.errors import UsageError


class Clock(StrEnum):
    """What moves the spending time."""

    INFORMATION = "information"
    CALENDAR = "calendar"
    EVENT = "event"
    MIN_PLANNED_OBSERVED = "min_planned_observed"


class FinalLook(StrEnum):
    """What the final look spends: all that is left, or what its clock says."""

    FULL_ALPHA = "full_alpha"
    INFORMATION_FRACTION = "information_fraction"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the protocol fixes. `planned` are planned spending times (fractions) of the looks.

    `maximum` is the planned maximum on the clock's own scale: information, days or events.
    """

    maximum: float
    clock: Clock = Clock.INFORMATION
    final: FinalLook = FinalLook.FULL_ALPHA
    planned: tuple[float, ...] = ()
    unplanned_allowed: bool = True


@dataclass(frozen=True, slots=True)
class Look:
    """One look as it came. `moment` is days or events, for those clocks.

    `planned_look` is the position of this look in the plan, from 1; None is an unplanned look.
    A planned position that was passed over is a skipped look, and spends with the next one.
    """

    information: float
    moment: float | None = None
    planned_look: int | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class LookRecord:
    """What a look has: `adds` False spends nothing and has no bound, `reason` says why."""

    information: float
    spending_time: float
    cumulative_alpha: float
    bound: float
    adds: bool
    reason: str = ""


def look_records(
    looks: Sequence[Look], plan: Plan, spend: Callable[[float], float]
) -> tuple[LookRecord, ...]:
    """The record of each look: information, spending time, alpha spent so far, z bound.

    `spend` is the registered cumulative alpha by spending time. Information that does not
    exceed what an earlier look had by 0.01 % adds nothing: that look spends nothing and is kept
    out of the correlations until information is exceeded; its spending time does not move.
    Over-running caps spending time at 1 and keeps the larger information. Raises `UsageError`
    for a look after the final one, an unplanned look where the plan forbids them, a look
    without the reading its clock needs, and information that is not positive.
    """
    entries: list[tuple[Look, float, float, str]] = []
    kept_alpha: list[float] = []
    kept_information: list[float] = []
    time = 0.0
    for position, look in enumerate(looks):
        _check(look, plan, after_final=any(earlier.final for earlier in looks[:position]))
        highest = kept_information[-1] if kept_information else 0.0
        already = kept_alpha[-1] if kept_alpha else 0.0
        if look.information - highest < CLOSEST * look.information:
            reason = "no_new_information" if look.information >= highest else "less_information"
            entries.append((look, time, already, reason))
            continue
        time = max(time, spending_time(look, plan))
        kept_information.append(look.information)
        kept_alpha.append(max(already, spend(time)))
        entries.append((look, time, kept_alpha[-1], ""))
    bounds = iter(efficacy_boundaries(kept_alpha, kept_information))
    return tuple(_record(*entry, bounds) for entry in entries)


def _record(
    look: Look, time: float, spent: float, reason: str, bounds: Iterator[float]
) -> LookRecord:
    if reason:
        return LookRecord(look.information, time, spent, math.inf, False, reason)
    bound = next(bounds)
    why = "no_alpha_spent" if math.isinf(bound) else ""
    return LookRecord(look.information, time, spent, bound, True, why)


def spending_time(look: Look, plan: Plan) -> float:
    """The spending time of one look by the plan's clock, at most 1.

    On the clock min_planned_observed an unplanned look has no planned time and takes the
    observed fraction. Raises `UsageError` when the reading that the clock needs is missing.
    """
    if look.final and plan.final is FinalLook.FULL_ALPHA:
        return 1.0
    if plan.clock in (Clock.CALENDAR, Clock.EVENT):
        if look.moment is None:
            raise UsageError("CLOCK_READING", f"The clock {plan.clock} needs its reading.")
        return min(1.0, look.moment / plan.maximum)
    observed = min(1.0, look.information / plan.maximum)
    if plan.clock is Clock.MIN_PLANNED_OBSERVED and look.planned_look is not None:
        return min(plan.planned[look.planned_look - 1], observed)
    return observed


def _check(look: Look, plan: Plan, *, after_final: bool) -> None:
    if after_final:
        raise UsageError("LOOK_AFTER_FINAL", "No look follows the final one.")
    if not plan.maximum > 0:
        raise UsageError("PLAN_MAXIMUM", "The planned maximum is positive.")
    if not (math.isfinite(look.information) and look.information > 0):
        raise UsageError("INFORMATION_RANGE", "Information is positive and finite.")
    if look.planned_look is None and not plan.unplanned_allowed:
        raise UsageError("UNPLANNED_LOOK", "The plan forbids looks it does not name.")
    named = look.planned_look
    if named is not None and plan.planned and not 1 <= named <= len(plan.planned):
        raise UsageError("PLANNED_LOOK", f"The plan has no look {named}.")
