"""From the effect's scale to the figure's width, with round tick marks.

Ratios stand on a logarithmic axis: twice and half lie equally far from one.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

MOST_TICKS = 5
WIDE = 4.0  # high over low, from which a logarithmic axis counts in 1, 2, 5 instead of evenly


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps [low, high] onto [left, right], percentages of the figure's width."""

    low: float
    high: float
    left: float = 4.0
    right: float = 96.0
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        if not self.logarithmic:
            return self._at((value - self.low) / (self.high - self.low))
        if value <= 0:
            return 0.0  # an interval that reaches down to zero leaves at the edge
        return self._at(math.log(value / self.low) / math.log(self.high / self.low))

    def _at(self, share: float) -> float:
        return self.left + share * (self.right - self.left)

    def ticks(self, factor: float) -> list[float]:
        """Round places on the axis in the reader's unit, `factor` times the scale's."""
        if self.logarithmic and self.high / self.low > WIDE:
            return _decade_ticks(self.low * factor, self.high * factor)
        return ticks(self.low * factor, self.high * factor)


def scale_over(values: Iterable[float], *, room: float = 0.12, logarithmic: bool = False) -> Scale:
    """A scale that holds every value and a little room on both sides; nothing is off-canvas."""
    if logarithmic:
        held = [math.log(value) for value in values if value > 0]
        linear = scale_over(held, room=room)
        return Scale(math.exp(linear.low), math.exp(linear.high), logarithmic=True)
    held = [*values, 0.0]
    low, high = min(held), max(held)
    span = (high - low) or 0.1
    return Scale(low - span * room, high + span * room)


def ticks(low: float, high: float, most: int = MOST_TICKS) -> list[float]:
    """Round values (1, 2 or 5 times a power of ten) inside [low, high], at most `most`."""
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= raw - 1e-12)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) + 0.0 for i in range(first, last + 1)]


def _decade_ticks(low: float, high: float, most: int = MOST_TICKS) -> list[float]:
    """1, 2 and 5 times powers of ten, fewer of them where that is too many; one is among them."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        places = [round(m * 10.0**k, 12) for k in decades for m in steps]
        inside = [place for place in places if low <= place <= high]
        if len(inside) <= most:
            return inside
    return inside[:: math.ceil(len(inside) / most)]


def tick_decimals(values: list[float]) -> int:
    """The fewest decimals that keep neighbouring ticks apart exactly."""
    for decimals in range(6):
        if all(abs(round(v, decimals) - v) < 1e-9 for v in values):
            return decimals
    return 6
