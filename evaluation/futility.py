"""Whether a hypothesis may be given up at a look: every registered rule as a bound on z.

Non-binding is the rule: efficacy bounds are those without futility, so that going on costs no type
I error. A binding bound lowers the efficacy bounds of later looks (`boundaries`), and whoever has
crossed it can never be claimed again (`decide`). A bound is computed from this look and the looks
before it, and is stored on z. The last look has none: there its efficacy bound decides.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.ahead import looks_ahead
from evaluation.boundaries import Bound, Step
from evaluation.design.boundaries import CLOSEST
from evaluation.design.futility.scales import (
    Ahead,
    effect_of_z,
    z_of_conditional_power,
    z_of_effect,
    z_of_predictive_power,
)
from evaluation.design.futility.spending import lower_after
from evaluation.plan import HypothesisPlan, LookPlan
from evaluation.results import Boundary, FutilityReading
from evaluation.spending import spending_by
from protocols.schema import FutilityRule

NO_ESTIMATE = "There is no estimate, so futility cannot be read."
NOT_GROWN = "Statistical information has not grown since an earlier look."
NOTHING_AHEAD = "No claim lies ahead, so the power of one cannot be read."
NOTHING_TO_SPEND = "The registered spending gives this look no beta."
NEVER = "No power lies below 0, so nothing is given up."
FARTHEST = 40.0  # a z that no trial has: below it lies every one
TOO_MUCH = "Under the registered effect fewer trials are left than beta would give up."


@dataclass(frozen=True, slots=True)
class Here:
    """Where one hypothesis stands at a look; `statistic` is on the normal scale."""

    look: LookPlan
    plan: HypothesisPlan
    bound: Bound
    evaluable: int
    information: float | None
    statistic: float | None
    earlier: Sequence[Boundary]


@dataclass(frozen=True, slots=True)
class Found:
    """A rule's bound on z, or why there is none; beta so far where beta is spent."""

    z: float | None
    reason: str | None = None
    beta: float | None = None


def futility_readings(here: Here) -> tuple[FutilityReading, ...]:
    """Every rule that is registered for this hypothesis at this look, in the protocol's order."""
    if here.look.final:
        return ()
    rules = here.plan.protocol.futility
    name, code = here.look.look.id, here.plan.hypothesis.id
    return tuple(_reading(here, r) for r in rules if r.hypothesis == code and name in r.looks)


def _reading(here: Here, rule: FutilityRule) -> FutilityReading:
    found = _found(here, rule)
    values = dict(zip(rule.looks, rule.values, strict=False))
    z, effect = found.z, None
    if z is not None and here.information is not None:
        if here.bound.z is not None:
            z = min(z, here.bound.z)  # what may be claimed is not given up
        effect = here.plan.effect_at(effect_of_z(z, here.information))
    return FutilityReading(
        scale=rule.scale,
        value=values.get(here.look.look.id),
        beta_spent=found.beta,
        z=z,
        effect=effect,
        crossed=None if z is None or here.statistic is None else here.statistic < z,
        binding=rule.binding,
        when_ignored=rule.when_ignored,
        reason=found.reason,
    )


def _found(here: Here, rule: FutilityRule) -> Found:
    if here.information is None:
        return Found(None, NO_ESTIMATE, _beta_before(here, rule))
    highest = max((step.information for step in _before(here)), default=0.0)
    if here.information - highest < CLOSEST * here.information:
        return Found(None, NOT_GROWN, _beta_before(here, rule))
    if rule.scale == "beta_spending":
        return _by_beta(here, rule, here.information)
    value = rule.values[rule.looks.index(here.look.look.id)]
    if rule.scale == "z":
        return Found(value)
    if rule.scale == "effect":
        return Found(z_of_effect(here.plan.from_null(value), here.information))
    later = looks_ahead(
        here.look,
        rule.hypothesis,
        here.bound,
        evaluable=here.evaluable,
        information=here.information,
    )
    if later is None:
        return Found(None, NOTHING_AHEAD)
    ahead = Ahead(here.information, later.information[-1], later.upper[-1])
    if value <= 0:
        return Found(None, NEVER)
    return Found(FARTHEST if value >= 1 else _by_power(here, rule, value, ahead))


def _by_power(here: Here, rule: FutilityRule, value: float, ahead: Ahead) -> float:
    """The power of the last look alone, which has a closed form."""
    if rule.scale == "predictive_power":
        return z_of_predictive_power(value, ahead)
    effect = None if rule.true_effect is None else here.plan.from_null(rule.true_effect)
    return z_of_conditional_power(value, ahead, effect=effect)


def _before(here: Here) -> Sequence[Step]:
    return here.bound.trail[:-1] if here.bound.counts else here.bound.trail


def _beta_before(here: Here, rule: FutilityRule) -> float | None:
    """Beta spent by this rule so far, read from the stored looks."""
    if rule.scale != "beta_spending":
        return None
    spent = [f.beta_spent for b in here.earlier for f in b.futility if f.scale == rule.scale]
    return max((beta for beta in spent if beta is not None), default=0.0)


def _by_beta(here: Here, rule: FutilityRule, information: float) -> Found:
    """The bound that spends beta's increment after what earlier looks, as they were, have stopped.

    Beta is that of the registered effect.
    """
    before = _beta_before(here, rule) or 0.0
    so_far = _beta_by(rule, time=here.bound.time or 0.0, place=here.look.place)
    if so_far <= before or rule.true_effect is None:
        return Found(None, NOTHING_TO_SPEND, before)
    drift = here.plan.from_null(rule.true_effect)
    looks = [
        (
            b.statistical_information,
            max((f.z for f in b.futility if f.z is not None), default=-math.inf),
            math.inf if b.z is None else b.z,
        )
        for b in here.earlier
        if b.statistical_information is not None
    ]
    stops = _growing(looks)
    z = lower_after(stops, information, so_far - before, drift=drift)
    if math.isinf(z):
        return Found(None, TOO_MUCH, before)
    return Found(z, None, so_far)


def _beta_by(rule: FutilityRule, *, time: float, place: int | None) -> float:
    """Cumulative beta by the registered spending; nothing where none is registered."""
    if rule.spending is None or rule.beta is None:
        return 0.0
    return spending_by(rule.spending, rule.beta, time=time, number=place)


def _growing(
    looks: Sequence[tuple[float | None, float, float]],
) -> list[tuple[float, float, float]]:
    """Looks that could stop and had more information than those before them."""
    kept: list[tuple[float, float, float]] = []
    for information, down, up in looks:
        highest = kept[-1][0] if kept else 0.0
        if information is None or information - highest < CLOSEST * information:
            continue
        if up < math.inf or down > -math.inf:
            kept.append((information, down, up))
    return kept
