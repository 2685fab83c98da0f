"""Whether a planned look may be run now: asked in a fixed order, the first reason refuses.

1. LOOK_UNPLANNED: the protocol has no such look and allows no other (`plan.plan_of`)
2. LOOK_REPEATED: it has been conducted; its stored result is the result
3. LOOK_OUT_OF_ORDER: a planned look before it has not been conducted and may not be skipped, or a
   later one has been
4. LOOK_EARLY: evaluable pairs (on the clocks of events and of the calendar: events, or days from
   the registered start) are short of the look's share; the last look has no tolerance. Once
   accrual is declared closed every look may be run short: an interim look that can no longer be
   reached must not stand before the last one for ever, and spends what it has earned
5. OUTCOME_IMMATURE: accrual was closed short and, under `maturity: elapsed`, outcomes still have
   time to run; a look is irrevocable and these would be lost to it
6. LOOK_NOT_READY: the last look only, while something may still arrive in time. At an interim look
   what is pending counts as missing; at the last look nothing may be left open, unless accrual is
   closed and every waiting pair is past the time until which the candidate's answer is kept
   (`late_until_ms`): then waiting is over and it counts as a candidate without answer. A trial that
   a safety rule has stopped waits for nothing, and pairs that were never asked about are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.clocks import Progress, progress_of
from evaluation.errors import LookRefusal
from evaluation.plan import LookPlan
from evaluation.populations import Pairs
from gateway.store.alarms import NO_HOLD, Hold
from gateway.store.maturity import mature_by
from gateway.store.records import Completeness, PairRecord
from protocols.vocabulary import Fate


@dataclass(frozen=True, slots=True)
class Refused:
    """Why the look may not be run now, and what to do."""

    code: LookRefusal
    sentence: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the trial stands when a look is asked for; `at_us` is the moment of asking."""

    pairs: Sequence[PairRecord]
    completeness: Completeness
    accrual_closed: bool
    at_us: int
    hold: Hold = NO_HOLD


def refused_by_order(look: LookPlan, conducted: Sequence[str]) -> Refused | None:
    """Repeated, or before its turn."""
    name = look.look.id
    if name in conducted:
        return Refused(
            LookRefusal.REPEATED,
            f"Look {name} has been conducted; read its result with `equipoise look show {name}`.",
        )
    passed = _passed_over(look, conducted)
    if passed is not None:
        return Refused(
            LookRefusal.OUT_OF_ORDER,
            f"Look {passed} has been conducted, and look {name} does not come after it.",
        )
    missing = _missing(look, conducted)
    if missing:
        return Refused(
            LookRefusal.OUT_OF_ORDER,
            f"Look {missing[0]} comes before {name} and has not been conducted; run it first.",
        )
    return None


def _passed_over(look: LookPlan, conducted: Sequence[str]) -> str | None:
    """A look that was conducted and leaves no room for this one: a later one, or the last."""
    planned = [known.id for known in look.protocol.monitoring.looks]
    later = planned[-1:] if look.place is None else planned[look.place :]
    return next((name for name in later if name in conducted), None)


def _missing(look: LookPlan, conducted: Sequence[str]) -> list[str]:
    """Planned looks before this one that must not be skipped and were."""
    monitoring = look.protocol.monitoring
    if look.place is None or monitoring.skipped_looks == "allowed":
        return []
    earlier = [planned.id for planned in monitoring.looks[: look.place - 1]]
    return [planned for planned in earlier if planned not in conducted]


def refused_by_data(look: LookPlan, standing: Standing) -> Refused | None:
    """Too early, or not everything in that the last look must wait for."""
    return _short(look, standing) or (_not_ready(look, standing) if look.final else None)


def _short(look: LookPlan, standing: Standing) -> Refused | None:
    final = look.final and standing.hold.word is None
    pairs = Pairs(look.protocol, standing.pairs, final=final)
    progress = progress_of(look, pairs, at_us=standing.at_us)
    if progress.reached:
        return None
    if standing.accrual_closed:
        return _immature(look, standing)
    return _early(look, progress)


def _early(look: LookPlan, progress: Progress) -> Refused:
    advice = "wait" if progress.unit == "days" else "wait for more outcomes"
    if look.final:  # accrual must not be closed for the sake of an interim look
        advice += ", or declare accrual closed"
    return Refused(
        LookRefusal.EARLY,
        f"Look {look.look.id} {progress.sentence()}; {advice}.",
    )


def _immature(look: LookPlan, standing: Standing) -> Refused | None:
    plan = look.protocol.outcome
    n_immature = sum(
        _counts(pair) and not mature_by(standing.at_us, pair.arrived_at_us, plan)
        for pair in standing.pairs
    )
    if not n_immature:
        return None
    return Refused(
        LookRefusal.IMMATURE,
        f"The outcomes of {n_immature} pairs have not had their {plan.horizon_days:g} days and "
        f"the lag of {plan.maturity_lag_days:g} days; run look {look.look.id} when they have.",
    )


def _not_ready(look: LookPlan, standing: Standing) -> Refused | None:
    on_its_way = standing.completeness.in_flight
    if on_its_way:
        return Refused(
            LookRefusal.NOT_READY,
            f"{on_its_way} accepted requests are not in the store yet; let the mirror catch up.",
        )
    waiting = [pair for pair in standing.pairs if _waits(pair)]
    late_us = look.protocol.setting.mirror.late_until_ms * 1000
    in_time = [pair for pair in waiting if pair.arrived_at_us + late_us > standing.at_us]
    if not waiting or standing.hold.stopped_by or (standing.accrual_closed and not in_time):
        return None
    if standing.hold.paused_by:
        return Refused(
            LookRefusal.NOT_READY,
            f"{len(waiting)} pairs still wait for the candidate, and "
            f"{', '.join(standing.hold.paused_by)} has paused its asking; resume it with "
            "`equipoise safety resume`, or declare accrual closed.",
        )
    return Refused(
        LookRefusal.NOT_READY,
        f"{len(waiting)} pairs still wait for the candidate; let the mirror catch up, or declare "
        "accrual closed once it cannot.",
    )


def _waits(pair: PairRecord) -> bool:
    return _counts(pair) and pair.candidate.fate is Fate.PENDING


def _counts(pair: PairRecord) -> bool:
    return pair.eligible and pair.sampled and pair.duplicate_of is None
