"""What a reported value may be, by the type that the protocol gives its outcome.

A value becomes canonical JSON text (RFC 8785): the same value always has the same text, so that
texts that differ are values that differ.
"""

from collections.abc import Iterator
from math import isfinite

import orjson

from protocols.canonical import canonical_json
from protocols.errors import EquipoiseError
from protocols.schema import FurtherOutcome, OutcomePlan
from protocols.vocabulary import Arm

Plan = OutcomePlan | FurtherOutcome
FlatValue = float | int | str | bool

LARGEST = 2**53 - 1  # beyond it two readers may disagree on the digits (RFC 8785, I-JSON)


class OutcomeTypeError(EquipoiseError):
    """The value is not of the outcome's type."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("OUTCOME_TYPE", what_to_send(plan))


class OutcomeRangeError(EquipoiseError):
    """The value is of the outcome's type, and not one that the protocol takes."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("OUTCOME_RANGE", what_to_send(plan))


def canonical_value(value: object, plan: Plan) -> str:
    """Write a value that comes unchecked.

    Raises
    ------
    EquipoiseError
        OUTCOME_TYPE or OUTCOME_RANGE; the sentence says what to send and repeats nothing.
    """
    if _is_per_arm(plan):
        parts = _members(value, tuple(arm.value for arm in Arm), plan)
        checked: object = {name: _checked(part, plan) for name, part in parts.items()}
    else:
        checked = _checked(value, plan)
    return canonical_json(checked).decode()


def flat_values(text: str, plan: FurtherOutcome) -> Iterator[tuple[str, FlatValue]]:
    """Read a stored value as flat keys: `dose`, `harm.candidate`, `relapse.time`.

    Per arm and with a time: `relapse.candidate.time`. Numbers are as JSON has them: 5.0 is 5.
    """
    yield from _flat(plan.name, orjson.loads(text))


def what_to_send(plan: Plan) -> str:
    """Say what a report of this outcome holds."""
    single = _single(plan)
    if _is_per_arm(plan):
        return (
            f"the outcome {plan.name} has a value for each arm; send"
            f' {{"standard_of_care": …, "candidate": …}}, each {single}'
        )
    kind = plan.type.replace("_", " ")
    return f"the outcome is {'a ' if kind in ('number', 'count') else ''}{kind}; send {single}"


def _is_per_arm(plan: Plan) -> bool:
    return isinstance(plan, FurtherOutcome) and plan.per_arm


def _single(plan: Plan) -> str:
    if not isinstance(plan, FurtherOutcome):
        return "true or false"
    match plan.type:
        case "binary":
            return "true or false"
        case "number":
            return f"a number{_within(plan)}"
        case "count":
            return f"a whole number{_within(plan)}"
        case "ordinal" | "nominal":
            return f"one of {', '.join(plan.levels)}"
        case "time_to_event":
            return f'{{"time": a number{_within(plan)}, "event": true or false}}'


def _within(plan: FurtherOutcome) -> str:
    low, high = _limits(plan)
    return f" from {low:g}" + ("" if high == LARGEST else f" to {high:g}")


def _limits(plan: FurtherOutcome) -> tuple[float, float]:
    smallest = -LARGEST if plan.type == "number" else 0
    low = smallest if plan.low is None else max(plan.low, smallest)
    return low, LARGEST if plan.high is None else min(plan.high, LARGEST)


def _checked(value: object, plan: Plan) -> object:
    if not isinstance(plan, FurtherOutcome):
        return _boolean(value, plan)
    match plan.type:
        case "binary":
            return _boolean(value, plan)
        case "number" | "count":
            return _number(value, plan)
        case "ordinal" | "nominal":
            return _level(value, plan)
        case "time_to_event":
            parts = _members(value, ("time", "event"), plan)
            return {
                "time": _number(parts["time"], plan),
                "event": _boolean(parts["event"], plan),
            }


def _boolean(value: object, plan: Plan) -> bool:
    if not isinstance(value, bool):
        raise OutcomeTypeError(plan)
    return value


def _number(value: object, plan: FurtherOutcome) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OutcomeTypeError(plan)
    low, high = _limits(plan)
    # The order matters: an integer of any length can be compared, but not made a float.
    if not low <= value <= high or not isfinite(value):
        raise OutcomeRangeError(plan)
    if plan.type == "count" and value != int(value):
        raise OutcomeTypeError(plan)
    return value


def _level(value: object, plan: FurtherOutcome) -> str:
    if not isinstance(value, str):
        raise OutcomeTypeError(plan)
    if value not in plan.levels:
        raise OutcomeRangeError(plan)
    return value


def _members(value: object, names: tuple[str, ...], plan: Plan) -> dict[str, object]:
    if not isinstance(value, dict) or set(value) != set(names):
        raise OutcomeTypeError(plan)
    return {name: value[name] for name in names}


def _flat(key: str, value: FlatValue | dict[str, object]) -> Iterator[tuple[str, FlatValue]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _flat(f"{key}.{name}", part)  # type: ignore[arg-type]  # as canonical_value wrote it
    else:
        yield key, value
