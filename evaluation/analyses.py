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
        n_subjects=data.n_subjects,
        quantities=quantities,
        warnings=warnings,
        not_evaluable=reason,
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
        margin=_margin(protocol, endpoint),
        interval=analysis.interval,
        parameters=parameters,
        seed=seed_of(analysis.resampling),
        resamples=resamples_of(analysis.resampling),
    )


def _smallest(protocol: Protocol, subgroup: str) -> int:
    registered = next(s.minimum_cell for s in protocol.subgroups if s.id == subgroup)
    return max(registered, protocol.governance.small_cell)


def _margin(protocol: Protocol, endpoint: Endpoint) -> float:
    """The margin of the endpoint's first hypothesis on the difference scale, 0 without one."""
    for hypothesis in protocol.hypotheses:
        margin = hypothesis.margin
        if hypothesis.endpoint == endpoint.id and margin and margin.scale == "absolute":
            return margin.value
    return MARGIN_FREE


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
