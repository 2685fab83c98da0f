"""`results.json`: one results object, one sequence of bytes, and back.

Canonical JSON (RFC 8785) with every float rounded to 12 significant digits, so that the last bits
in which two machines' libraries may differ do not reach the digest. Minus zero becomes zero;
infinity and NaN are refused.
"""

from math import isfinite

from pydantic import ValidationError

from evaluation.errors import EvaluationError
from evaluation.results import LookResults
from evaluation.rounding import to_digits
from protocols.canonical import canonical_json


def to_bytes(results: LookResults) -> bytes:
    """Serialise; the same results give the same bytes on any machine.

    The protocol keeps every digit: it is the registered text, not a result.
    """
    found = rounded(results.model_dump(mode="json", exclude={"protocol"}))
    assert isinstance(found, dict)  # noqa: S101 - a model is an object
    return canonical_json({**found, "protocol": results.protocol})


def from_bytes(content: bytes | str) -> LookResults:
    """Read back what `to_bytes` wrote; EvaluationError(RESULTS_DAMAGED) for anything else."""
    try:
        return LookResults.model_validate_json(content)
    except ValidationError as problem:
        raise EvaluationError(
            "RESULTS_DAMAGED",
            f"These are not the results of a look ({problem.error_count()} mismatches); "
            "conduct the look again from its lock with `equipoise look verify`.",
        ) from problem


def rounded(value: object) -> object:
    """A JSON value with its floats at 12 significant digits."""
    match value:
        case bool() | int() | str() | None:
            return value
        case float():
            return _number(value)
        case list() | tuple():
            return [rounded(item) for item in value]
        case dict():
            return {key: rounded(item) for key, item in value.items()}
        case _:
            raise EvaluationError("RESULTS_TYPE", f"{type(value).__name__} is not a JSON value.")


def _number(value: float) -> float:
    if not isfinite(value):
        raise EvaluationError(
            "RESULTS_NOT_FINITE", "A result is not a finite number; it must have been a reason."
        )
    return to_digits(value)
