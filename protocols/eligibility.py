"""Who is in the trial: the registered criteria over the inputs of one request."""

from collections.abc import Mapping
from math import isfinite

from protocols.expressions import Value, compile_expression
from protocols.names import input_names, input_values
from protocols.schema import InputField, Protocol


class EligibilityCheck:
    """Compiled once per protocol; answers for one request at a time."""

    def __init__(self, protocol: Protocol) -> None:
        names = input_names(protocol)
        self._fields = protocol.inputs.fields
        self._criteria = tuple(
            (criterion.id, compile_expression(criterion.expression, names=names))
            for criterion in (*protocol.eligibility.participant, *protocol.eligibility.input)
        )

    def check(self, inputs: Mapping[str, object]) -> str | None:
        """None when eligible; otherwise the first criterion that is not true, by its id.

        `missing:<field>` for a required field that is absent or null, `type:<field>` for a value
        of another type. A criterion that is not evaluable does not count as met.
        """
        known: dict[str, Value] = {}
        for field in self._fields:
            given = inputs.get(field.name)
            value = value_of(field, given)
            if given is None and field.required:
                return f"missing:{field.name}"
            if given is not None and value is None:
                return f"type:{field.name}"
            known[field.name] = value
        values = input_values(known)
        for code, expression in self._criteria:
            if expression.evaluate(values) is not True:
                return code
        return None


def value_of(field: InputField, given: object) -> Value:
    """The value if it is of the field's type, else None. `integer` takes 5 and 5.0."""
    match field.type:
        case "boolean":
            return given if isinstance(given, bool) else None
        case "string":
            return given if isinstance(given, str) else None
        case "number" | "integer":
            if isinstance(given, bool) or not isinstance(given, int | float):
                return None
            if isinstance(given, int):
                return given if abs(given) < 2**53 else None
            whole_enough = field.type == "number" or given.is_integer()
            return given if isfinite(given) and whole_enough else None


def stored_inputs(protocol: Protocol, inputs: Mapping[str, object]) -> dict[str, Value]:
    """What may reach the trial store: fields with `stored: true`, each of its type or null."""
    return {
        field.name: value_of(field, inputs.get(field.name))
        for field in protocol.inputs.fields
        if field.stored
    }
