"""Roots of functions that are close to straight lines once they are put on the probit scale.

A p-value as a function of the effect, or a bound as a function of alpha, each costs a walk
through all looks. On the probit scale both are nearly straight, so a guarded secant needs a
handful of walks where a bracketing search from scratch needs dozens.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy import special

from protocols.errors import UsageError

TURNS = 100
FAR = 37.5  # probit of the smallest probability a double holds


@dataclass(slots=True)
class _Bracket:
    low: float = -math.inf
    high: float = math.inf

    def note(self, x: float, value: float) -> None:
        if value < 0:
            self.low = max(self.low, x)
        else:
            self.high = min(self.high, x)

    def kept(self, x: float, around: float, reach: float) -> float:
        """`x`, or something inside the bracket and not further than `reach` from `around`."""
        x = min(max(x, around - reach), around + reach)
        if self.low < x < self.high:
            return x
        if math.isinf(self.low) or math.isinf(self.high):
            return x
        return (self.low + self.high) / 2


def rising_line_root(
    function: Callable[[float], float],
    start: float,
    unit: float,
    *,
    tolerance: float,
    limits: tuple[float, float] = (-math.inf, math.inf),
) -> float:
    """The root of a rising, nearly straight `function`, sought from `start` within `limits`.

    `unit` is that of the argument: the slope is of the order of 1 / unit. `tolerance` is on the
    argument. The function may flatten out far away (where a probability is 0 or 1): steps are
    kept within 8 units. A limit is the answer where the root lies beyond it.
    """
    bracket = _Bracket()
    low, high = limits
    x0 = start
    f0 = function(start)
    bracket.note(x0, f0)
    x1 = min(max(bracket.kept(x0 - unit * f0, x0, 8 * unit), low), high)
    older: tuple[float, float] | None = None
    for turn in range(TURNS):
        if abs(x1 - x0) <= tolerance:
            return x1
        f1 = function(x1)
        bracket.note(x1, f1)
        if f1 == 0 or (f1 < 0 and x1 >= high) or (f1 > 0 and x1 <= low):
            return x1
        guess, next_step = _guess((x1, f1), (x0, f0), older, unit)
        if turn > 20 and turn % 3 == 0:  # a kink: halve what is left
            guess = math.inf
        new = min(max(bracket.kept(guess, x1, 8 * unit), low), high)
        if new == guess and next_step <= tolerance:
            return new
        if bracket.high - bracket.low <= tolerance:
            return new
        older, x0, f0, x1 = (x0, (f1 - f0) / (x1 - x0)), x1, f1, new
    return x1


def _guess(
    last: tuple[float, float],
    before: tuple[float, float],
    older: tuple[float, float] | None,
    unit: float,
) -> tuple[float, float]:
    """Where the root should be, and about how far the guess after this one would move.

    The secant, bent by the second difference once three points are known; `older` is the third
    and the slope from it to `before`.
    """
    (x1, f1), (x0, f0) = last, before
    slope = (f1 - f0) / (x1 - x0)
    if slope <= 0:
        return x1 + math.copysign(8 * unit, -f1), math.inf
    guess = x1 - f1 / slope
    if older is None:
        return guess, math.inf
    bend = (slope - older[1]) / (x1 - older[0]) / slope
    shift = bend * (guess - x1) * (guess - x0)
    if abs(shift) > abs(guess - x1) / 2:
        return guess, math.inf
    return guess - shift, 10 * abs(shift) * abs(guess - older[0]) / unit


def probit(p: float) -> float:
    """Of a probability that rounding may have brought to 0 or 1."""
    return min(max(float(special.ndtri(p)), -FAR), FAR)


def effect_at(
    p_value: Callable[[float], float], share: float, *, start: float, unit: float
) -> float:
    """The effect under which a p-value that rises with the effect equals `share`."""
    goal = probit(share)
    return rising_line_root(
        lambda effect: probit(p_value(effect)) - goal, start, unit, tolerance=1e-13 * unit
    )


def inverted(
    p_value: Callable[[float], float], *, naive: float, unit: float, level: float
) -> tuple[float, float, float]:
    """Median unbiased estimate and both limits of the two-sided interval at `level`.

    `p_value` rises with the effect; `naive` and `unit` are the plain estimate and its standard
    error. Raises `UsageError` for a level outside (0, 1).
    """
    if not 0 < level < 1:
        raise UsageError("LEVEL_RANGE", f"An interval's level lies in (0, 1), not {level}.")
    tail = (1 - level) / 2
    width = -float(special.ndtri(tail)) * unit
    starts = ((0.5, naive), (tail, naive - width), (1 - tail, naive + width))
    found = [effect_at(p_value, share, start=start, unit=unit) for share, start in starts]
    return found[0], found[1], found[2]
