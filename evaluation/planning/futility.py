"""Registered futility rules as z bounds of the planned looks, look by look as the looks will do it.

The same rules as `evaluation.futility`, at planned information: beta is spent under the rule's own
true effect, after what earlier looks have stopped; conditional and predictive power are those of
the last look; no bound lies above the efficacy bound of its look.
"""

import math
from dataclasses import dataclass

from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.futility.scales import (
    Ahead,
    z_of_conditional_power,
    z_of_predictive_power,
)
from evaluation.design.futility.spending import lower_after
from evaluation.planning.sized import Sized
from evaluation.spending import spending_by
from protocols.schema import FutilityRule, Protocol

FARTHEST = 40.0  # a z that no trial has


@dataclass(frozen=True, slots=True)
class Stops:
    """Efficacy bounds, and the futility bounds of each look; -inf where none stops.

    `binding` says whether the efficacy bounds count on some of them.
    """

    upper: tuple[float, ...]
    lower: tuple[float, ...]
    binding: bool


@dataclass(frozen=True, slots=True)
class _Here:
    """One look: what may stop there, and the looks before it as (information, lower, upper)."""

    look: str
    number: int
    information: float
    upper: float
    last: float
    before: tuple[tuple[float, float, float], ...]


def stops_of(
    protocol: Protocol, hypothesis: str, alphas: tuple[float, ...], sized: Sized | None
) -> Stops:
    """Bounds of one hypothesis; `alphas` is what it has spent by each look.

    A rule on the scale of effects, or under a true effect, needs `sized`.
    """
    looks = protocol.monitoring.looks
    fractions = tuple(look.information for look in looks)
    rules = [rule for rule in protocol.futility if rule.hypothesis == hypothesis]
    lower = [-math.inf] * len(looks)
    kept = [-math.inf] * len(looks)
    spent = dict.fromkeys(range(len(rules)), 0.0)
    for place, look in enumerate(looks[:-1]):
        upper = efficacy_boundaries(alphas, fractions, lower=kept)
        before = tuple(zip(fractions[:place], lower[:place], upper[:place], strict=True))
        here = _Here(look.id, place + 1, look.information, upper[place], upper[-1], before)
        for index, rule in enumerate(rules):
            z, spent[index] = _bound(here, rule, sized, spent[index])
            lower[place] = max(lower[place], z)
            kept[place] = max(kept[place], z) if rule.binding else kept[place]
    upper = efficacy_boundaries(alphas, fractions, lower=kept)
    return Stops(upper, tuple(lower), any(rule.binding for rule in rules))


def _bound(
    here: _Here, rule: FutilityRule, sized: Sized | None, spent: float
) -> tuple[float, float]:
    """One rule's bound on z at one look, and the beta it has spent by then."""
    if here.look not in rule.looks:
        return -math.inf, spent
    if rule.scale == "beta_spending":
        z, spent = _by_beta(here, rule, sized, spent)
    else:
        z = _z_of(here, rule, rule.values[rule.looks.index(here.look)], sized)
    return min(z, here.upper), spent


def _by_beta(
    here: _Here, rule: FutilityRule, sized: Sized | None, spent: float
) -> tuple[float, float]:
    assert rule.spending is not None  # noqa: S101 - the rules of the protocol ask for all three
    assert rule.beta is not None  # noqa: S101
    so_far = spending_by(rule.spending, rule.beta, time=here.information, number=here.number)
    if so_far <= spent:
        return -math.inf, spent
    stopping = [b for b in here.before if b[1] > -math.inf or b[2] < math.inf]
    z = lower_after(stopping, here.information, so_far - spent, drift=_drift(rule, sized))
    return (-math.inf, spent) if math.isinf(z) else (z, so_far)


def _z_of(here: _Here, rule: FutilityRule, value: float, sized: Sized | None) -> float:
    if rule.scale == "z":
        return value
    if rule.scale == "effect":
        assert sized is not None  # noqa: S101 - a gap that is refused before
        return sized.z_at(value, here.information)
    if not 0 < value < 1:
        return -math.inf if value <= 0 else FARTHEST
    ahead = Ahead(here.information, 1.0, here.last)
    if rule.scale == "predictive_power":
        return z_of_predictive_power(value, ahead)
    effect = None if rule.true_effect is None else _drift(rule, sized)
    return z_of_conditional_power(value, ahead, effect=effect)


def _drift(rule: FutilityRule, sized: Sized | None) -> float:
    assert sized is not None  # noqa: S101 - a gap that is refused before
    assert rule.true_effect is not None  # noqa: S101
    return sized.z_at(rule.true_effect, 1.0)
