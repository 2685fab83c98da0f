"""The efficacy bound of one hypothesis at one look: how alpha is spent, on which correlations.

Two clocks, kept apart (Lan & DeMets 1983, Biometrika 70:659): the registered one (`clocks`) drives
how much alpha may have been spent by now; statistical information (1 / SE^2) drives the
correlations. The bound
depends on this look and the looks before it, never on later ones; what earlier looks spent is read
from their results and is not computed again.

A look spends nothing where the clock has not moved on. When statistical information has not grown
by 0.01 % over its earlier maximum, correlations are undefined or next to one: an interim look then
spends nothing, and the last look takes what is left of alpha by the union bound, which holds
whatever the correlation.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evaluation.clocks import spending_time
from evaluation.design.boundaries import CLOSEST, efficacy_boundaries
from evaluation.design.repeated import nominal_alpha
from evaluation.inference.orientation import critical_of
from evaluation.plan import HypothesisPlan, LookPlan
from evaluation.results import Boundary, FutilityReading, HarmReading, Unweighted
from evaluation.spending import spending_by
from protocols.errors import UsageError

SMALLEST_STEP = 1e-9  # of what was spent: below it lies the rounding of stored results


@dataclass(frozen=True, slots=True)
class Step:
    """A look whose paths may have stopped: `z` is inf and `lower` -inf where they cannot."""

    number: int  # of the look, from 1
    information: float
    alpha_spent: float  # cumulative
    z: float
    lower: float  # a binding futility bound


@dataclass(frozen=True, slots=True)
class Bound:
    """What a look may claim with: `nominal_alpha` and `z` are None where it spends nothing.

    `level` is the one-sided alpha of all looks together, `time` where the clock stood. `trail`
    are the looks so far that could stop, at this level; `counts` says whether the last is this one.
    """

    alpha_spent: float  # cumulative, one-sided
    nominal_alpha: float | None
    z: float | None
    reason: str | None  # why nothing is spent
    warnings: tuple[str, ...] = ()
    level: float = 0.0
    time: float | None = None
    trail: tuple[Step, ...] = ()
    counts: bool = False


def bound_of(
    look: LookPlan,
    plan: HypothesisPlan,
    *,
    evaluable: int,
    information: float | None,
    earlier: Sequence[Boundary],
    level: float | None = None,
) -> Bound:
    """The bound at this look; `information` is None where the hypothesis has no estimate.

    `level` is the alpha that the hypothesis holds now, its own where none is given: what earlier
    looks spent is then what the registered spending gives them at this level.
    """
    alpha = plan.hypothesis.alpha if level is None else level
    code = plan.hypothesis.id
    time = spending_time(look, code, evaluable=evaluable, information=information)
    steps = tuple(_steps(look, earlier, alpha))
    spent = _spent_before(steps, earlier, alpha)
    nothing = Bound(spent, None, None, None, level=alpha, time=time, trail=steps)
    if alpha == 0:
        return _because(nothing, "No alpha has been passed on to it yet.")
    if information is None:
        return _because(nothing, "There is no estimate, so no alpha is spent.")
    cumulative = max(spent, _may_be_spent(look, alpha, time=time))
    if cumulative - spent <= SMALLEST_STEP * spent:
        seen = _pairs_at(look, earlier[-1]) if earlier else 0
        grown = evaluable > seen or look.moment is not None
        return _because(nothing, _nothing_left(look, alpha, spent, grown=grown))
    highest = max((step.information for step in steps), default=0.0)
    if information - highest >= CLOSEST * information:
        here = Step(look.number, information, cumulative, math.inf, -math.inf)
        return _with_new_information(nothing, here)
    return _without_new_information(look, nothing, cumulative, less=information < highest)


def _because(nothing: Bound, reason: str, *warnings: str) -> Bound:
    return replace(nothing, reason=reason, warnings=warnings)


def _steps(look: LookPlan, earlier: Sequence[Boundary], level: float) -> Iterator[Step]:
    """The looks before that could claim at this level, or give up for good."""
    spent = highest = 0.0
    for before in earlier:
        here = before.statistical_information
        lower = max((f.z for f in before.futility if f.binding and f.z is not None), default=None)
        if here is None or here - highest < CLOSEST * here:
            continue
        cumulative = max(spent, _spent_at(look, before, level))
        held = before.z is not None if _same(before, level) else cumulative > spent
        if held or lower is not None:
            highest, spent = here, cumulative if held else spent
            yield Step(
                before.number,
                here,
                spent,
                math.inf if before.z is None else before.z,
                -math.inf if lower is None else lower,
            )


def _pairs_at(look: LookPlan, before: Boundary) -> int:
    return round(before.information_fraction * look.planned_at(before.look))


def _same(before: Boundary, level: float) -> bool:
    return before.level is None or math.isclose(before.level, level, rel_tol=SMALLEST_STEP)


def _spent_at(look: LookPlan, before: Boundary, level: float) -> float:
    """What an earlier look had spent: as stored, or at another level by where its clock stood."""
    if _same(before, level) or before.spending_time is None:
        return before.alpha_spent
    places = [planned.id for planned in look.protocol.monitoring.looks]
    place = places.index(before.look) + 1 if before.look in places else None
    spending = look.protocol.monitoring.spending
    return spending_by(spending, level, time=before.spending_time, number=place)


def _spent_before(steps: Sequence[Step], earlier: Sequence[Boundary], level: float) -> float:
    if earlier and _same(earlier[-1], level):
        return earlier[-1].alpha_spent
    return steps[-1].alpha_spent if steps else 0.0


def _may_be_spent(look: LookPlan, alpha: float, *, time: float) -> float:
    """Cumulative alpha by the registered spending; a last look with full_alpha spends all."""
    monitoring = look.protocol.monitoring
    if look.final and monitoring.final_look == "full_alpha":
        return alpha
    return spending_by(monitoring.spending, alpha, time=time, number=look.place)


def _nothing_left(look: LookPlan, alpha: float, spent: float, *, grown: bool) -> str:
    if spent >= alpha * (1 - SMALLEST_STEP):
        return "All of alpha was spent at an earlier look, so this look can claim nothing."
    if spent > 0 and grown:
        return "The registered spending gives this look no more than earlier looks have spent."
    if spent > 0:
        return "No evaluable pairs came on since the look before, so this look spends no alpha."
    short = {"events": "few events", "calendar": "few days", "information": "little information"}
    what = short.get(look.protocol.monitoring.clock, "few evaluable pairs")
    return f"Too {what} at look {look.look.id}: the spending function gives it no alpha."


def _with_new_information(nothing: Bound, here: Step) -> Bound:
    """The bound on correlations from information, and those before at the same level."""
    trail = (*nothing.trail, here)
    lower = [step.lower for step in trail]
    try:
        found = efficacy_boundaries(
            [step.alpha_spent for step in trail],
            [step.information for step in trail],
            lower=None if max(lower) == -math.inf else lower,
        )
    except UsageError:  # binding futility has left too few paths: the union bound always holds
        left = here.alpha_spent - nothing.alpha_spent
        found = (*(step.z for step in trail[:-1]), critical_of(left))
    return replace(
        nothing,
        alpha_spent=here.alpha_spent,
        nominal_alpha=nominal_alpha(found[-1]),
        z=found[-1],
        trail=tuple(replace(step, z=z) for step, z in zip(trail, found, strict=True)),
        counts=True,
    )


def _without_new_information(
    look: LookPlan, nothing: Bound, cumulative: float, *, less: bool
) -> Bound:
    note = "Statistical information has not grown since an earlier look"
    if less:
        note = "Statistical information is less than at an earlier look, whose record stands"
    if not look.final:
        return _because(nothing, f"{note}, so this look spends no alpha.", f"{note}.")
    left = cumulative - nothing.alpha_spent
    warning = f"{note}; the last look uses the alpha that is left, {left:.6g}, by the union bound."
    return replace(
        nothing,
        alpha_spent=cumulative,
        nominal_alpha=left,
        z=critical_of(left),
        warnings=(warning,),
    )


def boundary_of(
    look: LookPlan,
    bound: Bound,
    *,
    evaluable: int,
    information: float | None,
    statistic: float | None,
    crossed: bool | None,
    futility: tuple[FutilityReading, ...] = (),
    harm: tuple[HarmReading, ...] = (),
    unweighted: Unweighted | None = None,
) -> Boundary:
    """The bound as the results keep it; `crossed` is None where nothing was tested."""
    return Boundary(
        look=look.look.id,
        number=look.number,
        planned_information=look.look.information,
        information_fraction=evaluable / look.planned_pairs,
        statistical_information=information,
        alpha_spent=bound.alpha_spent,
        nominal_alpha=bound.nominal_alpha or 0.0,
        z=bound.z,
        statistic=statistic,
        crossed=crossed,
        level=bound.level,
        spending_time=bound.time,
        clock_reading=look.moment,
        futility=futility,
        harm=harm,
        unweighted=unweighted,
    )
