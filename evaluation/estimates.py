"""The registered estimator of each hypothesis on each population, and its face in the results."""

from dataclasses import dataclass, replace

from evaluation.design.repeated import nominal_alpha, repeated_interval
from evaluation.inference import registry
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.discrimination.areas import single_area
from evaluation.inference.orientation import opposite
from evaluation.inference.proportions.difference import PairedCounts
from evaluation.inference.rows import Asked
from evaluation.inference.safety.bounds import exact_interval
from evaluation.measures import Measured, Registered, measured, with_unknown
from evaluation.plan import HypothesisPlan
from evaluation.populations import FloatArray, Sample
from evaluation.results import ArmValue, Interval, PairedTable, TestResult
from protocols.methods.table import TESTS
from protocols.vocabulary import Framework

Answer = Estimate | NotEvaluable

FARTHEST_BOUND = 8.0  # beyond it 1 - 2 alpha is 1 in floating point: there is no such interval
TOO_FAR = NotEvaluable("bound_too_far", "The look's bound is too far out for an interval.")


@dataclass(frozen=True, slots=True)
class Estimated:
    """One hypothesis on one population: its data and the answer at the naive level.

    `data` are the pairs with a known outcome and a value of both arms. `rows` are what the test
    read: the same, or with pairs of unknown outcome where the test can use them.
    """

    plan: HypothesisPlan
    population: str
    data: Measured
    read: Measured
    naive: Answer


def estimated(plan: HypothesisPlan, sample: Sample) -> Estimated:
    """The registered test on the evaluable pairs of one population."""
    data = measured(plan.endpoint, sample, plan.protocol, method=registered(plan))
    read = data
    if registry.TESTS[plan.hypothesis.test].keeps_unknown:
        read = with_unknown(plan.endpoint, sample, plan.protocol, method=registered(plan))
    naive = estimate(plan, read, plan.naive_level)
    return Estimated(plan, sample.population.id, data, read, naive)


def registered(plan: HypothesisPlan) -> Registered:
    """The parameters of the hypothesis's test, as the protocol fixes them."""
    hypothesis = plan.hypothesis
    completes = registry.TESTS[hypothesis.test].keeps_unknown
    return Registered(
        TESTS[hypothesis.test].parameters, hypothesis.parameters, completes, tested=True
    )


def estimate(plan: HypothesisPlan, data: Measured, level: float) -> Answer:
    """The registered test's estimate with a two-sided interval at `level`.

    Equivalence is two tests, one each way (Schuirmann 1987, J Pharmacokinet Biopharm 15:657): the
    smaller statistic and the larger p-value are those of the whole.
    """
    word, asked = plan.hypothesis.test, plan.asked(level)
    found = registry.estimate(word, data.rows, asked)
    if isinstance(found, NotEvaluable) or plan.hypothesis.framework is not Framework.EQUIVALENCE:
        return found
    other = registry.estimate(word, data.rows, _the_other_way(plan, asked))
    if isinstance(other, NotEvaluable):
        return other
    return replace(
        found,
        statistic=min(found.statistic, other.statistic),
        p_value=max(found.p_value, other.p_value),
    )


def _the_other_way(plan: HypothesisPlan, asked: Asked) -> Asked:
    margin = 1 / plan.margin if plan.scale == "ratio" else plan.margin
    return replace(asked, direction=opposite(asked.direction), margin=margin)


def against_no_effect(item: Estimated) -> Answer:
    """The registered test turned round: that the candidate is worse, against no effect at all."""
    plan = item.plan
    asked = plan.asked(plan.naive_level)
    none = 1.0 if plan.scale == "ratio" else 0.0
    turned = replace(asked, direction=opposite(asked.direction), margin=none)
    return registry.estimate(plan.hypothesis.test, item.read.rows, turned)


def counts_of(data: Measured) -> PairedCounts:
    """The paired table of a binary measure: both right, candidate only, standard only, neither."""
    return PairedCounts.of(data.candidate == 1, data.standard_of_care == 1)


def result_of(item: Estimated, *, bound: float | None, level: float | None = None) -> TestResult:
    """The face of an estimate in the results.

    `bound` is the look's z bound; None where it spends nothing and so has no repeated interval,
    which carries the two-sided level that it holds over all looks at once: that of the estimate
    where no other is given.
    """
    match item.naive:
        case NotEvaluable(reason=reason):
            return _empty(item, reason)
        case Estimate() as naive:
            return _filled(item, naive, bound, naive.level if level is None else level)


def _filled(item: Estimated, naive: Estimate, bound: float | None, level: float) -> TestResult:
    data = item.data
    standard_of_care, candidate = _arms(item, naive)
    return TestResult(
        population=item.population,
        test=item.plan.hypothesis.test,
        method=naive.method.sentence,
        citation=naive.method.citation,
        n_pairs=data.n,
        n_subjects=data.n_subjects,
        n_events=data.n_events,
        scale=item.plan.scale,
        estimate=naive.estimate,
        standard_error=naive.standard_error,
        statistic=naive.statistic,
        df=naive.df,
        p_value=naive.p_value,
        information=naive.information,
        intervals=_intervals(item, naive, bound, level),
        standard_of_care=standard_of_care,
        candidate=candidate,
        table=table_of(data),
        warnings=naive.warnings,
        not_evaluable=None,
    )


def _empty(item: Estimated, reason: str) -> TestResult:
    data = item.data
    method = registry.method_of(item.plan.hypothesis.test)
    return TestResult(
        population=item.population,
        test=item.plan.hypothesis.test,
        method=method.sentence,
        citation=method.citation,
        n_pairs=data.n,
        n_subjects=data.n_subjects,
        n_events=data.n_events,
        scale=item.plan.scale,
        estimate=None,
        standard_error=None,
        statistic=None,
        df=None,
        p_value=None,
        information=None,
        intervals=(),
        standard_of_care=None,
        candidate=None,
        table=table_of(data),
        warnings=(),
        not_evaluable=reason,
    )


def _intervals(
    item: Estimated, naive: Estimate, bound: float | None, level: float
) -> tuple[Interval, ...]:
    own = Interval(low=naive.low, high=naive.high, level=naive.level, kind="naive")
    limits = None if bound is None else limits_at(item.plan, naive, item.read, bound)
    if limits is None or isinstance(limits, NotEvaluable):
        return (own,)
    claim = Interval(low=limits[0], high=limits[1], level=level, kind="repeated")
    return (claim, own)


def limits_at(
    plan: HypothesisPlan, answer: Estimate, data: Measured, bound: float
) -> tuple[float, float] | NotEvaluable:
    """The two-sided limits of an estimate at a z bound."""
    if not registry.TESTS[plan.hypothesis.test].inverted:
        return repeated_interval(answer, bound=bound)
    if bound > FARTHEST_BOUND:
        return TOO_FAR
    again = estimate(plan, data, 1 - 2 * nominal_alpha(bound))
    return again if isinstance(again, NotEvaluable) else (again.low, again.high)


def claim_interval(result: TestResult) -> Interval | None:
    """The registered interval that a claim rests on; None at a look that can claim nothing."""
    return next((i for i in result.intervals if i.kind == "repeated"), None)


def table_of(data: Measured) -> PairedTable | None:
    """The paired table of right answers; None for a measure that is not binary."""
    if not data.binary:
        return None
    counts = counts_of(data)
    return PairedTable(n11=counts.n11, n10=counts.n10, n01=counts.n01, n00=counts.n00)


def _arms(item: Estimated, naive: Estimate) -> tuple[ArmValue | None, ArmValue | None]:
    """Each arm's own value, with limits where the method has some for one arm."""
    data = item.data
    return (
        _arm(item, naive.standard_of_care, data.standard_of_care, naive.level),
        _arm(item, naive.candidate, data.candidate, naive.level),
    )


def _arm(item: Estimated, share: float | None, values: FloatArray, level: float) -> ArmValue | None:
    """Exact limits for a binary measure on independent pairs, those of one area for AUC."""
    low: float | None = None
    high: float | None = None
    if share is None:
        return None
    data, clustered = item.data, item.plan.clustered
    if data.binary and not clustered:
        low, high = exact_interval(int(values.sum()), data.n, level)
    elif data.measure == "auc":
        cluster = data.subject if clustered else None
        area = single_area(values, data.outcome, level=level, cluster=cluster)
        if not isinstance(area, NotEvaluable):
            low, high = area.low, area.high
    return ArmValue(value=share, low=low, high=high)


def sensitivity_results(item: Estimated) -> tuple[TestResult, ...]:
    """The registered sensitivity tests: of equality, on the paired table, without a margin."""
    return tuple(_mcnemar(item, name) for name in item.plan.hypothesis.sensitivity_tests)


def _mcnemar(item: Estimated, name: str) -> TestResult:
    data, method = item.data, registry.method_of(name)
    reason: str | None = None
    effect = p_value = None
    if not data.binary:
        reason = "McNemar's test needs a binary measure."
    elif item.plan.clustered:
        reason = "McNemar's test needs independent pairs; here pairs cluster by subject."
    else:
        direction = item.plan.endpoint.direction
        answer = registry.sensitivity_test(name, counts_of(data), direction=direction)
        if isinstance(answer, NotEvaluable):
            reason = answer.reason
        else:
            p_value, effect = answer.p_one_sided, counts_of(data).difference
    return _empty(item, "").model_copy(
        update={
            "test": name,
            "method": method.sentence,
            "citation": method.citation,
            "estimate": effect,
            "p_value": p_value,
            "not_evaluable": reason,
        }
    )
