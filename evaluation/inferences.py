"""Naive, repeated and stage-wise inference side by side, the registered claim marked; power ahead.

The stage-wise scale is that of the decision: an effect lies as many units beyond the null as its z
says, where a unit is the distance of the estimate over its z (the standard error, for a Wald
test). So without earlier looks it gives the estimate itself, and its interval leaves out the margin
exactly when its p-value says so. An equivalence is two tests and has no stage-wise order.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.ahead import design_effect, looks_ahead
from evaluation.boundaries import Bound
from evaluation.decide import Decided, Evidence
from evaluation.design.after.overrun import weighted_inference
from evaluation.design.boundaries import CLOSEST
from evaluation.design.conditional.power import Later, conditional_power
from evaluation.design.conditional.predictive import predictive_power
from evaluation.design.repeated import nominal_alpha
from evaluation.design.stagewise import StagewiseInference, stagewise_inference
from evaluation.plan import HypothesisPlan, LookPlan
from evaluation.repeated import repeated_ps, seen_looks, smallest
from evaluation.results import Boundary, Inference, PowerAhead, SequentialInference
from protocols.errors import UsageError
from protocols.vocabulary import Framework

LARGEST_LOG = 700.0
SMALLEST_Z = 0.1  # below it a distance over z is noise: both are next to nothing

NO_STAGES = "An equivalence is two tests, for which no stage-wise order is defined."
NO_BOUND = "This look spends no alpha, so it has no repeated and no stage-wise interval."
UNION = "Information has not grown, so this look has no stage-wise order."
CLAIMED = "The claim was made at look {look}, where its stage-wise inference stands."
TOO_CLOSE = "Later looks lie too close together for a predictive power."
NO_LATE = "Information has not grown since the claim, so nothing can be weighted with it."


@dataclass(frozen=True, slots=True)
class Here:
    """One hypothesis at a look; `statistic` is on the normal scale."""

    look: LookPlan
    evidence: Evidence
    decided: Decided
    evaluable: int
    information: float | None
    statistic: float | None

    @property
    def plan(self) -> HypothesisPlan:
        return self.evidence.plan

    @property
    def bound(self) -> Bound:
        return self.evidence.bound

    @property
    def earlier(self) -> tuple[Boundary, ...]:
        return self.evidence.before.boundaries if self.evidence.before else ()

    @property
    def shown_before(self) -> str | None:
        """The look before this one that made the claim."""
        before = self.evidence.before
        return before.shown_at if before is not None and before.shown else None

    @property
    def level(self) -> float:
        return 1 - 2 * self.bound.level


def sequential_inference(here: Here) -> SequentialInference | None:
    """All of it at this look; None where there is no estimate."""
    if here.information is None or here.statistic is None:
        return None
    p = [None if b.statistic is None else nominal_alpha(b.statistic) for b in here.earlier]
    p.append(here.evidence.primary.p_value)
    looks = seen_looks(here.look, here.bound, information=here.information, earlier=here.earlier)
    repeated = repeated_ps(here.look, looks, p)
    reasons: list[str] = []
    found = [*_naive(here), *_repeated(here, repeated[-1]), *_staged(here, reasons)]
    ahead = _ahead(here, here.information, here.statistic, reasons)
    return SequentialInference(
        inferences=tuple(_marked(here, found)),
        repeated_p=repeated[-1],
        sequential_p=smallest(repeated),
        ahead=tuple(ahead),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _marked(here: Here, found: Sequence[Inference]) -> list[Inference]:
    """The one that the protocol registers for this look is the claim; the repeated one else."""
    monitoring = here.look.protocol.monitoring
    stops = here.decided.shown or here.look.final
    word = "repeated"
    if here.shown_before is not None:
        word = "weighted" if monitoring.late_outcomes == "weighted" else "repeated"
    elif monitoring.claim_interval == "stagewise" and stops:
        word = "stagewise"
    if word not in {item.kind for item in found}:
        word = "repeated"
    return [item.model_copy(update={"claim": item.kind == word}) for item in found]


def _naive(here: Here) -> list[Inference]:
    primary = here.evidence.primary
    own = next((i for i in primary.intervals if i.kind == "naive"), None)
    if own is None or primary.estimate is None or primary.p_value is None:
        return []
    return [
        Inference(
            kind="naive",
            estimate=primary.estimate,
            low=own.low,
            high=own.high,
            level=own.level,
            p_value=primary.p_value,
            claim=False,
        )
    ]


def _repeated(here: Here, p: float | None) -> list[Inference]:
    primary, interval = here.evidence.primary, here.evidence.interval
    if interval is None or primary.estimate is None or p is None:
        return []
    return [
        Inference(
            kind="repeated",
            estimate=primary.estimate,
            low=interval.low,
            high=interval.high,
            level=interval.level,
            p_value=p,
            claim=False,
        )
    ]


def _staged(here: Here, reasons: list[str]) -> list[Inference]:
    """Stage-wise at a look without a claim before it; weighted with what came later after one."""
    if here.plan.hypothesis.framework is Framework.EQUIVALENCE:
        reasons.append(NO_STAGES)
        return []
    if here.shown_before is not None:
        reasons.append(CLAIMED.format(look=here.shown_before))
        if here.look.protocol.monitoring.late_outcomes == "weighted":
            return _weighted(here, reasons)
        return []
    if here.bound.z is None or here.statistic is None:
        reasons.append(NO_BOUND)
        return []
    if not here.bound.counts:
        reasons.append(UNION)
        return []
    trail = here.bound.trail
    clock = _clock(here, [step.information for step in trail])
    bounds = [step.z for step in trail[:-1]]
    found = stagewise_inference(here.statistic, bounds, clock, level=here.level)
    return [_as_inference(here, found, "stagewise")]


def _weighted(here: Here, reasons: list[str]) -> list[Inference]:
    """What stopped the trial and what came later, weighted by information (Hall & Ding 2008)."""
    stopped = next(b for b in here.earlier if b.look == here.shown_before)
    before, total = stopped.statistical_information, here.information
    if total is None or here.statistic is None or before is None or stopped.statistic is None:
        return []
    if total - before < CLOSEST * total:
        reasons.append(NO_LATE)
        return []
    steps = [s for s in here.bound.trail if s.number < stopped.number]
    score = here.statistic * math.sqrt(total) - stopped.statistic * math.sqrt(before)
    clock = _clock(here, [*(s.information for s in steps), before, total])
    found = weighted_inference(
        stopped.statistic,
        [s.z for s in steps],
        clock[:-1],
        late=(score / math.sqrt(total - before), clock[-1] - clock[-2]),
        level=here.level,
    )
    return [_as_inference(here, found, "weighted")]


def _clock(here: Here, information: Sequence[float]) -> list[float]:
    """Information in units in which the estimate lies its own z beyond the null."""
    whole, z, estimate = here.information, here.statistic, here.evidence.primary.estimate
    if not whole or z is None or abs(z) < SMALLEST_Z or estimate is None:
        return list(information)
    unit = here.plan.from_null(estimate) / z
    if unit <= 0:  # a rank test may lie on the other side of the null than its estimate
        return list(information)
    return [i / (whole * unit * unit) for i in information]


def _as_inference(here: Here, found: StagewiseInference, kind: str) -> Inference:
    limits = [_effect(here.plan, distance) for distance in (found.low, found.high)]
    low, high = limits if here.plan.effect_at(0.0) <= here.plan.effect_at(1.0) else limits[::-1]
    return Inference(
        kind=kind,
        estimate=here.plan.effect_at(found.estimate),
        low=low,
        high=high,
        level=found.level,
        p_value=found.p_value,
        claim=False,
    )


def _effect(plan: HypothesisPlan, distance: float) -> float | None:
    """A limit on the effect's scale; None where it is no finite number."""
    if plan.scale == "ratio" and abs(distance) > LARGEST_LOG:
        return None
    return plan.effect_at(distance)


def _ahead(here: Here, information: float, z: float, reasons: list[str]) -> list[PowerAhead]:
    """Conditional power under the design's effect, the estimate and none; predictive power."""
    later = None
    if not here.decided.shown and here.evidence.given_up_at is None:
        later = _later(here, information)
    if later is None:
        return []
    views = {
        "design": design_effect(here.plan),
        "estimate": z / math.sqrt(information),
        "null": 0.0,
    }
    found = [
        _conditional(here, later, (z, information), (name, effect))
        for name, effect in views.items()
        if effect is not None
    ]
    try:
        averaged = predictive_power(z, information, later)
    except UsageError:
        reasons.append(TOO_CLOSE)
        return found
    over = PowerAhead(
        under="predictive", effect=None, any_look=averaged.total, last_look=averaged.final
    )
    return [*found, over]


def _later(here: Here, information: float) -> Later | None:
    return looks_ahead(
        here.look,
        here.plan.hypothesis.id,
        here.bound,
        evaluable=here.evaluable,
        information=information,
    )


def _conditional(
    here: Here, later: Later, seen: tuple[float, float], view: tuple[str, float]
) -> PowerAhead:
    (z, information), (name, effect) = seen, view
    power = conditional_power(z, information, later, effect=effect)
    return PowerAhead(
        under=name,
        effect=_effect(here.plan, effect),
        any_look=power.total,
        last_look=power.final,
    )
