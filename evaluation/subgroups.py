"""Subgroups of the primary endpoints: intervals, no verdict. Small cells are suppressed."""

from dataclasses import dataclass

from evaluation.columns import members
from evaluation.estimates import estimate, registered
from evaluation.inference.base import NotEvaluable
from evaluation.inference.subgroups.disclosure import Hidden, hidden_levels
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
    hidden = hidden_levels(
        [_smallest_cell(part.data) for part in parts], [part.n for part in parts], minimum=smallest
    )
    return tuple(
        _hidden(part.level, hidden, place, smallest) or _cell(plan, part)
        for place, part in enumerate(parts)
    )


def _hidden(level: SubgroupLevel, hidden: Hidden, place: int, smallest: int) -> SubgroupCell | None:
    reason = hidden.reason(place, smallest)
    if reason is None:
        return None
    suppressed = hidden.suppressed[place]
    return _empty(level, reason=reason, suppressed=suppressed, withheld=not suppressed)


def _cell(plan: HypothesisPlan, part: _Part) -> SubgroupCell:
    level, data = part.level, part.data
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
