"""Does a case pass? Reads tolerances as the two kinds of case files write them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocols.errors import UsageError

Inputs = Mapping[str, Any]
Got = Mapping[str, Any]


class Refused(Exception):  # noqa: N818 - a reasoned refusal is an answer here, not an error
    """The code under test refused these data with a reason."""


class NotBuilt(Exception):  # noqa: N818 - a case that nobody has written the method for yet
    """The method of the case does not exist yet."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case: `state` is passed, failed or skipped; `lines` say what differs."""

    case: str
    state: str
    lines: tuple[str, ...] = ()


Adapter = Callable[[Inputs, Mapping[str, Any]], Got]


def judged(case: Mapping[str, Any], adapters: Mapping[str, Adapter]) -> Outcome:
    """Runs one case through its adapter and compares every expected key."""
    name = str(case["id"])
    adapter = adapters.get(str(case.get("group", case["method"])))
    if adapter is None:
        return Outcome(name, "skipped")
    expected = case["expected"]
    must_refuse = bool(expected.get("refuse") or expected.get("error"))
    try:
        got = adapter(case["inputs"], case)
    except NotBuilt:
        return Outcome(name, "skipped")
    except (Refused, UsageError) as refusal:  # both say why there is no answer
        if must_refuse:
            return Outcome(name, "passed")
        return Outcome(name, "failed", (f"refused: {refusal}, expected {expected}",))
    except Exception as error:  # noqa: BLE001 - one broken case must not hide the others
        return Outcome(name, "failed", (f"{type(error).__name__}: {error}",))
    if must_refuse:
        return Outcome(name, "failed", (f"got {got}, expected a reasoned refusal",))
    lines = tuple(
        line
        for key, value in expected.items()
        for line in _differences(key, got.get(key), value, _tolerance(case, key, value))
    )
    return Outcome(name, "failed" if lines else "passed", lines)


Tolerance = Callable[[float], float]


def _tolerance(case: Mapping[str, Any], key: str, expected: object) -> Tolerance:
    """Allowed distance from an expected number.

    Endpoint files write abs + rel |expected|; sequential files t max(1, |expected|), where t may
    be an object with a default and named fields.
    """
    tolerance = case["tolerance"]
    del expected
    if isinstance(tolerance, Mapping) and "default" not in tolerance:
        if tolerance.get("exact"):
            return lambda _: 0.0
        absolute = float(tolerance.get("abs", tolerance.get("index", 0.0)))
        relative = float(tolerance.get("rel", 0.0))
        return lambda value: absolute + relative * abs(value)
    if isinstance(tolerance, Mapping):
        tolerance = tolerance.get(key, tolerance["default"])
    factor = float(tolerance)
    return lambda value: factor * max(1.0, abs(value))


def _differences(key: str, got: object, expected: object, allowed: Tolerance) -> list[str]:
    if isinstance(expected, Mapping):
        inner = got if isinstance(got, Mapping) else {}
        return [
            line
            for name, value in expected.items()
            for line in _differences(f"{key}.{name}", inner.get(name), value, allowed)
        ]
    if isinstance(expected, list):
        parts = list(got) if isinstance(got, list | tuple) else []
        if len(parts) != len(expected):
            return [f"{key}: got {got}, expected {expected}"]
        return [
            line
            for i, (one, value) in enumerate(zip(parts, expected, strict=True))
            for line in _differences(f"{key}[{i}]", one, value, allowed)
        ]
    return _difference(key, got, expected, allowed)


def _difference(key: str, got: object, expected: object, allowed: Tolerance) -> list[str]:
    line = f"{key}: got {got!r}, expected {expected!r}"
    if got is None:
        return [] if expected is None else [line]
    number = _number(expected)
    value = _number(got)
    if number is None or value is None:
        return [] if got == expected else [line]
    if number != number:
        return [] if value != value else [line]
    if abs(number) == float("inf"):
        return [] if value == number else [line]
    limit = allowed(number)
    if abs(value - number) <= limit:
        return []
    return [f"{line}, off by {abs(value - number):.3g}, tolerance {limit:.3g}"]


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str) and value.lower() in {"inf", "-inf", "nan"}:
        return float(value)
    return None


def run_file(path: Path, adapters: Mapping[str, Adapter]) -> list[Outcome]:
    """All cases of one file; a file is a list, or an object with its list under `cases`."""
    content = json.loads(path.read_text(encoding="utf-8"))
    cases = content["cases"] if isinstance(content, dict) else content
    return [judged(case, adapters) for case in cases]
