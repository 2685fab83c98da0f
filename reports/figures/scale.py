"""From the effect's scale to the figure's width, with round tick marks."""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps [low, high] onto [left, right], percentages of the figure's width."""

    low: float
    high: float
    left: float = 4.0
    right: float = 96.0

    def __call__(self, value: float) -> float:
        span = (value - self.low) / (self.high - self.low)
        return self.left + span * (self.right - self.left)


def scale_over(values: Iterable[float], *, room: float = 0.12) -> Scale:
    """A scale that holds every value and a little room on both sides; nothing is off-canvas."""
    held = [*values, 0.0]
    low, high = min(held), max(held)
    span = (high - low) or 0.1
    return Scale(low - span * room, high + span * room)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values (1, 2 or 5 times a power of ten) inside [low, high], at most `most`."""
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= raw - 1e-12)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) + 0.0 for i in range(first, last + 1)]


def tick_decimals(values: list[float]) -> int:
    """The fewest decimals that keep neighbouring ticks apart exactly."""
    for decimals in range(6):
        if all(abs(round(v, decimals) - v) < 1e-9 for v in values):
            return decimals
    return 6
