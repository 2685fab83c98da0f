"""Identifiers are unique and usable in expressions; references lead somewhere."""

import keyword
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Protocol as Protocol_

from protocols.errors import Finding
from protocols.findings import Code, error, warning
from protocols.names import RESERVED
from protocols.schema import Protocol


class _Named(Protocol_):
    @property
    def id(self) -> str: ...


def _listed_names(protocol: Protocol) -> Iterator[tuple[str, str, list[str]]]:
    """(path of the list, key that names an item, the names in order)."""
    plain: dict[str, tuple[_Named, ...]] = {
        "objectives": protocol.objectives,
        "estimands": protocol.estimands,
        "endpoints": protocol.endpoints,
        "hypotheses": protocol.hypotheses,
        "analyses": protocol.analyses,
        "monitoring.looks": protocol.monitoring.looks,
        "analysis_populations": protocol.analysis_populations,
        "subgroups": protocol.subgroups,
        "safety": protocol.safety,
        "anytime_safety": protocol.anytime_safety,
        "anytime_groups": protocol.anytime_groups,
        "simulation.scenarios": protocol.simulation.scenarios if protocol.simulation else (),
        "decision_rule.rules": protocol.decision_rule.rules,
        "eligibility.participant": protocol.eligibility.participant,
        "eligibility.input": protocol.eligibility.input,
    }
    for path, items in plain.items():
        yield path, "id", [item.id for item in items]
    yield "inputs.fields", "name", [field.name for field in protocol.inputs.fields]
    yield "further_outcomes", "name", [outcome.name for outcome in protocol.further_outcomes]
    for index, subgroup in enumerate(protocol.subgroups):
        yield f"subgroups[{index}].levels", "id", [level.id for level in subgroup.levels]


def unique_names(protocol: Protocol) -> Iterator[Finding]:
    """No name stands for two things."""
    for path, key, names in _listed_names(protocol):
        for index, name in enumerate(names):
            if name in names[:index]:
                message = f"`{name}` is used twice in {path}."
                remedy = "Give each its own name."
                yield error(Code.DUPLICATE_ID, f"{path}[{index}].{key}", message, remedy)
    participant = [criterion.id for criterion in protocol.eligibility.participant]
    for index, criterion in enumerate(protocol.eligibility.input):
        if criterion.id in participant:
            message = f"`{criterion.id}` names a criterion of the participant already."
            path = f"eligibility.input[{index}].id"
            yield error(Code.DUPLICATE_ID, path, message, "Give each criterion its own name.")
    yield from _rule_names(protocol)


def _rule_names(protocol: Protocol) -> Iterator[Finding]:
    """Rules between looks raise alarms under names that no rule of another section has."""
    taken = {rule.id for rule in protocol.safety}
    mix = () if protocol.fate_mix is None else (protocol.fate_mix.id,)
    sections = {
        "anytime_safety": [rule.id for rule in protocol.anytime_safety],
        "anytime_groups": [group.id for group in protocol.anytime_groups],
    }
    places = {p: [(f"{p}[{i}].id", n) for i, n in enumerate(ns)] for p, ns in sections.items()}
    places["fate_mix"] = [("fate_mix.id", name) for name in mix]
    for section in places.values():
        for path, name in section:
            if name in taken:
                message = f"`{name}` names a safety rule already."
                yield error(Code.DUPLICATE_ID, path, message, "Give each rule its own name.")
        taken |= {name for _, name in section}


def reserved_names(protocol: Protocol) -> Iterator[Finding]:
    """Names that stand in expressions may not be words of the expression language."""
    for path, key, names in _listed_names(protocol):
        if path not in {"hypotheses", "safety", "anytime_safety", "inputs.fields"}:
            continue
        for index, name in enumerate(names):
            clash = path == "hypotheses" and name in RESERVED
            if clash or keyword.iskeyword(name) or name in {"true", "false", "null"}:
                message = f"`{name}` is a word of the expression language."
                place = f"{path}[{index}].{key}"
                yield error(Code.RESERVED_NAME, place, message, "Choose another name.")


def references(protocol: Protocol) -> Iterator[Finding]:
    """What refers to an endpoint or estimand meets one; no estimand is left over."""
    estimands = [estimand.id for estimand in protocol.estimands]
    endpoints = [endpoint.id for endpoint in protocol.endpoints]
    for index, hypothesis in enumerate(protocol.hypotheses):
        if hypothesis.endpoint not in endpoints:
            path = f"hypotheses[{index}].endpoint"
            message = f"There is no endpoint `{hypothesis.endpoint}`."
            yield error(
                Code.UNKNOWN_ENDPOINT, path, message, suggestion(hypothesis.endpoint, endpoints)
            )
    for index, endpoint in enumerate(protocol.endpoints):
        if endpoint.estimand not in estimands:
            path = f"endpoints[{index}].estimand"
            message = f"There is no estimand `{endpoint.estimand}`."
            yield error(
                Code.UNKNOWN_ESTIMAND, path, message, suggestion(endpoint.estimand, estimands)
            )
    yield from _references_of_analyses(protocol, endpoints)
    used = {endpoint.estimand for endpoint in protocol.endpoints}
    for index, name in enumerate(estimands):
        if name not in used:
            message = f"No endpoint estimates `{name}`."
            remedy = "Delete it, or name it at the endpoint that estimates it."
            yield warning(Code.ESTIMAND_UNUSED, f"estimands[{index}].id", message, remedy)


def _references_of_analyses(protocol: Protocol, endpoints: list[str]) -> Iterator[Finding]:
    populations = [population.id for population in protocol.analysis_populations]
    for index, analysis in enumerate(protocol.analyses):
        if analysis.endpoint not in endpoints:
            message = f"There is no endpoint `{analysis.endpoint}`."
            remedy = suggestion(analysis.endpoint, endpoints)
            yield error(Code.UNKNOWN_ENDPOINT, f"analyses[{index}].endpoint", message, remedy)
        if analysis.population not in populations:
            message = f"There is no analysis population `{analysis.population}`."
            remedy = suggestion(analysis.population, populations)
            yield error(Code.UNKNOWN_POPULATION, f"analyses[{index}].population", message, remedy)


def suggestion(name: str, known: Iterable[str]) -> str:
    """The nearest known name, or all of them."""
    names = sorted(set(known))
    close = get_close_matches(name, names, n=1)
    return f"Did you mean `{close[0]}`?" if close else f"Known here: {', '.join(names)}."


RULES = (unique_names, reserved_names, references)
