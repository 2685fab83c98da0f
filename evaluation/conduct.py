"""Conduct one look: locked data and the registered protocol in, results out, nothing else.

No clock, no store, no randomness: the same arguments give the same results on any machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evaluation.analyses import analysis_results
from evaluation.clocks import moment_of
from evaluation.conformance import require_conformance
from evaluation.curves import calibration, natural_frequencies, roc_curves
from evaluation.decide import Settled
from evaluation.flow import (
    alarms_of,
    completeness_of,
    deviations_of,
    exact_moment,
    flow_of,
    operations_of,
    population_counts,
    refusals_of,
)
from evaluation.hypotheses import (
    Estimates,
    Samples,
    estimates_of,
    hypothesis_result,
    weighed_estimates,
)
from evaluation.late import late_outcomes
from evaluation.limits import is_retrospective, limits_of
from evaluation.missingness import missing_patterns
from evaluation.plan import LookPlan, plan_of
from evaluation.populations import Pairs
from evaluation.re_estimation import re_estimation_at, with_change
from evaluation.recommend import recommendation
from evaluation.results import (
    Digests,
    HypothesisResult,
    LookFacts,
    LookResults,
    SafetyResult,
)
from evaluation.safety import safety_results
from evaluation.sentences import Headline, opening
from evaluation.settle import settle
from evaluation.subgroups import subgroup_results
from gateway.store.records import LockedData
from protocols.schema import Protocol
from protocols.vocabulary import SafetyVerdict, Verdict

SCHEMA_VERSION = "1.0"
ENGINE_VERSION = "0.1.0"


def conduct(protocol: Protocol, data: LockedData, previous: Sequence[LookResults]) -> LookResults:
    """Run the look that `data` was locked for; `previous` holds the looks before, in order.

    1. flow: conformance of lock and protocol, then who leaves where and why
    2. populations: the registered analysis populations
    3. estimates: the registered estimator of each hypothesis on each population
    4. boundaries: alpha spent and the bound at the information that is really there
    5. verdicts: each hypothesis, under the registered multiplicity
    6. safety: every rule against its limit
    7. missingness: who is missing, and what it could change
    8. subgroups: intervals, no verdict
    9. analyses: what is registered beside the hypotheses, without a verdict
    10. curves: ROC, calibration in the large, natural frequencies
    11. decision: the first registered rule that is true
    12. size: at its registered look, the one change of the planned total

    Raises EvaluationError when lock, protocol and earlier looks do not belong together.
    """
    look = plan_of(protocol, data.facts.look, [results.facts.look for results in previous])
    require_conformance(look, data, previous)
    look = with_change(look, previous[-1].re_estimation if previous else None)
    # What nobody was allowed to ask about has no answer to miss.
    settled_all = look.final and not data.facts.held
    pairs = Pairs(protocol, data.pairs, final=settled_all)
    look = replace(look, moment=moment_of(look, pairs, at_us=data.facts.locked_at_us))
    samples = _samples(look, pairs)
    evaluable = pairs.n_evaluable
    estimates = weighed_estimates(look, estimates_of(look, samples), previous)
    settled = settle(look, estimates, previous, evaluable=evaluable)
    hypotheses = _hypotheses(look, estimates, settled, samples=samples, n=evaluable)
    asked = pairs.asked(samples.primary.population)
    safety = safety_results(protocol, samples.primary)
    patterns = missing_patterns(
        asked, final=settled_all, clustered=protocol.design.cluster == "subject"
    )
    return LookResults(
        schema_version=SCHEMA_VERSION,
        engine_version=ENGINE_VERSION,
        facts=_facts(look, data, evaluable),
        digests=Digests(protocol=data.facts.protocol_digest, lock=data.lock_id),
        headline=_headline(look, hypotheses, safety),
        hypotheses=hypotheses,
        re_estimation=re_estimation_at(
            look, estimates, settled, hypotheses, previous, evaluable=evaluable
        ),
        safety=safety,
        analyses=analysis_results(look, (samples.primary, *samples.supporting)),
        recommendation=recommendation(
            protocol,
            {code: found.decided for code, found in settled.items()},
            safety,
            final=look.final,
            hypotheses=hypotheses,
        ),
        frequencies=natural_frequencies(samples.primary, look.primary_endpoints),
        flow=flow_of(protocol, data, pairs, asked),
        populations=population_counts((samples.primary, *samples.supporting)),
        subgroups=subgroup_results(look, samples.primary),
        curves=roc_curves(samples.primary, protocol.arms),
        calibration=calibration(samples.primary, protocol.arms),
        missing_patterns=patterns,
        operations=operations_of(protocol, data),
        completeness=completeness_of(protocol, data.facts),
        outcome_conflicts=data.facts.outcome_conflicts,
        alarms=alarms_of(data.facts),
        late=late_outcomes(samples.primary, previous),
        deviations=deviations_of(data.facts),
        refusals=refusals_of(data.facts),
        limits=limits_of(
            look,
            data,
            hypotheses=hypotheses,
            patterns=patterns,
            sample=samples.primary,
            evaluable=evaluable,
        ),
        protocol=protocol.model_dump(mode="json"),
    )


def _samples(look: LookPlan, pairs: Pairs) -> Samples:
    """Exactly one registered population is primary; the linter has seen to that."""
    populations = look.protocol.analysis_populations
    primary = next(p for p in populations if p.role == "primary")
    supporting = tuple(pairs.sample(p) for p in populations if p.role == "supporting")
    return Samples(pairs.sample(primary), supporting)


def _hypotheses(
    look: LookPlan,
    estimates: Sequence[Estimates],
    settled: Mapping[str, Settled],
    *,
    samples: Samples,
    n: int,
) -> tuple[HypothesisResult, ...]:
    return tuple(
        hypothesis_result(
            look,
            settled[item.plan.hypothesis.id],
            item=item,
            sample=samples.primary,
            evaluable=n,
        )
        for item in estimates
    )


def _headline(
    look: LookPlan, hypotheses: Sequence[HypothesisResult], safety: Sequence[SafetyResult]
) -> str:
    """The first group of the registered order leads: the primary or the co-primary hypotheses."""
    first = look.protocol.multiplicity.order[0]
    leading = [h for h in hypotheses if h.id in first]
    others = [h for h in hypotheses if h.id not in first and h.verdict is not Verdict.NOT_TESTED]
    return Headline(
        exceeded=tuple(r.title for r in safety if r.verdict is SafetyVerdict.LIMIT_EXCEEDED),
        leading=tuple(h.verdict_sentence for h in leading),
        n_shown=sum(h.shown for h in leading),
        others=tuple(_in_short(h) for h in others),
        harmed=tuple(h.endpoint_title for h in hypotheses if _harmed(h)),
    ).sentence()


def _harmed(found: HypothesisResult) -> bool:
    return any(harm.crossed for boundary in found.boundaries for harm in boundary.harm)


def _in_short(found: HypothesisResult) -> str:
    words = opening(
        found.verdict,
        found.framework,
        measure=found.measure,
        endpoint=found.endpoint_title,
        margin=found.margin,
    )
    alone = found.shown and not found.claimed
    return f"{words}, which alone supports no claim" if alone else words


def _facts(look: LookPlan, data: LockedData, evaluable: int) -> LookFacts:
    protocol = look.protocol
    return LookFacts(
        trial=protocol.protocol.id,
        title=protocol.protocol.title,
        acronym=protocol.protocol.acronym,
        protocol_version=protocol.protocol.version,
        protocol_date=protocol.protocol.date,
        look=look.look.id,
        look_number=look.number,
        looks_planned=len(protocol.monitoring.looks),
        final=look.final,
        status="FINAL" if look.final else "INTERIM",
        retrospective=is_retrospective(data),
        locked_at=exact_moment(data.facts.locked_at_us),
        information_fraction=evaluable / look.planned_pairs,
        evaluable_pairs=evaluable,
        planned_pairs=look.planned_pairs,
        looks_made=look.number,
        looks_refused=sum(r["code"].startswith("LOOK_") for r in data.facts.refusals),
    )
