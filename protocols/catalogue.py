"""The registered words read aloud: what an author may write for a measure, and what it asks for."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from protocols.methods.base import EstimatorSpec, HypothesisTestSpec, Parameter
from protocols.methods.measures import MEASURES, Measure, MeasureSpec
from protocols.methods.table import ESTIMATORS, TESTS

WIDTH = 96
PAIRS = {
    "clustered": "needs subjects that come back",
    "independent": "only with design.cluster: none",
    "either": "with or without clusters",
}


def measure_lines() -> Iterator[str]:
    """Every measure in one line."""
    for word, spec in MEASURES.items():
        outcome = "any outcome" if spec.per_arm == "not_used" else _outcome(spec)
        yield from _paragraph(f"{word}: {spec.title}; {outcome}{_asks(spec.parameters)}")


def method_lines(measure: Measure) -> Iterator[str]:
    """The tests and estimators of one measure, with everything that they ask for."""
    yield f"Tests of {measure} against a margin (hypotheses[].test)"
    for word, test in TESTS.items():
        if measure in test.measures:
            yield from _paragraph(f"{word}: {test.title}; {test.scale}; {_needs(test)}")
    yield ""
    yield f"Estimators of {measure} (analyses[].estimator)"
    for word, estimator in ESTIMATORS.items():
        if measure in estimator.measures:
            intervals = " or ".join(estimator.intervals)
            text = f"{word}: {estimator.title}; interval {intervals}; {_needs(estimator)}"
            yield from _paragraph(text)


def methods_document() -> dict[str, object]:
    """All of it for machines."""
    return {
        "measures": {
            word: {
                "title": spec.title,
                "outcome_types": list(spec.outcome_types),
                "per_arm": spec.per_arm,
                "direction": spec.direction,
                "needs_probability": spec.needs_probability,
                "parameters": _documents(spec.parameters),
            }
            for word, spec in MEASURES.items()
        },
        "tests": {word: _document(test) | {"scale": test.scale} for word, test in TESTS.items()},
        "estimators": {
            word: _document(estimator) | {"intervals": list(estimator.intervals)}
            for word, estimator in ESTIMATORS.items()
        },
    }


def _document(spec: HypothesisTestSpec | EstimatorSpec) -> dict[str, object]:
    return {
        "title": spec.title,
        "measures": list(spec.measures),
        "pairs": spec.pairs,
        "draws": spec.draws,
        "parameters": _documents(spec.parameters),
    }


def _documents(parameters: Sequence[Parameter]) -> list[dict[str, object]]:
    return [
        {
            "name": asked.name,
            "kind": asked.kind,
            "meaning": asked.meaning,
            "low": asked.low,
            "high": asked.high,
            "choices": list(asked.choices),
        }
        for asked in parameters
    ]


def _outcome(spec: MeasureSpec) -> str:
    arms = " for each arm" if spec.per_arm == "needed" else ""
    kinds = " or ".join(word.replace("_", " ") for word in spec.outcome_types)
    return f"{kinds} outcome{arms}{', probabilities' if spec.needs_probability else ''}"


def _needs(spec: HypothesisTestSpec | EstimatorSpec) -> str:
    drawn = ", resampling" if spec.draws else ""
    return f"{PAIRS[spec.pairs]}{drawn}{_asks(spec.parameters)}"


def _asks(parameters: Sequence[Parameter]) -> str:
    if not parameters:
        return "."
    return f"; parameters: {'; '.join(f'{p.name} ({p.meaning}{_values(p)})' for p in parameters)}."


def _values(asked: Parameter) -> str:
    if asked.choices:
        return f": {' or '.join(asked.choices)}"
    if asked.low is None and asked.high is None:
        return ""
    low = "" if asked.low is None else f" from {asked.low:g}"
    return f",{low}{'' if asked.high is None else f' to {asked.high:g}'}"


def _paragraph(text: str) -> list[str]:
    return wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
