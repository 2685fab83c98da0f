"""`design.json` as the page builders read it: parsed, with one format for each hypothesis."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from evaluation.results.design import DesignResults, HypothesisBounds, HypothesisPower
from reports import numbers
from reports.effects import EffectFormat, effect_format
from reports.errors import ReportError


@dataclass(frozen=True, slots=True)
class DesignReading:
    """`figures` numbers the figures in page order."""

    design: DesignResults
    figures: Iterator[int] = field(default_factory=lambda: itertools.count(1))


def read_design(source: bytes) -> DesignReading:
    """Raises `ReportError(REPORT_UNREADABLE)` for anything but a design of this engine."""
    try:
        return DesignReading(DesignResults.model_validate_json(source))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the document"
        message = (
            f"The design cannot be read at {place}: {first['msg']}. "
            "Take a design.json that this version's `equipoise design` wrote."
        )
        raise ReportError("REPORT_UNREADABLE", message) from error


def format_for(
    reading: DesignReading, of: HypothesisBounds | HypothesisPower, effects: Iterable[float | None]
) -> EffectFormat:
    """A format in which none of these effects is rounded onto no effect or the edge of the null."""
    held = [effect for effect in effects if effect is not None]
    none = 1.0 if of.scale == "ratio" else 0.0
    margin = abs(of.null_effect) if of.null_effect != none else None
    return effect_format(of.measure, reading.design.planned_pairs, held, margin, scale=of.scale)


def pairs(value: float) -> str:
    """Expected pairs, to the nearest whole one."""
    return numbers.count(numbers.whole(value))


def chance(share: float) -> str:
    """A computed probability in percent with one decimal."""
    return numbers.percent(share, numbers.LARGE_SAMPLE)


def rate(value: float) -> str:
    """An error rate: five decimals, or significant digits where those are zeros."""
    if 0 < value < 1e-4:
        return f"{value:.2e}".replace("-", numbers.MINUS)
    return numbers.fixed(value, 5)
