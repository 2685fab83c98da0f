"""What can be registered: every word with its method, from the one table behind it.

Prints nothing; `methods_cli` does. The README's list of methods is `markdown()`.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from evaluation.inference import registry
from evaluation.inference.entries import Estimator, HypothesisTest
from protocols.methods import table
from protocols.methods.base import EstimatorSpec, HypothesisTestSpec, Parameter
from protocols.methods.defaults import DEFAULTS

TITLES = {
    "proportions": "Paired proportions",
    "clusters": "Encounters within subjects",
    "diagnostic": "Diagnostic accuracy",
    "discrimination": "Discrimination",
    "probabilities": "Probabilities",
    "continuous": "Continuous answers and dosing",
    "agreement": "Agreement, ordered and unordered categories",
    "events": "Counts and times",
    "safety": "Safety",
    "missing": "Missing outcomes and answers",
    "subgroups": "Subgroups and fairness",
}
PAIRS = {
    "clustered": "between subjects",
    "independent": "every pair as independent",
    "either": "as `design.cluster` says",
}


@dataclass(frozen=True, slots=True)
class Described:
    """A word of a protocol as people read it; `place` is the field that may hold it."""

    word: str
    place: str
    family: str
    title: str
    measures: tuple[str, ...]
    scale: str | None
    intervals: tuple[str, ...]
    pairs: str
    parameters: tuple[Parameter, ...]
    draws: bool
    sentence: str
    citation: str
    limits: str
    witnesses: tuple[str, str]

    def as_dict(self) -> dict[str, object]:
        """For JSON: every field by its name."""
        return asdict(self)


def described(family: str | None = None) -> tuple[Described, ...]:
    """Every registered word, family by family, tests before estimators."""
    known = [*_tests(), *_estimators()]
    order = list(TITLES)
    chosen = [item for item in known if family in (None, item.family)]
    return tuple(sorted(chosen, key=lambda item: order.index(item.family)))


def _tests() -> Iterator[Described]:
    for word, spec in table.TESTS.items():
        entry = registry.TESTS[word]
        yield _described(word, "hypotheses[].test", spec, entry, scale=spec.scale)


def _estimators() -> Iterator[Described]:
    for word, spec in table.ESTIMATORS.items():
        entry = registry.ESTIMATORS[word]
        place = "analyses[].estimator"
        yield _described(word, place, spec, entry, intervals=spec.intervals)


def _described(
    word: str,
    place: str,
    spec: HypothesisTestSpec | EstimatorSpec,
    entry: HypothesisTest | Estimator,
    *,
    scale: str | None = None,
    intervals: tuple[str, ...] = (),
) -> Described:
    return Described(
        word=word,
        place=place,
        family=spec.group,
        title=spec.title,
        measures=spec.measures,
        scale=scale,
        intervals=intervals,
        pairs=spec.pairs,
        parameters=spec.parameters,
        draws=spec.draws,
        sentence=entry.method.sentence,
        citation=entry.method.citation,
        limits=entry.limits,
        witnesses=entry.witnesses,
    )


def markdown() -> str:
    """The README's section: one entry a word, under its family."""
    lines = []
    for family, title in TITLES.items():
        lines += [f"### {title}", ""]
        for item in described(family):
            lines += [*_entry(item), ""]
    return "\n".join(lines).rstrip() + "\n"


def _entry(item: Described) -> Iterator[str]:
    yield f"**`{item.word}`** ({item.place}): {item.title}. {item.sentence}"
    yield f"- Source: {item.citation}."
    yield f"- For: {_code(item.measures)}; pairs: {PAIRS[item.pairs]}{_scale(item)}."
    if item.intervals:
        yield f"- Intervals: {_code(item.intervals)}."
    if item.parameters or item.draws:
        yield f"- Fixed by the protocol: {'; '.join(_fixed(item))}."
    yield f"- Limits: {item.limits}"
    yield f"- Checked by: {item.witnesses[0]}; and {item.witnesses[1]}."


def _scale(item: Described) -> str:
    return f"; effect: {item.scale}" if item.scale else ""


def _fixed(item: Described) -> Iterator[str]:
    for parameter in item.parameters:
        yield f"`{parameter.name}` ({parameter_words(parameter)})"
    if item.draws:
        yield "`resampling` (seed and resamples)"


def parameter_words(parameter: Parameter) -> str:
    """A parameter's meaning with what it may be: 'cost of a false alarm; number from 0 to 1'."""
    kinds = {
        "number": "number",
        "integer": "whole number",
        "numbers": "list of numbers",
        "word": "one of " + ", ".join(parameter.choices),
        "input": "a stored field of the inputs",
        "subgroup": "a subgroup by its id",
    }
    low, high = parameter.low, parameter.high
    span = f" from {low:g}" if low is not None else ""
    span += f" to {high:g}" if high is not None else ""
    return f"{parameter.meaning}; {kinds[parameter.kind]}{span}"


def _code(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def defaults_markdown() -> str:
    """The README's table of recommended tests."""
    lines = [
        "| measure | where | independent pairs | within subjects | error rate |",
        "|---|---|---|---|---|",
    ]
    for line in DEFAULTS:
        words = f"`{line.independent}` | `{line.clustered}`"
        known = "simulated" if line.simulated else "from its source"
        lines.append(f"| `{line.measure}` | {line.when} | {words} | {known} |")
    return "\n".join(lines) + "\n"
