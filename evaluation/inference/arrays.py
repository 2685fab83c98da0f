"""The array types of this room, and sums that do not depend on the order of the rows."""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from protocols.errors import UsageError

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]


def exact_sum(values: FloatArray) -> float:
    """The correctly rounded sum, hence the same bytes for every order of `values`.

    Shewchuk 1997, Discrete Comput Geom 18:305, as in `math.fsum`; whole numbers need no rounding.
    """
    if _add_up_exactly(values):
        return float(values.sum(dtype=np.float64)) + 0.0
    return math.fsum(values.tolist())


def n_distinct(labels: IntArray) -> int:
    """How many different labels; sorting is faster than the hash table of `np.unique`."""
    if labels.size == 0:
        return 0
    ordered = np.sort(labels)
    return 1 + int(np.count_nonzero(ordered[1:] != ordered[:-1]))


def cluster_index(cluster: IntArray) -> tuple[IntArray, int]:
    """Labels recoded as 0 .. K-1, and K."""
    labels, index = np.unique(cluster, return_inverse=True)
    return index.astype(np.int64), len(labels)


def cluster_sums(values: FloatArray, index: IntArray, n_clusters: int) -> FloatArray:
    """Correctly rounded sums by cluster, hence the same bytes for every order of the rows."""
    alone = n_clusters == len(values) and np.bincount(index).max(initial=0) <= 1
    if alone or _add_up_exactly(values):
        sums = np.bincount(index, weights=values, minlength=n_clusters)
        return sums.astype(np.float64) + 0.0
    return ExactSums.of(values, index, n_clusters).rounded()


def _add_up_exactly(values: FloatArray) -> bool:
    """Whole numbers so small that no sum of them needs rounding."""
    largest = float(np.abs(values).max(initial=0.0))
    return largest * len(values) < 2**53 and bool((values == np.trunc(values)).all())


_BITS = 32
_MASK = (1 << _BITS) - 1


@dataclass(frozen=True, slots=True)
class ExactSums:
    """Sums by cluster without any rounding: whole-number digits on one fixed scale.

    Digit d of a cluster counts multiples of 2^(32 (lowest + d)). Every number of double precision
    falls on three neighbouring digits below 2^32, so up to 2^31 of them add up in 64 bits, and
    parts of the data add up to the whole, digit by digit, in any order. The idea is Kulisch's
    long accumulator (Kulisch & Miranker 1986, SIAM Review 28:1).
    """

    digits: IntArray
    lowest: int

    @classmethod
    def of(cls, values: FloatArray, index: IntArray, n_clusters: int) -> "ExactSums":
        """Adds finite `values` by cluster number 0 .. K-1; UsageError for others."""
        if not np.isfinite(values).all():
            raise UsageError("VALUES_NOT_FINITE", "Only finite numbers can be added.")
        fraction, exponent = np.frexp(values)
        sign = np.sign(values).astype(np.int64)
        mantissa = np.abs(np.ldexp(fraction, 53)).astype(np.int64)
        exponent = exponent.astype(np.int64) - 53
        place, shift = exponent >> 5, exponent & 31
        used = place[sign != 0]
        lowest, highest = (int(used.min()), int(used.max())) if used.size else (0, 0)
        low = (mantissa & _MASK) << shift
        high = ((mantissa >> _BITS) << shift) + (low >> _BITS)
        width = highest - lowest + 3
        digits = np.zeros(n_clusters * width, dtype=np.int64)
        start = index * width + np.where(sign == 0, 0, place - lowest)
        for step, digit in enumerate((low & _MASK, high & _MASK, high >> _BITS)):
            np.add.at(digits, start + step, sign * digit)
        return cls(digits.reshape(n_clusters, width), lowest)

    def placed(self, rows: IntArray, n_clusters: int, lowest: int, width: int) -> IntArray:
        """The digits in the rows and on the scale of a larger whole."""
        digits = np.zeros((n_clusters, width), dtype=np.int64)
        first = self.lowest - lowest
        digits[rows, first : first + self.digits.shape[1]] = self.digits
        return digits

    def rounded(self) -> FloatArray:
        """The sums, each correctly rounded; UsageError for one beyond double precision."""
        negative = self._carried(self.digits)[1] < 0
        size, carry = self._carried(np.where(negative[:, None], -self.digits, self.digits))
        power = _BITS * (self.lowest + np.arange(self.digits.shape[1] + 1))
        with np.errstate(over="ignore"):
            scaled = np.ldexp(np.column_stack((size, carry)), power)
        sums = np.array([math.fsum(row) for row in scaled.tolist()])
        if not np.isfinite(sums).all():
            raise UsageError("VALUES_NOT_FINITE", "A sum is too large for double precision.")
        return np.where(negative, -sums, sums)

    @staticmethod
    def _carried(digits: IntArray) -> tuple[IntArray, IntArray]:
        """Digits in [0, 2^32) and what is left over beyond the last."""
        carried = digits.copy()
        carry = np.zeros(len(digits), dtype=np.int64)
        for place in range(digits.shape[1]):
            carry += carried[:, place]
            carried[:, place] = carry & _MASK
            carry >>= _BITS
        return carried, carry
