"""Registered harm bounds as z of the hypothesis at the planned looks.

As `evaluation.harm`: the turned test is held against no effect, with an alpha and a spending of its
own, as if no look ever stopped. On the hypothesis' own z that is the z of no effect less the bound.
"""

import math
from dataclasses import dataclass

from evaluation.design.boundaries import efficacy_boundaries
from evaluation.planning.formulas import Question
from evaluation.planning.sized import Sized
from evaluation.spending import spending_by
from protocols.schema import HarmBound, Protocol


@dataclass(frozen=True, slots=True)
class Harm:
    """`bounds` by look, -inf where none; `spent` is cumulative, empty without a harm bound.

    `ends` is False where crossing only notifies.
    """

    bounds: tuple[float, ...]
    spent: tuple[float, ...]
    ends: bool


def harm_of(protocol: Protocol, question: Question, hypothesis: str, sized: Sized | None) -> Harm:
    """The highest harm bound of its rules at each look; `sized` is needed beside a margin."""
    fractions = tuple(look.information for look in protocol.monitoring.looks)
    rules = [rule for rule in protocol.harm_bounds if rule.hypothesis == hypothesis]
    rows = [_row(rule, question, sized, fractions) for rule in rules]
    nothing = (-math.inf,) * len(fractions)
    bounds = tuple(max(column) for column in zip(nothing, *rows, strict=True))
    spent = _spent(rules[0], fractions) if rules else ()
    return Harm(bounds, spent, any(rule.action != "notify" for rule in rules))


def _spent(rule: HarmBound, fractions: tuple[float, ...]) -> tuple[float, ...]:
    """By each look; the last has nothing to save alpha for."""
    times = (*fractions[:-1], 1.0)
    return tuple(
        spending_by(rule.spending, rule.alpha, time=time, number=number)
        for number, time in enumerate(times, start=1)
    )


def _row(
    rule: HarmBound, question: Question, sized: Sized | None, fractions: tuple[float, ...]
) -> tuple[float, ...]:
    turned = efficacy_boundaries(_spent(rule, fractions), fractions)
    none = 1.0 if question.scale == "ratio" else 0.0
    away = 0.0  # superiority: no effect is the edge of the null
    if question.null != none:
        assert sized is not None  # noqa: S101 - a gap that is refused before
        away = sized.z_at(none, 1.0)
    return tuple(away * math.sqrt(t) - z for t, z in zip(fractions, turned, strict=True))
