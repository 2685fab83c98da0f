"""Parameters of measures, tests and estimators against what each asks for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from protocols.errors import Finding
from protocols.findings import Code, error
from protocols.methods.base import Parameter
from protocols.rules.names import suggestion
from protocols.schema import ParameterValue, Protocol


@dataclass(frozen=True, slots=True)
class Names:
    """What a parameter may refer to."""

    inputs: tuple[str, ...]
    stored: tuple[str, ...]
    words: tuple[str, ...]
    subgroups: tuple[str, ...]

    @classmethod
    def of(cls, protocol: Protocol) -> "Names":
        fields = protocol.inputs.fields
        return cls(
            tuple(field.name for field in fields),
            tuple(field.name for field in fields if field.stored),
            tuple(field.name for field in fields if field.type == "string"),
            tuple(subgroup.id for subgroup in protocol.subgroups),
        )


def parameter_findings(
    path: str,
    word: str,
    asked: tuple[Parameter, ...],
    given: Mapping[str, ParameterValue],
    names: Names,
) -> Iterator[Finding]:
    """Everything that is missing, unknown or wrong in one list of parameters.

    `path` is that of the list; `word` the measure, test or estimator it belongs to.
    """
    known = {parameter.name: parameter for parameter in asked}
    for name, parameter in known.items():
        if name not in given:
            message = f"{word} asks for `{name}`: {parameter.meaning}."
            either = f" Take {' or '.join(parameter.choices)}." if parameter.choices else ""
            remedy = f"Write it out; a protocol has no defaults.{either}"
            yield error(Code.PARAMETER_MISSING, path, message, remedy)
    for name, value in given.items():
        if name not in known:
            message = f"{word} has no parameter `{name}`."
            remedy = suggestion(name, known) if known else "Write parameters: {}."
            yield error(Code.PARAMETER_UNKNOWN, f"{path}.{name}", message, remedy)
        else:
            yield from _value(f"{path}.{name}", known[name], value, names)


def _value(path: str, asked: Parameter, value: ParameterValue, names: Names) -> Iterator[Finding]:
    match asked.kind:
        case "number" | "integer" | "numbers":
            yield from _numeric(path, asked, value)
        case "word" | "input" | "subgroup":
            if not isinstance(value, str):
                yield _wrong_type(path, asked)
            else:
                yield from _named(path, asked, value, names)


def _numeric(path: str, asked: Parameter, value: ParameterValue) -> Iterator[Finding]:
    numbers = value if isinstance(value, tuple) else (value,)
    fits = isinstance(value, tuple) == (asked.kind == "numbers") and len(numbers) > 0
    if not fits or not all(_is_number(number, asked.kind) for number in numbers):
        yield _wrong_type(path, asked)
        return
    for number in numbers:
        assert isinstance(number, int | float)  # noqa: S101 - _is_number has seen to it
        below = asked.low is not None and number < asked.low
        above = asked.high is not None and number > asked.high
        if below or above:
            message = f"`{asked.name}` ({asked.meaning}) is {number:g}."
            yield error(Code.PARAMETER_RANGE, path, message, f"It lies in {_range(asked)}.")
            return


def _is_number(value: object, kind: str) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return kind != "integer" or value == int(value)


def _range(asked: Parameter) -> str:
    low = "-∞" if asked.low is None else f"{asked.low:g}"
    high = "∞" if asked.high is None else f"{asked.high:g}"
    return f"{'(' if asked.low is None else '['}{low}, {high}{')' if asked.high is None else ']'}"


def _named(path: str, asked: Parameter, value: str, names: Names) -> Iterator[Finding]:
    match asked.kind:
        case "input" if value in names.inputs and value not in names.stored:
            message = f"The input `{value}` is not stored, so no look can read it."
            remedy = "Write stored: true at the input, or name another one."
            yield error(Code.PARAMETER_REFERENCE, path, message, remedy)
        case "input" if value not in names.stored:
            message = f"There is no input `{value}`."
            remedy = suggestion(value, names.stored)
            yield error(Code.PARAMETER_REFERENCE, path, message, remedy)
        case "input" if asked.numeric and value in names.words:
            message = f"The input `{value}` is text, and `{asked.name}` is a number."
            remedy = "Name an input of type number or integer."
            yield error(Code.PARAMETER_TYPE, path, message, remedy)
        case "subgroup" if value not in names.subgroups:
            message = f"There is no subgroup `{value}`."
            remedy = suggestion(value, names.subgroups)
            yield error(Code.PARAMETER_REFERENCE, path, message, remedy)
        case "word" if asked.choices and value not in asked.choices:
            message = f"`{value}` is not one of the words for `{asked.name}` ({asked.meaning})."
            remedy = suggestion(value, asked.choices)
            yield error(Code.PARAMETER_RANGE, path, message, remedy)
        case _:
            return


_KINDS = {
    "number": "a number",
    "integer": "a whole number",
    "numbers": "a list of numbers",
    "word": "a word",
    "input": "the name of an input",
    "subgroup": "the id of a subgroup",
}


def _wrong_type(path: str, asked: Parameter) -> Finding:
    message = f"`{asked.name}` ({asked.meaning}) must be {_KINDS[asked.kind]}."
    return error(Code.PARAMETER_TYPE, path, message, "Write it without quotes if it is a number.")
