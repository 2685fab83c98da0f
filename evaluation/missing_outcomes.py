"""What outcomes that are not ascertained could change: worst and best case of each hypothesis.

Every unascertained outcome of the primary population is set against the candidate, then in its
favour, and the registered estimator runs again with the look's bound.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evaluation.decide import PASSING, Evidence, read_interval
from evaluation.estimates import Answer, counts_of, estimate, limits_at, registered
from evaluation.inference.base import NotEvaluable
from evaluation.inference.missing.areas import METHOD as AUC_METHOD
from evaluation.inference.missing.areas import auc_extremes
from evaluation.inference.missing.bounds import METHOD, members
from evaluation.inference.orientation import critical_of, sign_of
from evaluation.measures import Measured, measured
from evaluation.plan import HypothesisPlan
from evaluation.populations import UNKNOWN, FloatArray, Sample
from evaluation.results import Interval, MissingBounds
from evaluation.values import risks
from protocols.vocabulary import Framework

Side = Literal["worst", "best"]


@dataclass(frozen=True, slots=True)
class Case:
    """One extreme: its estimate and the limits at the look's bound."""

    estimate: float
    low: float
    high: float


DENOMINATORS = ("sensitivity", "specificity")  # the unknown outcome decides who is looked at
EACH_BY_ITSELF = ("accuracy", "brier", "log_loss", "net_benefit")
WEIGHTED = "Stages are combined by planned weights, for which there is no worst case."
NO_BOUND = NotEvaluable(
    "no_bound_for_measure",
    "There is no worst case of this measure; registered sensitivity analyses take its place.",
)


def missing_bounds(evidence: Evidence, sample: Sample, *, shown: bool) -> MissingBounds:
    """Bounds on the primary population; without unascertained outcomes, the estimate itself."""
    plan, unknown = evidence.plan, sample.outcome == UNKNOWN
    weighted = evidence.primary.unweighted is not None
    bound = evidence.bound.z if evidence.bound.z is not None else critical_of(plan.hypothesis.alpha)
    worst = _extreme(plan, sample, side="worst", bound=bound)
    best = _extreme(plan, sample, side="best", bound=bound)
    empty = MissingBounds(
        n_unascertained=int(unknown.sum()),
        n_unresolved_discordant=_discordant(plan, sample),
        worst_estimate=None,
        worst_low=None,
        best_estimate=None,
        best_high=None,
        verdict_survives_worst_case=None,
        method=(AUC_METHOD if plan.endpoint.measure == "auc" else METHOD).sentence,
        reason=None,
    )
    if weighted:
        return empty.model_copy(update={"reason": WEIGHTED})
    if isinstance(worst, NotEvaluable):
        return empty.model_copy(update={"reason": worst.reason})
    if isinstance(best, NotEvaluable):
        return empty.model_copy(update={"reason": best.reason})
    return empty.model_copy(update=_numbers(plan, worst, best, shown=shown))


def _numbers(plan: HypothesisPlan, worst: Case, best: Case, *, shown: bool) -> dict[str, object]:
    higher = sign_of(plan.endpoint.direction) > 0
    return {
        "worst_estimate": worst.estimate,
        "worst_low": worst.low if higher else worst.high,
        "best_estimate": best.estimate,
        "best_high": best.high if higher else best.low,
        "verdict_survives_worst_case": _survives(plan, worst, best) if shown else None,
    }


def _survives(plan: HypothesisPlan, worst: Case, best: Case) -> bool:
    """Whether the claim stands in the worst case; that of an equivalence must in both."""
    cases = (worst, best) if plan.hypothesis.framework is Framework.EQUIVALENCE else (worst,)
    return all(
        read_interval(
            Interval(low=case.low, high=case.high, level=plan.naive_level, kind="repeated"),
            margin=plan.distance,
            framework=plan.hypothesis.framework,
            direction=plan.endpoint.direction,
            scale=plan.scale,
        ).verdict
        in PASSING
        for case in cases
    )


def _discordant(plan: HypothesisPlan, sample: Sample) -> int | None:
    """Unascertained pairs of which one arm only would be right; None where right has no meaning."""
    if plan.endpoint.measure not in DENOMINATORS or not _about_the_outcome(plan):
        return None
    unknown = _as_if(sample.take(sample.outcome == UNKNOWN), plan.endpoint.measure)
    return counts_of(_measured(plan, unknown)).n_discordant


def _about_the_outcome(plan: HypothesisPlan) -> bool:
    return plan.endpoint.outcome == plan.protocol.outcome.name


def _measured(plan: HypothesisPlan, sample: Sample) -> Measured:
    return measured(plan.endpoint, sample, plan.protocol, method=registered(plan))


def _as_if(sample: Sample, measure: str) -> Sample:
    """The unknown outcomes set so that every such pair is in the binary measure's denominator."""
    assumed = 1 if measure == "sensitivity" else 0
    return replace(sample, outcome=np.where(sample.outcome == UNKNOWN, assumed, sample.outcome))


def _extreme(
    plan: HypothesisPlan, sample: Sample, *, side: Side, bound: float
) -> Case | NotEvaluable:
    completed = _completed(plan, sample, side)
    if isinstance(completed, NotEvaluable):
        return completed
    cases = []
    for data in completed:
        case = _case(plan, data, bound)
        if isinstance(case, NotEvaluable):
            return case
        cases.append(case)
    return _joined(cases, downwards=(side == "worst") == (sign_of(plan.endpoint.direction) > 0))


def _completed(
    plan: HypothesisPlan, sample: Sample, side: Side
) -> tuple[Measured, ...] | NotEvaluable:
    measure = plan.endpoint.measure
    if not _about_the_outcome(plan):
        return NO_BOUND
    if measure == "auc":
        return _auc_completed(plan, sample, side)
    if measure in DENOMINATORS:
        return _binary_completed(plan, sample, side)
    if measure in EACH_BY_ITSELF:
        return (_measured(plan, _each_completed(plan, sample, side)),)
    return NO_BOUND


def _joined(cases: list[Case], *, downwards: bool) -> Case:
    pick = min if downwards else max
    return Case(
        pick(c.estimate for c in cases), pick(c.low for c in cases), pick(c.high for c in cases)
    )


def _case(plan: HypothesisPlan, data: Measured, bound: float) -> Case | NotEvaluable:
    answer: Answer = estimate(plan, data, plan.naive_level)
    if isinstance(answer, NotEvaluable):
        return answer
    limits = limits_at(plan, answer, data, bound)
    return limits if isinstance(limits, NotEvaluable) else Case(answer.estimate, *limits)


def _auc_completed(
    plan: HypothesisPlan, sample: Sample, side: Side
) -> tuple[Measured, ...] | NotEvaluable:
    """A higher area is always better, so the worst case is the smallest difference."""
    candidate, standard_of_care = risks(sample, sample.outcome, plan.protocol.arms)
    known = sample.outcome != UNKNOWN
    failed = ~sample.candidate_answered
    extremes = auc_extremes(
        np.where(failed, 0.0, candidate),
        standard_of_care,
        sample.outcome == 1,
        known,
        failed=failed,
    )
    if isinstance(extremes, NotEvaluable):
        return extremes
    outcome = extremes.worst_outcome if side == "worst" else extremes.best_outcome
    return (_measured(plan, replace(sample, outcome=outcome.astype(np.int64))),)


def _binary_completed(plan: HypothesisPlan, sample: Sample, side: Side) -> tuple[Measured, ...]:
    """Twice: without and with the pairs on which the arms agree."""
    measure = plan.endpoint.measure
    data = _measured(plan, _as_if(sample, measure))
    assumed = 1 if measure == "sensitivity" else 0
    looked_at = _as_if(sample, measure).outcome == assumed
    ascertained = (sample.outcome != UNKNOWN)[looked_at]
    higher = sign_of(plan.endpoint.direction) > 0
    hard: Side = side if higher else ("best" if side == "worst" else "worst")
    masks = members(data.candidate == 1, data.standard_of_care == 1, ascertained, hard)
    return tuple(data.take(mask) for mask in masks)


def _each_completed(plan: HypothesisPlan, sample: Sample, side: Side) -> Sample:
    """Each unknown outcome by itself: the one that moves the mean difference the right way."""
    raises = _difference_if(plan, sample, happened=1) > _difference_if(plan, sample, happened=0)
    upwards = (side == "best") == (sign_of(plan.endpoint.direction) > 0)
    assumed = np.where(raises if upwards else ~raises, 1, 0)
    outcome = np.where(sample.outcome == UNKNOWN, assumed, sample.outcome)
    return replace(sample, outcome=outcome)


def _difference_if(plan: HypothesisPlan, sample: Sample, *, happened: int) -> FloatArray:
    """Candidate minus standard of care of every pair, had it so happened to all."""
    assumed = replace(sample, outcome=np.full(sample.n, happened))
    data = _measured(plan, assumed)
    return data.candidate - data.standard_of_care
