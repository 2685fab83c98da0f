"""Averages of all pairs of differences, counted and ranked without ever being listed.

Differences are whole numbers of the declared resolution, so that 0.825 - 0.775 and 0.55 - 0.5
are the same number, and so that a count is exact. A sum of two of them is a doubled average; all
averages are handled doubled.
"""

import math
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import FloatArray, IntArray
from protocols.errors import UsageError

LARGEST = 2**50
NARROW = 256
"""By how much a good guess narrows the search for a rank."""


def in_units(differences: FloatArray, resolution: float) -> IntArray:
    """Differences as whole numbers of the resolution (> 0, on the scale of the values).

    Raises `UsageError` when the resolution is no positive number, or so fine that float64 cannot
    tell neighbouring values apart.
    """
    if not (math.isfinite(resolution) and resolution > 0):
        raise UsageError("RESOLUTION", f"A resolution is a positive number, not {resolution}.")
    units = np.rint(differences / resolution)
    if units.size and float(np.abs(units).max()) > LARGEST:
        raise UsageError(
            "RESOLUTION", f"A resolution of {resolution} is too fine for these values."
        )
    return units.astype(np.int64)


@dataclass(frozen=True, slots=True)
class WalshAverages:
    """The averages (a + b) / 2 of all pairs of n values, every value with itself among them.

    `values` are distinct and ascending, `counts` how often each occurs. With `extra` > 0 every
    single value counts that many times more: zero differences that are ranked (Pratt 1959) stand
    below all others and give each of them so many ranks. Hodges & Lehmann 1963,
    Annals of Mathematical Statistics 34:598.
    """

    values: IntArray
    counts: IntArray
    extra: int = 0

    @classmethod
    def of(cls, units: IntArray, *, extra: int = 0) -> "WalshAverages":
        """The averages of `units`, differences as whole multiples of the resolution."""
        values, counts = np.unique(units, return_counts=True)
        return cls(values, counts.astype(np.int64), extra)

    @property
    def n(self) -> int:
        """How many values the averages are of."""
        return int(self.counts.sum())

    @property
    def total(self) -> int:
        """How many averages there are, weights counted."""
        return self.n * (self.n + 1) // 2 + self.extra * self.n

    def at_most(self, doubled: float) -> int:
        """How many averages are not above `doubled` / 2."""
        cumulated = np.concatenate(([0], np.cumsum(self.counts)))
        places = np.searchsorted(self.values, doubled - self.values, side="right")
        ordered = int((self.counts * cumulated[places]).sum())
        alone = int(self.counts[2 * self.values <= doubled].sum())
        return (ordered + alone) // 2 + self.extra * alone

    def ranked(self, rank: int) -> int:
        """The doubled average of this rank, 1 .. total, in ascending order.

        O(u log u) for u distinct values at each step. The count is close to a line between close
        ends, so a step guesses along the line and then looks a little to the other side; where
        that misses, the next step halves.
        """
        low, high = 2 * int(self.values[0]), 2 * int(self.values[-1])
        below, above = 0, self.total  # counts just under `low`, and at `high`
        while low < high:
            width = high - low
            guess = low + width * (rank - below) // max(1, above - below + 1)
            for place in (
                guess,
                guess - width // NARROW,
                guess + width // NARROW,
                low + width // 2,
            ):
                if not low <= place < high:
                    continue
                count = self.at_most(place)
                if count >= rank:
                    high, above = place, count
                else:
                    low, below = place + 1, count
                if high - low <= width // (NARROW // 2):
                    break
        return low

    def median(self) -> float:
        """The Hodges-Lehmann estimate, not doubled, in units of the resolution."""
        half = self.total // 2
        if self.total % 2:
            return self.ranked(half + 1) / 2
        return (self.ranked(half) + self.ranked(half + 1)) / 4
