"""Registered futility rules as z bounds of the planned looks, whatever scale they stand on."""

import math
from dataclasses import dataclass

from evaluation.design.futility.scales import (
    Ahead,
    z_of_conditional_power,
    z_of_predictive_power,
)
from evaluation.design.futility.spending import futility_design
from evaluation.design.spending import held_at
from evaluation.planning.sized import Sized
from evaluation.spending import spending_by
from protocols.schema import FutilityRule, Protocol

Bounds = tuple[tuple[float, ...], tuple[float, ...]]  # cumulative alpha, efficacy bounds


@dataclass(frozen=True, slots=True)
class Futility:
    """`all` bounds, of which `kept` are those that will be obeyed whatever happens (binding)."""

    all: tuple[float, ...]
    kept: tuple[float, ...]
    binding: bool


def futility_bounds(
    protocol: Protocol, hypothesis: str, *, sized: Sized | None, bounds: Bounds
) -> Futility:
    """The highest bound of its rules at each look; -inf where none looks, and at the last look.

    `bounds` are alpha spent and efficacy bounds without futility; conditional and predictive power
    are that of the last look against them.
    """
    nothing = (-math.inf,) * len(protocol.monitoring.looks)
    rules = [rule for rule in protocol.futility if rule.hypothesis == hypothesis]
    found = [(rule, _bounds_of(protocol, rule, sized, bounds)) for rule in rules]
    every = _highest([nothing, *(z for _, z in found)])
    kept = _highest([nothing, *(z for rule, z in found if rule.binding)])
    return Futility(every, kept, any(rule.binding for rule in rules))


def _highest(rows: list[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(max(column) for column in zip(*rows, strict=True))


def _bounds_of(
    protocol: Protocol, rule: FutilityRule, sized: Sized | None, bounds: Bounds
) -> tuple[float, ...]:
    looks = protocol.monitoring.looks
    if rule.scale == "beta_spending":
        return _by_spending(protocol, rule, bounds[0])
    values = dict(zip(rule.looks, rule.values, strict=True))
    return (
        *(
            _z_of(rule, values[look.id], look.information, sized, bounds[1][-1])
            if look.id in values
            else -math.inf
            for look in looks[:-1]
        ),
        -math.inf,
    )


def _by_spending(
    protocol: Protocol, rule: FutilityRule, alphas: tuple[float, ...]
) -> tuple[float, ...]:
    looks = protocol.monitoring.looks
    fractions = tuple(look.information for look in looks)
    if rule.spending is None or rule.beta is None:  # the rules of the protocol ask for both
        return (-math.inf,) * len(looks)
    spent = [
        spending_by(rule.spending, rule.beta, time=time, number=number)
        for number, time in enumerate(fractions, start=1)
    ]
    looking = [look.id in rule.looks for look in looks[:-1]] + [True]
    held = held_at([*spent[:-1], rule.beta], looking)
    design = futility_design(alphas, held, fractions, binding=rule.binding)
    return (*design.lower[:-1], -math.inf)


def _z_of(
    rule: FutilityRule, value: float, information: float, sized: Sized | None, last: float
) -> float:
    if rule.scale == "z":
        return value
    if rule.scale == "effect":
        assert sized is not None  # noqa: S101 - a gap that is refused before
        return sized.z_at(value, information)
    ahead = Ahead(information, 1.0, last)
    if rule.scale == "predictive_power":
        return z_of_predictive_power(value, ahead)
    effect = None
    if rule.true_effect is not None:
        assert sized is not None  # noqa: S101 - a gap that is refused before
        effect = sized.drift(rule.true_effect)
    return z_of_conditional_power(value, ahead, effect=effect)
