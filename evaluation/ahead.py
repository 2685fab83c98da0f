"""The looks still to come, as they look from here: projected information and bounds.

Information is projected in proportion to evaluable pairs. Later bounds spend what the registered
spending gives the planned looks, after what has been spent; futility is taken as ignored.
"""

import math

from evaluation.boundaries import Bound, Step
from evaluation.clocks import time_ahead
from evaluation.design.boundaries import CLOSEST, efficacy_boundaries
from evaluation.design.conditional.power import Later
from evaluation.plan import HypothesisPlan, LookPlan
from evaluation.spending import spending_by
from protocols.errors import UsageError


def looks_ahead(
    look: LookPlan, code: str, bound: Bound, *, evaluable: int, information: float | None
) -> Later | None:
    """A hypothesis' planned looks with more information than this one; None without such."""
    if look.final or information is None or not 0 < evaluable < look.planned_pairs:
        return None
    if bound.level == 0:  # a graph has passed nothing on to it yet
        return None
    end = information * look.planned_pairs / evaluable
    monitoring = look.protocol.monitoring
    spent = bound.alpha_spent
    steps: list[Step] = []
    for place, planned in enumerate(monitoring.looks, start=1):
        here = end * planned.information
        last = max((step.information for step in (*bound.trail, *steps)), default=0.0)
        last = max(last, information)
        if place <= look.passed or here - last < 10 * CLOSEST * here:
            continue
        final = place == len(monitoring.looks) and monitoring.final_look == "full_alpha"
        stands = time_ahead(monitoring, code, share=planned.information, information=here)
        time = 1.0 if final else stands
        plan, level = monitoring.spending, bound.level
        by_then = level if final else spending_by(plan, level, time=time, number=place)
        spent = max(spent, by_then)
        steps.append(Step(look.number + len(steps) + 1, here, spent, math.inf, -math.inf))
    return _with_bounds(bound, steps)


def _with_bounds(bound: Bound, steps: list[Step]) -> Later | None:
    whole = (*bound.trail, *steps)
    lower = [step.lower for step in whole]
    if not steps:
        return None
    try:
        found = efficacy_boundaries(
            [step.alpha_spent for step in whole],
            [step.information for step in whole],
            lower=None if max(lower) == -math.inf else lower,
        )
    except UsageError:  # binding futility has left too few paths to spend alpha on
        return None
    later = found[len(bound.trail) :]
    return None if math.isinf(later[-1]) else Later(tuple(s.information for s in steps), later)


def design_effect(plan: HypothesisPlan) -> float | None:
    """The effect that the trial was sized for, measured from the null; None where none is told."""
    code = plan.hypothesis.id
    sized = [d.true_effect for d in plan.protocol.sample_size.design if d.hypothesis == code]
    rules = plan.protocol.futility
    told = [r.true_effect for r in rules if r.hypothesis == code and r.true_effect is not None]
    return next((plan.from_null(effect) for effect in (*sized, *told)), None)
