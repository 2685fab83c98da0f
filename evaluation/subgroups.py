"""Subgroups of the primary endpoints: intervals, no verdict. Small cells are suppressed."""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.columns import members
from evaluation.estimates import estimate, registered
from evaluation.inference.base import NotEvaluable
from evaluation.measures import Measured, measured
from evaluation.plan import HypothesisPlan, LookPlan
from evaluation.populations import Sample
from evaluation.results import SubgroupCell, SubgroupResult
from protocols.schema import Protocol, Subgroup, SubgroupLevel

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class _Part:
    """The pairs of one level: all that are in it, and those that the measure looks at."""

    level: SubgroupLevel
    n: int
    data: Measured


def subgroup_results(look: LookPlan, sample: Sample) -> tuple[SubgroupResult, ...]:
    """Each registered subgroup for each primary endpoint, on the evaluable pairs of `sample`."""
    evaluable = sample.evaluable()
    return tuple(
        SubgroupResult(
            id=subgroup.id,
            title=subgroup.title,
            endpoint=plan.endpoint.id,
            endpoint_title=plan.endpoint.title,
            cells=_cells(look.protocol, plan, subgroup, sample=evaluable),
        )
        for plan in _primary_plans(look)
        for subgroup in look.protocol.subgroups
    )


def _primary_plans(look: LookPlan) -> list[HypothesisPlan]:
    """The first hypothesis of each primary endpoint: it names the estimator."""
    first: dict[str, HypothesisPlan] = {}
    for plan in look.hypotheses:
        first.setdefault(plan.endpoint.id, plan)
    return [first[e.id] for e in look.primary_endpoints if e.id in first]


def _cells(
    protocol: Protocol, plan: HypothesisPlan, subgroup: Subgroup, *, sample: Sample
) -> tuple[SubgroupCell, ...]:
    parts = []
    for level in subgroup.levels:
        part = sample.take(members(protocol, level, sample))
        data = measured(plan.endpoint, part, protocol, method=registered(plan))
        parts.append(_Part(level, part.n, data))
    smallest = max(subgroup.minimum_cell, protocol.governance.small_cell)
    withheld = _withheld(parts, smallest)
    return tuple(_cell(plan, p, smallest=smallest, withheld=p.level.id in withheld) for p in parts)


def _withheld(parts: Sequence[_Part], smallest: int) -> set[str]:
    """Large levels to be kept back, because small ones could be had as the total less the rest.

    Levels kept back are two at least and hold `smallest` events or non-events together; the next
    smallest goes first. A level in which there is nobody gives nobody away.
    """
    ordered = sorted(parts, key=lambda part: _smallest_cell(part.data))
    small = [part for part in ordered if _smallest_cell(part.data) < smallest]
    large = ordered[len(small) :]
    hidden = [_smallest_cell(part.data) for part in small if part.n > 0]
    n = 0
    while hidden and n < len(large) and (len(hidden) < 2 or sum(hidden) < smallest):
        hidden.append(_smallest_cell(large[n].data))
        n += 1
    return {part.level.id for part in large[:n]}


def _cell(plan: HypothesisPlan, part: _Part, *, smallest: int, withheld: bool) -> SubgroupCell:
    level, data = part.level, part.data
    if _smallest_cell(data) < smallest:
        reason = f"Fewer than {smallest} events or non-events."
        return _empty(level, reason=reason, suppressed=True)
    if withheld:
        reason = "Withheld: with the total it would give a suppressed level away."
        return _empty(level, reason=reason, withheld=True)
    answer = estimate(plan, data, LEVEL)
    if isinstance(answer, NotEvaluable):
        counts = {"n_pairs": data.n, "n_events": data.n_events}
        return _empty(level, reason=answer.reason).model_copy(update=counts)
    return SubgroupCell(
        level=level.id,
        title=level.title,
        n_pairs=data.n,
        n_events=data.n_events,
        estimate=answer.estimate,
        low=answer.low,
        high=answer.high,
        suppressed=False,
        withheld=False,
        reason=None,
    )


def _smallest_cell(data: Measured) -> int:
    """The rarer of events and non-events, of those that the measure looks at."""
    n_others = data.n - data.n_events
    match data.measure:
        case "sensitivity":
            return data.n_events
        case "specificity":
            return n_others
        case _:
            return min(data.n_events, n_others)


def _empty(
    level: SubgroupLevel, *, reason: str, suppressed: bool = False, withheld: bool = False
) -> SubgroupCell:
    return SubgroupCell(
        level=level.id,
        title=level.title,
        n_pairs=None,
        n_events=None,
        estimate=None,
        low=None,
        high=None,
        suppressed=suppressed,
        withheld=withheld,
        reason=reason,
    )
