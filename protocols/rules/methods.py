"""Registered words: each exists, fits its measure and its design, and has all it asks for."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from protocols.errors import Finding
from protocols.findings import Code, error, warning
from protocols.methods.base import EstimatorSpec, HypothesisTestSpec
from protocols.methods.defaults import default_first
from protocols.methods.measures import MEASURES
from protocols.methods.table import ESTIMATORS, TESTS
from protocols.rules.hypotheses import tested
from protocols.rules.margins import SCALE_OF_EFFECT
from protocols.rules.parameters import Names, parameter_findings
from protocols.schema import Analysis, Endpoint, Hypothesis, Protocol, Resampling

SHOWN = 4
SCALES = {"difference": "absolute", "ratio": "ratio"}


def tests(protocol: Protocol) -> Iterator[Finding]:
    """Each test exists, estimates its endpoint's measure on the effect's scale, and has its all."""
    for path, hypothesis, endpoint in tested(protocol):
        fitting = _fitting(endpoint, clustered=protocol.design.cluster == "subject")
        spec = TESTS.get(hypothesis.test)
        if not fitting:
            message = f"No test holds {endpoint.measure} against a margin."
            remedy = "Describe the endpoint with an analysis, without a hypothesis."
            yield error(Code.MEASURE_NOT_TESTED, f"{path}.endpoint", message, remedy)
        if spec is None:
            message = f"There is no test `{hypothesis.test}`."
            remedy = _suggestion(hypothesis.test, TESTS, fitting)
            yield error(Code.UNKNOWN_METHOD, f"{path}.test", message, remedy)
            continue
        if fitting and hypothesis.test not in fitting:
            message = f"The test {hypothesis.test} does not estimate {endpoint.measure}."
            yield error(Code.TEST_MEASURE_CLASH, f"{path}.test", message, f"Take {_some(fitting)}.")
        elif SCALES[spec.scale] != SCALE_OF_EFFECT[hypothesis.effect]:
            message = f"{hypothesis.test} is of a {spec.scale}, but the effect is "
            message += f"{hypothesis.effect}."
            remedy = "Write the effect that the test estimates."
            yield error(Code.SCALE_CLASH, f"{path}.effect", message, remedy)
        yield from parameter_findings(
            f"{path}.parameters",
            hypothesis.test,
            spec.parameters,
            hypothesis.parameters,
            Names.of(protocol),
        )
        yield from _resampling(path, hypothesis.test, spec, hypothesis.resampling)


def clusters(protocol: Protocol) -> Iterator[Finding]:
    """No test takes the encounters of one subject as independent unawares."""
    clustered = protocol.design.cluster == "subject"
    for path, hypothesis, endpoint in tested(protocol):
        spec = TESTS.get(hypothesis.test)
        if spec is None:
            continue
        if spec.pairs == "independent" and clustered:
            yield _finer(f"{path}.test", hypothesis.test, _clustered_tests(endpoint))
        if hypothesis.test == "clustered_difference" and not clustered and _is_binary(endpoint):
            message = "clustered_difference without a cluster takes every pair as its own."
            remedy = "Write cluster: subject, or take tango_score, which is better here."
            yield warning(Code.CLUSTER_MISSING, f"{path}.test", message, remedy)
        yield from _sensitivity(path, hypothesis, endpoint, clustered=clustered)


def _sensitivity(
    path: str, hypothesis: Hypothesis, endpoint: Endpoint, *, clustered: bool
) -> Iterator[Finding]:
    place = f"{path}.sensitivity_tests"
    if hypothesis.sensitivity_tests and not _is_binary(endpoint):
        message = f"McNemar's tests compare flags; {endpoint.measure} is not about flags."
        yield error(Code.TEST_MEASURE_CLASH, place, message, "Write an empty list here.")
    elif hypothesis.sensitivity_tests and clustered:
        message = "McNemar's tests take the encounters of one subject as independent."
        remedy = "Keep them only as a coarse check."
        yield warning(Code.SENSITIVITY_IGNORES_CLUSTER, place, message, remedy)


def analyses(protocol: Protocol) -> Iterator[Finding]:
    """Each estimator exists, fits its endpoint's measure, and has everything it asks for."""
    endpoints = {endpoint.id: endpoint for endpoint in protocol.endpoints}
    for index, analysis in enumerate(protocol.analyses):
        path, endpoint = f"analyses[{index}]", endpoints.get(analysis.endpoint)
        fitting = [
            word
            for word, spec in ESTIMATORS.items()
            if endpoint is None or endpoint.measure in spec.measures
        ]
        spec = ESTIMATORS.get(analysis.estimator)
        if spec is None:
            message = f"There is no estimator `{analysis.estimator}`."
            remedy = _suggestion(analysis.estimator, ESTIMATORS, fitting)
            yield error(Code.UNKNOWN_METHOD, f"{path}.estimator", message, remedy)
            continue
        if endpoint is not None and analysis.estimator not in fitting:
            message = f"The estimator {analysis.estimator} does not estimate {endpoint.measure}."
            remedy = f"Take {_some(fitting)}." if fitting else "Take another measure."
            yield error(Code.TEST_MEASURE_CLASH, f"{path}.estimator", message, remedy)
        yield from _analysis(path, analysis, spec, protocol)


def _analysis(
    path: str, analysis: Analysis, spec: EstimatorSpec, protocol: Protocol
) -> Iterator[Finding]:
    endpoint = next((e for e in protocol.endpoints if e.id == analysis.endpoint), None)
    yield from _interval(path, analysis, spec, endpoint)
    if spec.needs_reference and endpoint is not None and not _has_reference(protocol, endpoint):
        message = f"{analysis.estimator} compares answers with a reference, and {endpoint.outcome}"
        message += " is no number of the pair."
        remedy = "Name a further outcome of type number or count that is not per arm."
        yield error(Code.REFERENCE_MISSING, f"{path}.estimator", message, remedy)
    if spec.pairs == "independent" and protocol.design.cluster == "subject":
        yield _finer(f"{path}.estimator", analysis.estimator, ())
    yield from parameter_findings(
        f"{path}.parameters",
        analysis.estimator,
        spec.parameters,
        analysis.parameters,
        Names.of(protocol),
    )
    yield from _resampling(path, analysis.estimator, spec, analysis.resampling)


def _interval(
    path: str, analysis: Analysis, spec: EstimatorSpec, endpoint: Endpoint | None
) -> Iterator[Finding]:
    if analysis.interval not in spec.intervals:
        message = f"{analysis.estimator} has no interval `{analysis.interval}`."
        remedy = _suggestion(analysis.interval, spec.intervals, spec.intervals)
        yield error(Code.UNKNOWN_METHOD, f"{path}.interval", message, remedy)
    elif endpoint is not None and endpoint.measure in spec.measures:
        fitting = spec.intervals_of(endpoint.measure)
        if analysis.interval not in fitting:
            message = f"The interval {analysis.interval} does not suit {endpoint.measure}."
            remedy = f"Take {_some(fitting)}."
            yield error(Code.TEST_MEASURE_CLASH, f"{path}.interval", message, remedy)


def _has_reference(protocol: Protocol, endpoint: Endpoint) -> bool:
    return any(
        outcome.name == endpoint.outcome
        and outcome.type in ("number", "count")
        and not outcome.per_arm
        for outcome in protocol.further_outcomes
    )


def measures(protocol: Protocol) -> Iterator[Finding]:
    """Each measure has what it asks for, and its ranges are ranges."""
    for index, endpoint in enumerate(protocol.endpoints):
        path, spec = f"endpoints[{index}].parameters", MEASURES[endpoint.measure]
        given = endpoint.parameters
        yield from parameter_findings(
            path, endpoint.measure, spec.parameters, given, Names.of(protocol)
        )
        for low, high in (("specificity_low", "specificity_high"), ("low", "high")):
            ends = given.get(low), given.get(high)
            if all(isinstance(end, int | float) for end in ends) and ends[0] >= ends[1]:  # type: ignore[operator]
                message = f"{low} does not lie below {high}."
                yield error(Code.PARAMETER_RANGE, f"{path}.{low}", message, "Order the two.")


def _resampling(
    path: str, word: str, spec: HypothesisTestSpec | EstimatorSpec, given: Resampling | None
) -> Iterator[Finding]:
    place = f"{path}.resampling"
    if spec.draws and given is None:
        message = f"{word} draws samples, and nothing says from which seed and how many."
        remedy = "Write seed and resamples, so that two runs give the same bytes."
        yield error(Code.RESAMPLING_MISSING, place, message, remedy)
    if not spec.draws and given is not None:
        message = f"{word} draws nothing."
        yield error(Code.RESAMPLING_NOT_USED, place, message, "Write resampling: null.")


def _finer(path: str, word: str, better: tuple[str, ...]) -> Finding:
    message = f"{word} counts encounters as independent, but subjects are clusters."
    other = f"Take {_some(better)}" if better else "Take a method that knows clusters"
    remedy = f"{other}, or write cluster: none if nobody comes twice."
    return error(Code.UNIT_FINER_THAN_CLUSTER, path, message, remedy)


def _fitting(endpoint: Endpoint, *, clustered: bool) -> tuple[str, ...]:
    """Every test of the measure, the recommended ones first."""
    words = tuple(word for word, spec in TESTS.items() if endpoint.measure in spec.measures)
    return default_first(words, endpoint.measure, clustered=clustered)


def _clustered_tests(endpoint: Endpoint) -> tuple[str, ...]:
    words = _fitting(endpoint, clustered=True)
    return tuple(word for word in words if TESTS[word].pairs != "independent")


def _is_binary(endpoint: Endpoint) -> bool:
    return MEASURES[endpoint.measure].kind == "binary"


def _suggestion(
    word: str, known: Mapping[str, object] | tuple[str, ...], fitting: list[str] | tuple[str, ...]
) -> str:
    """The nearest of all words, or those that fit."""
    close = get_close_matches(word, sorted(known), n=1)
    if close:
        return f"Did you mean `{close[0]}`?"
    return f"Fitting here: {_some(fitting) or 'none'}."


def _some(words: Sequence[str]) -> str:
    """The first few; `equipoise methods list` lists the rest."""
    more = " or another of `equipoise methods list`" if len(words) > SHOWN else ""
    return " or ".join(words[:SHOWN]) + more


RULES = (tests, clusters, analyses, measures)
