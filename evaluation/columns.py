"""Columns of a sample beside scores, flags and the binary outcome, missing values as NaN.

Further outcomes, fields of the inputs and subgroups: whatever an endpoint or a registered method
names in the protocol.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.populations import BoolArray, FloatArray, Sample
from protocols.expressions import Value, compile_expression
from protocols.methods.base import Parameter
from protocols.names import input_names, input_values
from protocols.schema import Endpoint, FurtherOutcome, Protocol, SubgroupLevel

Arm = str


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `labels` names the places of its categories, empty for a number."""

    values: FloatArray
    labels: tuple[str, ...] = ()


def further_outcome(protocol: Protocol, endpoint: Endpoint) -> FurtherOutcome | None:
    """The further outcome that the endpoint is about; None where it is the protocol's outcome."""
    return next((o for o in protocol.further_outcomes if o.name == endpoint.outcome), None)


def outcome_columns(sample: Sample, outcome: FurtherOutcome) -> dict[str, Column]:
    """A further outcome under the roles of `Rows.extra`, per arm where it is recorded per arm."""
    if outcome.per_arm:
        return {
            f"{arm}_{role}": column
            for arm in ("candidate", "standard_of_care")
            for role, column in _roles(sample, outcome, f"{outcome.name}.{arm}").items()
        }
    return _roles(sample, outcome, outcome.name)


def _roles(sample: Sample, outcome: FurtherOutcome, key: str) -> dict[str, Column]:
    if outcome.type == "time_to_event":
        return {
            "time": Column(_numbers(sample, f"{key}.time")),
            "event": Column(_numbers(sample, f"{key}.event")),
        }
    role = "value" if outcome.per_arm else "reference"
    if outcome.levels:
        return {role: Column(_places(sample, key, outcome.levels), outcome.levels)}
    return {role: Column(_numbers(sample, key))}


def _numbers(sample: Sample, key: str) -> FloatArray:
    found = [record.further.get(key) for record in sample.records]
    return np.array([np.nan if value is None else float(value) for value in found], dtype=float)


def _places(sample: Sample, key: str, levels: Sequence[str]) -> FloatArray:
    place = {level: float(number) for number, level in enumerate(levels)}
    found = [place.get(str(record.further.get(key)), np.nan) for record in sample.records]
    return np.array(found, dtype=float)


def parameter_columns(
    sample: Sample,
    protocol: Protocol,
    parameters: Sequence[Parameter],
    given: Mapping[str, object],
) -> dict[str, Column]:
    """The inputs and subgroups that a method's parameters name, under the parameters' names."""
    columns = {}
    for parameter in parameters:
        named = str(given.get(parameter.name))
        if parameter.kind == "input":
            columns[parameter.name] = input_column(sample, named)
        elif parameter.kind == "subgroup":
            columns[parameter.name] = subgroup_column(sample, protocol, named)
    return columns


def input_column(sample: Sample, field: str) -> Column:
    """A field of the inputs: numbers as they are, words by their place in sorted order."""
    found = [record.inputs.get(field.removeprefix("inputs.")) for record in sample.records]
    words = sorted({value for value in found if isinstance(value, str)})
    place = {word: float(number) for number, word in enumerate(words)}

    def number(value: object) -> float:
        if isinstance(value, str):
            return place[value]
        return float(value) if isinstance(value, int | float) else np.nan

    return Column(np.array([number(value) for value in found], dtype=float), tuple(words))


def subgroup_column(sample: Sample, protocol: Protocol, subgroup: str) -> Column:
    """The place of each pair's level, the first that holds; NaN where a pair is in no level."""
    levels = next(s.levels for s in protocol.subgroups if s.id == subgroup)
    values = np.full(sample.n, np.nan)
    for place, level in reversed(list(enumerate(levels))):
        values[members(protocol, level, sample)] = place
    return Column(values, tuple(level.title for level in levels))


def members(protocol: Protocol, level: SubgroupLevel, sample: Sample) -> BoolArray:
    """The pairs for which a level's expression is true."""
    expression = compile_expression(level.expression, names=input_names(protocol))
    fields = sorted(name.removeprefix("inputs.") for name in expression.names)
    known: dict[tuple[object, ...], bool] = {}

    def holds(inputs: Mapping[str, Value]) -> bool:
        """Asked once for every set of values: 1 and true are equal, and not the same."""
        values = {field: inputs.get(field) for field in fields}
        key = (*values.values(), *map(type, values.values()))
        if key not in known:
            known[key] = expression.evaluate(input_values(values)) is True
        return known[key]

    return np.array([holds(record.inputs) for record in sample.records], dtype=np.bool_)
