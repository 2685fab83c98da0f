"""Subgroups of the primary endpoints: intervals, no verdict. Small cells are suppressed."""

import numpy as np

from evaluation.estimates import estimate
from evaluation.inference.base import NotEvaluable
from evaluation.measures import Measured, measured
from evaluation.plan import HypothesisPlan, LookPlan
from evaluation.populations import Sample
from evaluation.results import SubgroupCell, SubgroupResult
from protocols.expressions import compile_expression
from protocols.names import input_names, input_values
from protocols.schema import Protocol, Subgroup, SubgroupLevel

LEVEL = 0.95


def subgroup_results(look: LookPlan, sample: Sample) -> tuple[SubgroupResult, ...]:
    """Each registered subgroup for each primary endpoint, on the evaluable pairs of `sample`."""
    evaluable = sample.evaluable()
    return tuple(
        SubgroupResult(
            id=subgroup.id,
            title=subgroup.title,
            endpoint=plan.endpoint.id,
            endpoint_title=plan.endpoint.title,
            cells=tuple(
                _cell(look.protocol, plan, subgroup, level=level, sample=evaluable)
                for level in subgroup.levels
            ),
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


def _cell(
    protocol: Protocol,
    plan: HypothesisPlan,
    subgroup: Subgroup,
    *,
    level: SubgroupLevel,
    sample: Sample,
) -> SubgroupCell:
    part = sample.take(_members(protocol, level, sample))
    data = measured(plan.endpoint.measure, part, protocol.arms)
    smallest = max(subgroup.minimum_cell, protocol.governance.small_cell)
    if _smallest_cell(data) < smallest:
        reason = f"Fewer than {smallest} events or non-events."
        return _empty(level, reason=reason, suppressed=True)
    answer = estimate(plan, data, LEVEL)
    if isinstance(answer, NotEvaluable):
        counts = {"n_pairs": data.n, "n_events": data.n_events}
        return _empty(level, reason=answer.reason, suppressed=False).model_copy(update=counts)
    return SubgroupCell(
        level=level.id,
        title=level.title,
        n_pairs=data.n,
        n_events=data.n_events,
        estimate=answer.estimate,
        low=answer.low,
        high=answer.high,
        suppressed=False,
        reason=None,
    )


def _members(
    protocol: Protocol, level: SubgroupLevel, sample: Sample
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    expression = compile_expression(level.expression, names=input_names(protocol))
    truths = [expression.evaluate(input_values(r.inputs)) is True for r in sample.records]
    return np.array(truths, dtype=np.bool_)


def _smallest_cell(data: Measured) -> int:
    """The rarer of events and non-events, of those that the measure looks at."""
    n_others = data.n - data.n_events
    match data.measure:
        case "sensitivity":
            return data.n_events
        case "specificity":
            return n_others
        case "auc" | "brier":
            return min(data.n_events, n_others)


def _empty(level: SubgroupLevel, *, reason: str, suppressed: bool) -> SubgroupCell:
    return SubgroupCell(
        level=level.id,
        title=level.title,
        n_pairs=None,
        n_events=None,
        estimate=None,
        low=None,
        high=None,
        suppressed=suppressed,
        reason=reason,
    )
