"""Each hypothesis through estimates, boundary and verdict, and its face in the results."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite

from evaluation.boundaries import bound_of, boundary_of
from evaluation.decide import Decided, Evidence, Settled
from evaluation.design.repeated import z_equivalent
from evaluation.estimates import (
    Estimated,
    against_no_effect,
    claim_interval,
    estimated,
    result_of,
    sensitivity_results,
)
from evaluation.futility import Here, futility_readings
from evaluation.harm import Worse, harm_readings
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inferences import Here as AtLook
from evaluation.inferences import sequential_inference
from evaluation.missing_outcomes import missing_bounds
from evaluation.plan import HypothesisPlan, LookPlan
from evaluation.populations import Sample
from evaluation.results import Boundary, HypothesisResult, LookResults, Unweighted
from evaluation.rounding import to_digits
from evaluation.sentences import claim_words, monitoring_words, verdict_sentence
from evaluation.weighting import (
    Combined,
    NoStage,
    Weighed,
    as_weighed,
    reached_beside,
    reached_by,
    weighed,
)
from protocols.sentences import alternative, null_hypothesis


@dataclass(frozen=True, slots=True)
class Samples:
    """The registered populations of a look: the one that decides, and those that must agree."""

    primary: Sample
    supporting: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Estimates:
    """One hypothesis on every population."""

    plan: HypothesisPlan
    primary: Estimated
    supporting: tuple[Estimated, ...]
    weighed: Weighed | None = None  # the primary population, once the effect changed the size
    others: tuple[Weighed | None, ...] = ()  # the supporting ones

    @property
    def information(self) -> float | None:
        """1 / SE^2 with the digits that are stored, so that a replay finds the same bound.

        That of the plan where stages are combined, None where they should be and cannot.
        """
        if isinstance(self.weighed, NoStage):
            return None
        if self.weighed is not None:
            return to_digits(self.weighed.information)
        return own_information(self.primary)

    @property
    def statistic(self) -> float | None:
        """z on the normal scale, with the digits that are stored."""
        if isinstance(self.weighed, NoStage):
            return None
        if self.weighed is not None:
            return to_digits(self.weighed.statistic)
        return own_statistic(self.primary)

    @property
    def unweighted(self) -> Unweighted | None:
        """All pairs together, where stages are combined."""
        return self.weighed.own if isinstance(self.weighed, Combined) else None

    @property
    def worse(self) -> Worse:
        """What the registered test says the other way round, against no effect."""
        found = against_no_effect(self.primary)
        if isinstance(found, NotEvaluable):
            return Worse(None, None, found.reason)
        return Worse(to_digits(found.information), to_digits(_on_normal_scale(found)), None)


def own_information(item: Estimated) -> float | None:
    """1 / SE^2 of all pairs."""
    return to_digits(item.naive.information) if isinstance(item.naive, Estimate) else None


def own_statistic(item: Estimated) -> float | None:
    """z of all pairs on the normal scale."""
    return to_digits(_on_normal_scale(item.naive)) if isinstance(item.naive, Estimate) else None


def weighed_estimates(
    look: LookPlan, items: Sequence[Estimates], previous: Sequence[LookResults]
) -> tuple[Estimates, ...]:
    """The same with stages combined by planned weights, once the effect has changed the size."""
    if not look.weighted:
        return tuple(items)
    return tuple(_weighed(look, item, previous) for item in items)


def _weighed(look: LookPlan, item: Estimates, previous: Sequence[LookResults]) -> Estimates:
    before = result_before(item.plan, previous)
    log = reached_by(look, before.boundaries if before else ())
    others = []
    for place, each in enumerate(item.supporting):
        earlier = reached_beside(look, item.plan.hypothesis.id, place, previous)
        others.append(weighed(look, earlier, own_information(each), own_statistic(each)))
    return replace(
        item,
        weighed=weighed(look, log, own_information(item.primary), own_statistic(item.primary)),
        others=tuple(others),
    )


def estimates_of(look: LookPlan, samples: Samples) -> tuple[Estimates, ...]:
    """Every hypothesis on the primary population and on each supporting one."""
    return tuple(
        Estimates(
            plan,
            estimated(plan, samples.primary),
            tuple(estimated(plan, sample) for sample in samples.supporting),
        )
        for plan in look.hypotheses
    )


def result_before(plan: HypothesisPlan, previous: Sequence[LookResults]) -> HypothesisResult | None:
    """What the last look before said of this hypothesis."""
    if not previous:
        return None
    return next(h for h in previous[-1].hypotheses if h.id == plan.hypothesis.id)


def evidence_of(
    look: LookPlan,
    item: Estimates,
    previous: Sequence[LookResults],
    *,
    evaluable: int,
    level: float | None = None,
) -> Evidence:
    """What the decision needs of one hypothesis; it spends its own alpha, tested or not.

    `level` is the alpha that it holds now where one alpha is shared.
    """
    plan, before = item.plan, result_before(item.plan, previous)
    bound = bound_of(
        look,
        plan,
        evaluable=evaluable,
        information=item.information,
        earlier=() if before is None else before.boundaries,
        level=level,
    )
    both = None if level is None else 1 - 2 * level
    if isinstance(item.weighed, NoStage):
        bound = replace(bound, reason=item.weighed.reason)
    supporting = tuple(result_of(s, bound=bound.z, level=both) for s in item.supporting)
    if item.others:
        pairs = zip(supporting, item.others, strict=True)
        supporting = tuple(as_weighed(plan, s, w, bound=bound.z) for s, w in pairs)
    primary = result_of(item.primary, bound=bound.z, level=both)
    primary = as_weighed(plan, primary, item.weighed, bound=bound.z)
    primary = primary.model_copy(update={"warnings": (*primary.warnings, *bound.warnings)})
    return Evidence(
        plan=plan,
        bound=bound,
        primary=primary,
        supporting=supporting,
        interval=claim_interval(primary),
        before=before,
    )


def hypothesis_result(
    look: LookPlan,
    settled: Settled,
    *,
    item: Estimates,
    sample: Sample,
    evaluable: int,
) -> HypothesisResult:
    """Everything that the results say of one hypothesis."""
    evidence, decided = settled.evidence, settled.decided
    plan, primary = evidence.plan, evidence.primary
    hypothesis, endpoint = plan.hypothesis, plan.endpoint
    before = evidence.before
    boundary = _boundary(look, evidence, decided, item=item, evaluable=evaluable)
    sequential = sequential_inference(
        AtLook(
            look,
            evidence,
            decided,
            evaluable,
            item.information,
            item.statistic,
            weighed=item.weighed if isinstance(item.weighed, Combined) else None,
        )
    )
    sentence = verdict_sentence(plan, decided, primary, evidence.interval)
    also = (*claim_words(plan, sequential), *monitoring_words(boundary))
    return HypothesisResult(
        id=hypothesis.id,
        endpoint=endpoint.id,
        endpoint_title=endpoint.title,
        role=endpoint.role,
        measure=endpoint.measure,
        direction=endpoint.direction,
        framework=hypothesis.framework,
        scale=plan.scale,
        margin=hypothesis.margin.value if hypothesis.margin else None,
        margin_clinical_basis=hypothesis.margin.clinical_basis if hypothesis.margin else None,
        alpha=hypothesis.alpha,
        null_hypothesis=null_hypothesis(hypothesis, endpoint),
        alternative=alternative(hypothesis, endpoint),
        verdict=decided.verdict,
        verdict_sentence=" ".join((sentence, *also)),
        shown=decided.shown,
        shown_at=decided.shown_at,
        claimed=decided.claimed,
        primary=primary,
        supporting=evidence.supporting,
        sensitivity=sensitivity_results(item.primary),
        boundaries=(*(before.boundaries if before else ()), boundary),
        missing=missing_bounds(evidence, sample, shown=decided.shown),
        sequential=sequential,
        shared=settled.shared,
        reason=decided.reason,
    )


def _boundary(
    look: LookPlan, evidence: Evidence, decided: Decided, *, item: Estimates, evaluable: int
) -> Boundary:
    plan, earlier = evidence.plan, evidence.before.boundaries if evidence.before else ()
    here = Here(
        look, plan, evidence.bound, evaluable, item.information, item.statistic, earlier=earlier
    )
    watched = any(rule.hypothesis == plan.hypothesis.id for rule in plan.protocol.harm_bounds)
    time = evidence.bound.time or 0.0
    return boundary_of(
        look,
        evidence.bound,
        evaluable=evaluable,
        information=item.information,
        statistic=item.statistic,
        crossed=decided.crossed,
        futility=futility_readings(here),
        harm=harm_readings(look, plan, item.worse, time=time, earlier=earlier) if watched else (),
        unweighted=item.unweighted,
    )


def _on_normal_scale(estimate: Estimate) -> float:
    """The z with the estimate's p-value; its own statistic where that p-value underflows."""
    z = z_equivalent(estimate)
    return z if isfinite(z) else estimate.statistic
