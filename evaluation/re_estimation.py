"""The one registered change of the planned total, at its look: what is read and what follows.

`blinded_discordance` reads a nuisance of the size without looking at the direction: the share of
pairs on which the arms differ, or the variance of the paired differences about their mean. The
registered size design is reckoned again with it (Gould & Shih 1992, Commun Stat Theory Methods
21:2833; Kieser & Friede 2003, Stat Med 22:995); bounds and tests stay what they are, with shares of
information counted in the new total.

`promising_zone` reads the conditional power of the last look under the present estimate (Mehta &
Pocock 2011, Stat Med 30:3267). Later looks then combine stages by planned weights (`weighting`).

The total never falls below the plan, never rises above the cap, and changes once. Everything is
computed from numbers that the record keeps, so that a replay finds the same total.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluation.boundaries import Bound
from evaluation.decide import Settled
from evaluation.design.adaptive.promising import Resized, TwoStages, Zone, resized
from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.size.blinded import usable_discordance
from evaluation.design.size.plan import rounded_up
from evaluation.hypotheses import Estimates
from evaluation.inference.arrays import exact_sum
from evaluation.measures import Measured
from evaluation.plan import Change, LookPlan
from evaluation.planning.designs import designs_of
from evaluation.planning.sizes import sizes_of
from evaluation.results import Boundary, HypothesisResult, LookResults, ReEstimationResult
from evaluation.rounding import to_digits
from evaluation.spending import spending_by
from protocols.errors import DocumentError, UsageError
from protocols.methods.measures import MEASURES
from protocols.schema import Protocol

NO_ESTIMATE = "There is no estimate at this look, so the planned total stands."
NO_PAIRS = "Too few pairs at this look, so the planned total stands."
CROSSED = "Its bound was crossed at an earlier look, so the planned total stands."
NOTHING_LEFT = "No alpha is left for a later look, so the planned total stands."
NOT_SIZED = "The size cannot be reckoned with what was seen ({why}), so the planned total stands."


def change_of(record: ReEstimationResult | None) -> Change | None:
    """What the looks so far have made of the planned total, from the record that a look keeps."""
    if record is None:
        return None
    return Change(record.look, record.total_pairs, record.weighted)


def with_change(look: LookPlan, record: ReEstimationResult | None) -> LookPlan:
    """The look under the total in force: unchanged at the look of the change itself."""
    change = change_of(record)
    return look if change is None or look.look.id == change.at else replace(look, change=change)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the look reads, with the digits that are stored; None where it has no answer."""

    evaluable: int
    nuisance: float | None = None
    nuisance_pairs: int | None = None


def re_estimation_at(
    look: LookPlan,
    estimates: Sequence[Estimates],
    settled: Mapping[str, Settled],
    hypotheses: Sequence[HypothesisResult],
    previous: Sequence[LookResults],
    *,
    evaluable: int,
) -> ReEstimationResult | None:
    """The record of the change: made at its look, kept by the looks after it; None before."""
    plan = look.protocol.re_estimation
    if plan is None or look.look.id != plan.look:
        return previous[-1].re_estimation if previous else None
    code = sized_hypothesis(look.protocol)
    item = next(item for item in estimates if item.plan.hypothesis.id == code)
    found = next(h for h in hypotheses if h.id == code)
    if plan.kind == "blinded_discordance":
        return blinded(look.protocol, _reading(item.primary.data, evaluable))
    bound = settled[code].evidence.bound
    return promising(look, bound, found.boundaries, evaluable=evaluable)


def sized_hypothesis(protocol: Protocol) -> str:
    """The hypothesis that sizes the trial: the first of the order, which the linter keeps alone."""
    return protocol.multiplicity.order[0][0]


def _reading(data: Measured, evaluable: int) -> Reading:
    if data.n < 2:
        return Reading(evaluable)
    gaps = data.candidate - data.standard_of_care
    if data.binary:
        seen = int(np.count_nonzero(gaps)) / data.n
    else:
        mean = exact_sum(gaps) / data.n
        seen = math.sqrt(exact_sum((gaps - mean) ** 2) / (data.n - 1))
    return Reading(evaluable, to_digits(seen), data.n)


def blinded(protocol: Protocol, seen: Reading) -> ReEstimationResult:
    """The size design reckoned again with the nuisance that was seen."""
    name = nuisance_of(protocol)
    record = _record(protocol, seen.evaluable).model_copy(
        update={
            "nuisance": name,
            "nuisance_planned": _planned_nuisance(protocol, name),
            "nuisance_seen": seen.nuisance,
            "nuisance_pairs": seen.nuisance_pairs,
        }
    )
    if seen.nuisance is None or seen.nuisance_pairs is None:
        return _unchanged(record, NO_PAIRS)
    try:
        wanted, total = _blinded_size(protocol, record, seen.nuisance, seen.nuisance_pairs)
    except (UsageError, DocumentError) as problem:
        return _unchanged(record, NOT_SIZED.format(why=str(problem).rstrip(".")))
    return _changed(record, wanted=wanted, total=total)


def nuisance_of(protocol: Protocol) -> str:
    """What is read of the measure: discordance of right and wrong, or a standard deviation."""
    code = sized_hypothesis(protocol)
    endpoint = next(h.endpoint for h in protocol.hypotheses if h.id == code)
    measure = next(e.measure for e in protocol.endpoints if e.id == endpoint)
    return "discordance" if MEASURES[measure].kind == "binary" else "standard_deviation"


def _planned_nuisance(protocol: Protocol, name: str) -> float | None:
    code = sized_hypothesis(protocol)
    designs = [d for d in protocol.sample_size.design if d.hypothesis == code]
    return designs[0].nuisance.get(name) if designs else None


def _blinded_size(
    protocol: Protocol, record: ReEstimationResult, seen: float, pairs: int
) -> tuple[int, int]:
    """Pairs for the target power with looks and clusters, and the same within floor and cap."""
    design = next(d for d in designs_of(protocol) if d.id == record.hypothesis)
    sized = design.sized
    if sized is None:
        raise UsageError("SIZE_DESIGN_MISSING", f"{record.hypothesis} has no size design")
    used = seen
    if record.nuisance == "discordance":
        least = abs(sized.design.true_effect)
        if design.plan.scale == "ratio":
            share = sized.nuisance.get("share_standard_of_care", 1.0)
            least = abs(sized.design.true_effect - 1) * share
        used = usable_discordance(seen, pairs, least)
    aimed = sized.design.model_copy(update={"power": record.target_power})
    again = replace(sized.under({record.nuisance or "": used}), design=aimed)
    asked = sizes_of([(replace(design, sized=again), again)], record.planned_pairs)
    wanted = asked.hypotheses[0].n_pairs
    total = max(wanted, record.planned_pairs, record.evaluable_pairs)
    return wanted, min(total, record.cap_pairs)


def promising(
    look: LookPlan, bound: Bound, boundaries: Sequence[Boundary], *, evaluable: int
) -> ReEstimationResult:
    """The size by conditional power; `boundaries` are those of the hypothesis up to this look."""
    here = boundaries[-1]
    record = _record(look.protocol, evaluable).model_copy(update={"statistic": here.statistic})
    if here.statistic is None or here.statistical_information is None:
        return _unchanged(record, NO_ESTIMATE)
    if any(before.crossed for before in boundaries[:-1]):
        return _unchanged(record, CROSSED)
    final = final_bound(look, bound, here.statistical_information)
    if math.isinf(final):
        return _unchanged(record, NOTHING_LEFT)
    record = record.model_copy(update={"final_bound": to_digits(final)})
    try:
        found = _resized(look, record, here)
    except UsageError as problem:
        return _unchanged(record, NOT_SIZED.format(why=str(problem).rstrip(".")))
    whole = rounded_up(found.total * record.planned_pairs)
    total = max(record.planned_pairs, min(whole, record.cap_pairs))
    record = record.model_copy(
        update={
            "zone": found.zone,
            "conditional_power": found.planned_power,
            "power_at_total": found.power,
            "weighted": found.zone != "stopped",
        }
    )
    if found.zone == "stopped":
        total = record.planned_pairs
    wanted = _wanted(look, record, here) if found.zone == "promising" else None
    return _changed(record, wanted=wanted, total=total)


def _stages(look: LookPlan, record: ReEstimationResult, here: Boundary) -> TwoStages:
    lower = max((f.z for f in here.futility if f.z is not None), default=-math.inf)
    return TwoStages(
        (look.look.information or 0.0, 1.0),
        (math.inf if here.z is None else here.z, record.final_bound or 0.0),
        lower,
        seen=record.evaluable_pairs / record.planned_pairs,
    )


def _resized(look: LookPlan, record: ReEstimationResult, here: Boundary) -> Resized:
    plan = look.protocol.re_estimation
    assert plan is not None  # noqa: S101 - it is what is being done
    low, high = plan.lower_zone or 0.0, plan.upper_zone or 1.0
    cap = record.cap_pairs / record.planned_pairs
    zone = Zone(low, high, plan.target_power, cap)
    return resized(here.statistic or 0.0, _stages(look, record, here), zone)


def _wanted(look: LookPlan, record: ReEstimationResult, here: Boundary) -> int | None:
    """What the target asks for without a cap; None where no size reaches it."""
    z, stages = here.statistic or 0.0, _stages(look, record, here)
    if z <= 0:
        return None
    zone = Zone(0.0, 1.0, record.target_power, 1e6)
    total = resized(z, stages, zone).total
    return None if total >= 1e6 else rounded_up(total * record.planned_pairs)


def final_bound(look: LookPlan, bound: Bound, information: float) -> float:
    """The z bound of the last look on the planned weights, as the planned looks will spend."""
    monitoring = look.protocol.monitoring
    clock = [step.information for step in bound.trail]
    spent = [step.alpha_spent for step in bound.trail]
    held = bound.alpha_spent
    for place, planned in enumerate(monitoring.looks, start=1):
        if look.place is None or place <= look.place:
            continue
        last = place == len(monitoring.looks)
        time = planned.information
        by_then = bound.level
        if not last:
            by_then = spending_by(monitoring.spending, bound.level, time=time, number=place)
        held = max(held, by_then)
        clock.append(information * planned.information / (look.look.information or 1.0))
        spent.append(held)
    return efficacy_boundaries(spent, clock)[-1]


def _record(protocol: Protocol, evaluable: int) -> ReEstimationResult:
    """Nothing found yet: the plan as registered."""
    plan = protocol.re_estimation
    assert plan is not None  # noqa: S101 - asked only where one is registered
    planned = protocol.sample_size.evaluable_pairs
    return ReEstimationResult(
        kind=plan.kind,
        look=plan.look,
        hypothesis=sized_hypothesis(protocol),
        evaluable_pairs=evaluable,
        nuisance=None,
        nuisance_planned=None,
        nuisance_seen=None,
        nuisance_pairs=None,
        statistic=None,
        final_bound=None,
        conditional_power=None,
        power_at_total=None,
        zone=None,
        target_power=plan.target_power,
        wanted_pairs=None,
        planned_pairs=planned,
        cap_pairs=plan.cap_pairs,
        total_pairs=planned,
        capped=False,
        weighted=False,
        who_is_unblinded=plan.who_is_unblinded,
        sentence="",
        reason=None,
    )


def _unchanged(record: ReEstimationResult, reason: str) -> ReEstimationResult:
    return record.model_copy(update={"reason": reason, "sentence": reason})


def _changed(record: ReEstimationResult, *, wanted: int | None, total: int) -> ReEstimationResult:
    enlarges = record.zone in (None, "promising")
    capped = enlarges and (wanted is None or wanted > record.cap_pairs)
    found = record.model_copy(
        update={"wanted_pairs": wanted, "total_pairs": total, "capped": capped}
    )
    return found.model_copy(update={"sentence": _sentence(found)})


def _sentence(found: ReEstimationResult) -> str:
    """What was read, and what became of the planned total."""
    grown = found.total_pairs > found.planned_pairs
    became = f"stays at {found.planned_pairs:,} evaluable pairs"
    if grown:
        became = f"rises from {found.planned_pairs:,} to {found.total_pairs:,} evaluable pairs"
    if found.capped:
        asked = "more than that" if found.wanted_pairs is None else f"{found.wanted_pairs:,}"
        became += f", the registered cap, where {asked} would be needed"
    return f"At look {found.look} {_read(found)}: the planned total {became}."


def _read(found: ReEstimationResult) -> str:
    if found.zone is None:
        name = "pooled discordance" if found.nuisance == "discordance" else "standard deviation"
        said = f"the {name}, read without the direction, was {found.nuisance_seen:.4g}"
        planned = found.nuisance_planned
        return said if planned is None else f"{said} (planned {planned:.4g})"
    if found.zone == "stopped":
        return "a bound of the look was crossed"
    power = 100 * (found.conditional_power or 0.0)
    return f"conditional power under the estimate was {power:.1f}%, the {found.zone} zone"


def replayed_record(
    look: LookPlan, bound: Bound, boundaries: Sequence[Boundary], stored: ReEstimationResult
) -> ReEstimationResult:
    """The record again from what it keeps of its inputs, and from the log of its hypothesis."""
    if stored.kind == "blinded_discordance":
        seen = Reading(stored.evaluable_pairs, stored.nuisance_seen, stored.nuisance_pairs)
        return blinded(look.protocol, seen)
    return promising(look, bound, boundaries, evaluable=stored.evaluable_pairs)
