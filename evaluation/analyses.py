"""Registered analyses beside the hypotheses: estimates and tests without a verdict.

They spend no alpha and support no claim; each runs on the population and with the parameters that
the protocol names, and is there also when it finds nothing, with the reason.
"""

from collections.abc import Sequence

from evaluation.inference import registry
from evaluation.inference.base import Findings, NotEvaluable, Quantity
from evaluation.inference.rows import Asked, ParameterValue
from evaluation.measures import Measured, Registered, measured, with_unknown
from evaluation.plan import LookPlan, resamples_of, seed_of
from evaluation.populations import Sample
from evaluation.results import AnalysisResult, QuantityResult
from protocols.methods.table import ESTIMATORS
from protocols.schema import Analysis, Endpoint, Protocol

MARGIN_FREE = 0.0
MARGIN_READ = frozenset(  # their titles speak of a margin and of the claim that it allows
    {
        "worst_and_best_case",
        "tipping_point",
        "delta_adjustment",
        "inverse_probability_weighting",
        "multiple_imputation",
    }
)
NO_MARGIN = (
    "No hypothesis on this endpoint has a margin on the scale of a difference: the margin is 0"
    " here, and the claim that may hold or be lost is superiority."
)


def analysis_results(look: LookPlan, samples: Sequence[Sample]) -> tuple[AnalysisResult, ...]:
    """Every registered analysis in the protocol's order."""
    protocol = look.protocol
    by_population = {sample.population.id: sample for sample in samples}
    endpoints = {endpoint.id: endpoint for endpoint in protocol.endpoints}
    return tuple(
        _result(
            protocol, analysis, endpoints[analysis.endpoint], by_population[analysis.population]
        )
        for analysis in protocol.analyses
    )


def _result(
    protocol: Protocol, analysis: Analysis, endpoint: Endpoint, sample: Sample
) -> AnalysisResult:
    data = _data(protocol, analysis, endpoint, sample)
    found = registry.analysis(analysis.estimator, data.rows, _asked(protocol, analysis, endpoint))
    method = registry.method_of(analysis.estimator)
    quantities: tuple[QuantityResult, ...] = ()
    warnings: tuple[str, ...] = ()
    reason: str | None = None
    match found:
        case NotEvaluable():
            reason = found.reason
        case Findings():
            method, warnings = found.method, found.warnings
            quantities = tuple(_quantity(quantity) for quantity in found.quantities)
    return AnalysisResult(
        id=analysis.id,
        title=analysis.title,
        role=analysis.role,
        group=ESTIMATORS[analysis.estimator].group,
        endpoint=endpoint.id,
        endpoint_title=endpoint.title,
        population=analysis.population,
        estimator=analysis.estimator,
        interval=analysis.interval,
        level=analysis.level,
        method=method.sentence,
        citation=method.citation,
        n_pairs=found.n_pairs if isinstance(found, Findings) else data.n,
        n_subjects=_n_subjects(found, data),
        quantities=quantities,
        warnings=(*warnings, *_margin_notes(protocol, analysis)),
        not_evaluable=reason,
    )


def _n_subjects(found: Findings | NotEvaluable, data: Measured) -> int:
    """Subjects of the pairs that were used: a method may leave out pairs, and subjects with them.

    Where the design has no clusters, every pair is one to the method.
    """
    return (
        min(found.n_clusters, data.n_subjects) if isinstance(found, Findings) else data.n_subjects
    )


def _data(protocol: Protocol, analysis: Analysis, endpoint: Endpoint, sample: Sample) -> Measured:
    completes = registry.ESTIMATORS[analysis.estimator].keeps_unknown
    method = Registered(ESTIMATORS[analysis.estimator].parameters, analysis.parameters, completes)
    if completes:
        return with_unknown(endpoint, sample, protocol, method=method)
    return measured(endpoint, sample, protocol, method=method)


def _asked(protocol: Protocol, analysis: Analysis, endpoint: Endpoint) -> Asked:
    """The endpoint's parameters and the analysis's own; a subgroup brings its smallest cell."""
    parameters: dict[str, ParameterValue] = {
        "measure": endpoint.measure,
        **endpoint.parameters,
        **analysis.parameters,
    }
    for parameter in ESTIMATORS[analysis.estimator].parameters:
        if parameter.kind == "subgroup":
            parameters["minimum_cell"] = _smallest(protocol, str(parameters[parameter.name]))
    return Asked(
        level=analysis.level,
        direction=endpoint.direction,
        margin=next(iter(_margins(protocol, endpoint.id)), MARGIN_FREE),
        interval=analysis.interval,
        parameters=parameters,
        seed=seed_of(analysis.resampling),
        resamples=resamples_of(analysis.resampling),
    )


def _smallest(protocol: Protocol, subgroup: str) -> int:
    registered = next(s.minimum_cell for s in protocol.subgroups if s.id == subgroup)
    return max(registered, protocol.governance.small_cell)


def _margins(protocol: Protocol, endpoint: str) -> list[float]:
    """The margins on the difference scale of the endpoint's hypotheses, in their order."""
    return [
        hypothesis.margin.value
        for hypothesis in protocol.hypotheses
        if hypothesis.endpoint == endpoint
        and hypothesis.margin
        and hypothesis.margin.scale == "absolute"
    ]


def _margin_notes(protocol: Protocol, analysis: Analysis) -> tuple[str, ...]:
    """What the margin is where a method speaks of one that nobody registered."""
    if analysis.estimator in MARGIN_READ and not _margins(protocol, analysis.endpoint):
        return (NO_MARGIN,)
    return ()


def _quantity(quantity: Quantity) -> QuantityResult:
    return QuantityResult(
        name=quantity.name,
        title=quantity.title,
        estimate=quantity.estimate,
        standard_error=quantity.standard_error,
        low=quantity.low,
        high=quantity.high,
        statistic=quantity.statistic,
        df=quantity.df,
        p_value=quantity.p_value,
        reason=quantity.reason,
    )
