"""Naive, repeated and stage-wise inference side by side, the registered claim marked; power ahead.

The stage-wise scale is that of the decision: an effect lies as many units beyond the null as its z
says, where a unit is the distance of the estimate over its z (the standard error, for a Wald
test). So without earlier looks it gives the estimate itself, and its interval leaves out the margin
exactly when its p-value says so. An equivalence is two tests and has no stage-wise order.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evaluation.ahead import design_effect, looks_ahead
from evaluation.boundaries import Bound
from evaluation.decide import Decided, Evidence
from evaluation.design.after.orderings import OrderedInference
from evaluation.design.conditional.power import Later, conditional_power
from evaluation.design.conditional.predictive import predictive_power
from evaluation.design.repeated import nominal_alpha
from evaluation.design.stagewise import StagewiseInference
from evaluation.plan import HypothesisPlan, LookPlan
from evaluation.repeated import repeated_ps, seen_looks
from evaluation.results import Boundary, Inference, PowerAhead, SequentialInference
from evaluation.stopping import ORDERS, Late, Stopped
from evaluation.weighting import Combined, stagewise, unit_of, weighted_estimate
from protocols.errors import UsageError
from protocols.vocabulary import Framework

LARGEST_LOG = 700.0
ROUNDING = 1e-9
SMALLEST_Z = 0.1  # below it a distance over z is noise: both are next to nothing

NO_STAGES = "An equivalence is two tests, for which no stage-wise order is defined."
NO_BOUND = "This look spends no alpha, so it has no repeated and no stage-wise interval."
UNION = "Information has not grown, so this look has no stage-wise order."
GONE_ON = (
    "At look {look} its statistic was beyond a bound and it went on, for which no order of looks"
    " is defined; the repeated interval holds."
)
CLAIMED = "The claim was made at look {look}, where its stage-wise inference stands."
TOO_CLOSE = "Later looks lie too close together for a predictive power."
NO_AHEAD = "Once the effect has changed the size, no power ahead is reckoned."
NO_LATE = "Information has not grown since the claim, so nothing came late."
DISAGREES = "Its interval and the bound do not say the same here, so the repeated one is the claim."
LATE = ("weighted", "deletion")


@dataclass(frozen=True, slots=True)
class Here:
    """One hypothesis at a look; `statistic` is on the normal scale."""

    look: LookPlan
    evidence: Evidence
    decided: Decided
    evaluable: int
    information: float | None
    statistic: float | None
    weighed: Combined | None = None  # stages combined, once the effect has changed the size

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
        """Two-sided; a last look that leaves alpha unspent has an interval at what was spent.

        Otherwise an estimate between the two would leave out the margin and cross no bound.
        """
        spent, whole = self.bound.alpha_spent, self.bound.level
        if self.look.final and self.shown_before is None and 0 < spent < whole * (1 - ROUNDING):
            return 1 - 2 * spent
        return 1 - 2 * whole

    @property
    def stops(self) -> bool:
        """Whether the trial ends for this hypothesis here and not before."""
        return self.shown_before is None and (self.decided.shown or self.look.final)

    @property
    def went_on(self) -> str | None:
        """The look before this one, or before the claim, whose bound was reached without a stop.

        So goes a hypothesis that waited for another one, whose populations disagreed, or whose
        alpha came later: an order that takes its path for one inside of the bounds has no place
        for it, and its upper limit would lie too low.
        """
        reached = {boundary.number: boundary for boundary in self.earlier}
        for step in self.bound.trail:
            boundary = reached.get(step.number)
            if boundary is None or boundary.statistic is None:
                continue
            if boundary.look == self.shown_before:
                return None
            if not step.lower < boundary.statistic < step.z:
                return boundary.look
        return None

    def stopped(self, information: float, z: float) -> Stopped:
        """The looks up to this one, and those to come where it is not the last."""
        later = None if self.look.final else _later(self, information)
        return Stopped(z, self.bound.trail, _scale(self), later)


def sequential_inference(here: Here) -> SequentialInference | None:
    """All of it at this look; None where there is no estimate."""
    if here.information is None or here.statistic is None:
        return None
    p = [None if b.statistic is None else nominal_alpha(b.statistic) for b in here.earlier]
    p.append(here.evidence.primary.p_value)
    looks = seen_looks(here.look, here.bound, information=here.information, earlier=here.earlier)
    repeated = repeated_ps(here.look, looks, p)
    reasons: list[str] = []
    found = [*_naive(here), *_repeated(here, repeated.here), *_staged(here, reasons)]
    ahead = _ahead(here, here.information, here.statistic, reasons)
    return SequentialInference(
        inferences=tuple(_marked(here, found, reasons)),
        repeated_p=repeated.here,
        sequential_p=repeated.smallest,
        bias_adjusted=_bias_adjusted(here),
        ahead=tuple(ahead),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _marked(here: Here, found: Sequence[Inference], reasons: list[str]) -> list[Inference]:
    """The one that the protocol registers for this look is the claim; the repeated one else.

    A claim never contradicts its verdict: where the margin lies on another side of its interval
    than the statistic of its bound, the repeated one stands.
    """
    word = _registered(here)
    registered = next((item for item in found if item.kind == word), None)
    if registered is None:
        word = "repeated"
    elif word != "repeated" and here.stops and _contradicts(here, registered):
        word = "repeated"
        reasons.append(DISAGREES)
    return [item.model_copy(update={"claim": item.kind == word}) for item in found]


def _contradicts(here: Here, item: Inference) -> bool:
    crossed = here.decided.crossed
    return crossed is not None and crossed != leaves_out(here.plan, item)


def _registered(here: Here) -> str:
    """What the protocol registers for this look."""
    monitoring = here.look.protocol.monitoring
    if here.shown_before is not None:
        return monitoring.late_outcomes
    return monitoring.claim_interval if here.stops else "repeated"


def leaves_out(plan: HypothesisPlan, item: Inference) -> bool:
    """Whether all of an interval lies beyond the null."""
    rises = plan.effect_at(0.0) <= plan.effect_at(1.0)
    limit = item.low if rises else item.high
    return limit is not None and plan.from_null(limit) > 0


def _naive(here: Here) -> list[Inference]:
    primary = here.evidence.primary
    own = next((i for i in primary.intervals if i.kind == "naive"), None)
    if own is None or primary.estimate is None or primary.p_value is None:
        return []
    p = primary.p_value
    if primary.unweighted is not None:
        p = nominal_alpha(primary.unweighted.statistic)
    return [
        Inference(
            kind="naive",
            estimate=primary.estimate,
            low=own.low,
            high=own.high,
            level=own.level,
            p_value=p,
            claim=False,
        )
    ]


def _repeated(here: Here, p: float | None) -> list[Inference]:
    primary, interval = here.evidence.primary, here.evidence.interval
    if interval is None or primary.estimate is None or p is None:
        return []
    estimate = primary.estimate
    if here.weighed is not None:
        estimate = weighted_estimate(here.plan, primary, here.weighed)
    return [
        Inference(
            kind="repeated",
            estimate=estimate,
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
        kind = here.look.protocol.monitoring.late_outcomes
        return _late(here, kind, reasons) if kind in LATE and _in_order(here, reasons) else []
    if here.bound.z is None or here.statistic is None:
        reasons.append(NO_BOUND)
        return []
    if not here.bound.counts:
        reasons.append(UNION)
        return []
    if not _in_order(here, reasons):
        return []
    if here.weighed is not None:
        trail = here.bound.trail
        planned, bounds = [step.information for step in trail], [s.z for s in trail[:-1]]
        return [_combined(here, here.weighed, planned, bounds)]
    stopped = here.stopped(here.information or 0.0, here.statistic)
    found = _as_inference(here, stopped.stagewise(here.level), "stagewise")
    order = here.look.protocol.monitoring.claim_interval
    if order not in ORDERS or not here.stops:
        return [found]
    return [found, _as_inference(here, stopped.ordered(order, here.level), order)]


def _in_order(here: Here, reasons: list[str]) -> bool:
    if here.went_on is not None:
        reasons.append(GONE_ON.format(look=here.went_on))
    return here.went_on is None


def _bias_adjusted(here: Here) -> float | None:
    """Where the trial ends here; None else, and where the look has no place in its order."""
    if not here.stops or here.weighed is not None or not here.bound.counts:
        return None
    if here.went_on is not None:
        return None
    if here.plan.hypothesis.framework is Framework.EQUIVALENCE:
        return None
    if here.information is None or here.statistic is None:
        return None
    return _effect(here.plan, here.stopped(here.information, here.statistic).bias_adjusted())


def _late(here: Here, kind: str, reasons: list[str]) -> list[Inference]:
    """What stopped the trial with what came later, or all of it without the look that stopped."""
    stopped = next(b for b in here.earlier if b.look == here.shown_before)
    before, total = stopped.statistical_information, here.information
    if total is None or here.statistic is None or before is None or stopped.statistic is None:
        return []
    late = Late(
        tuple(s for s in here.bound.trail if s.number < stopped.number),
        (before, stopped.statistic),
        (total, here.statistic),
        _scale(here),
    )
    if not late.adds:
        reasons.append(NO_LATE)
        return []
    return [_as_inference(here, late.inference(kind, here.level), kind)]


def _combined(
    here: Here, weighed: Combined, planned: Sequence[float], bounds: Sequence[float]
) -> Inference:
    """Stage-wise order of stages that were combined by planned weights."""
    found = stagewise(weighed, planned, bounds, level=here.level)
    unit = unit_of(here.plan, here.evidence.primary, weighed.own)
    scaled = replace(
        found, estimate=found.estimate * unit, low=found.low * unit, high=found.high * unit
    )
    return _as_inference(here, scaled, "stagewise")


def _scale(here: Here) -> float:
    """What makes of information units in which the estimate lies its own z beyond the null."""
    whole, z, estimate = here.information, here.statistic, here.evidence.primary.estimate
    if not whole or z is None or abs(z) < SMALLEST_Z or estimate is None:
        return 1.0
    unit = here.plan.from_null(estimate) / z
    if unit <= 0:  # a rank test may lie on the other side of the null than its estimate
        return 1.0
    return 1 / (whole * unit * unit)


def _as_inference(here: Here, found: StagewiseInference | OrderedInference, kind: str) -> Inference:
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
    if here.look.weighted:
        if not here.look.final:
            reasons.append(NO_AHEAD)
        return []
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
