"""Two tests on the same pairs, counted as eight kinds of pair: outcome by candidate by standard.

Every measure of diagnostic accuracy is a product of sums over these kinds, so its linearised error
needs one number for each kind. Counts are whole numbers: no order of rows changes a bit.
"""

import math
from dataclasses import dataclass
from functools import reduce
from typing import Literal

import numpy as np

from evaluation.inference.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    cluster_index,
    exact_sum,
)
from evaluation.inference.base import NotEvaluable
from evaluation.inference.proportions.difference import PairedCounts
from evaluation.inference.refusals import NO_PAIRS, ONE_CLUSTER
from protocols.errors import UsageError

Measure = Literal[
    "sensitivity",
    "specificity",
    "false_positive_share",
    "ppv",
    "npv",
    "positive_likelihood_ratio",
    "negative_likelihood_ratio",
]

# Kind 4 d + 2 c + s: outcome d, candidate's flag c, standard of care's flag s.
DISEASED = np.array([0, 0, 0, 0, 1, 1, 1, 1])
CANDIDATE = np.array([0, 0, 1, 1, 0, 0, 1, 1])
STANDARD_OF_CARE = np.array([0, 1, 0, 1, 0, 1, 0, 1])
WITHOUT_SPREAD = 1e-12  # an error below this part of its largest possible value is rounding


@dataclass(frozen=True, slots=True)
class PairedTests:
    """Counts of the eight kinds: one row (all pairs independent), or one row for each subject.

    With `clustered`, rows are subjects and errors are taken between them with K/(K-1); tables of
    disjoint subjects can be stacked. Raises `UsageError` for another shape or a negative count.
    """

    cells: IntArray
    clustered: bool

    def __post_init__(self) -> None:
        if self.cells.ndim != 2 or self.cells.shape[1] != 8 or (self.cells < 0).any():
            raise UsageError("COUNT_RANGE", "Paired tests need eight counts in every row.")

    @classmethod
    def of(
        cls,
        candidate: BoolArray,
        standard_of_care: BoolArray,
        outcome: BoolArray,
        cluster: IntArray | None = None,
    ) -> "PairedTests":
        """Counts flags and outcomes of one length; `cluster` numbers the subjects, if they repeat.

        Raises `UsageError` for columns of different length.
        """
        if not candidate.shape == standard_of_care.shape == outcome.shape:
            raise UsageError("LENGTHS_DIFFER", "Flags and outcomes must have one length.")
        kind = 4 * outcome.astype(np.int64) + 2 * candidate + standard_of_care
        if cluster is None:
            return cls(np.bincount(kind, minlength=8).astype(np.int64)[None, :], clustered=False)
        if cluster.shape != outcome.shape:
            raise UsageError("LENGTHS_DIFFER", "Every pair needs its subject.")
        index, k = cluster_index(cluster)
        counts = np.bincount(8 * index + kind, minlength=8 * k).astype(np.int64)
        return cls(counts.reshape(k, 8), clustered=True)

    @classmethod
    def of_tables(cls, diseased: PairedCounts, nondiseased: PairedCounts) -> "PairedTests":
        """Independent pairs from two tables of positive tests, with and without the event."""
        row = [x for t in (nondiseased, diseased) for x in (t.n00, t.n01, t.n10, t.n11)]
        return cls(np.array([row], dtype=np.int64), clustered=False)

    def swapped(self) -> "PairedTests":
        """The same pairs with the arms exchanged."""
        return PairedTests(self.cells[:, [0, 2, 1, 3, 4, 6, 5, 7]], self.clustered)

    @property
    def totals(self) -> IntArray:
        """Pairs of each of the eight kinds, all subjects together."""
        return np.asarray(self.cells.sum(axis=0), dtype=np.int64)

    @property
    def n_pairs(self) -> int:
        """Pairs of every kind together."""
        return int(self.cells.sum())

    @property
    def n_clusters(self) -> int:
        """Subjects; every pair is its own where pairs are independent."""
        return len(self.cells) if self.clustered else self.n_pairs

    @property
    def df(self) -> float | None:
        """Subjects less one; None for the normal where pairs are independent."""
        return float(len(self.cells) - 1) if self.clustered else None

    def total(self, kinds: IntArray) -> int:
        """How many pairs are of the kinds marked 1."""
        return int((self.totals * kinds).sum())

    def table(self, diseased: bool) -> PairedCounts:
        """The paired table of positive tests among pairs with, or without, the event."""
        n00, n01, n10, n11 = self.totals[4 * diseased : 4 * diseased + 4].tolist()
        return PairedCounts(n11, n10, n01, n00)

    def sums(self, influence: FloatArray) -> FloatArray:
        """One number for each row: the sum of `influence` over its pairs.

        Column by column, so that a row gets the same bytes wherever it stands.
        """
        columns = [self.cells[:, kind] * influence[kind] for kind in range(8)]
        return np.asarray(reduce(np.add, columns), dtype=np.float64)

    def variance(self, influence: FloatArray) -> float:
        """Variance of a statistic whose pairs have this `influence`, which sums to zero.

        Independent pairs: the multinomial delta method. Subjects: squared sums with K/(K-1)
        (Woodruff 1971, J Am Stat Assoc 66:411); needs two of them.
        """
        if not self.clustered:
            return exact_sum(self.totals * influence**2)
        k = len(self.cells)
        return k / (k - 1) * exact_sum(self.sums(influence) ** 2)


@dataclass(frozen=True, slots=True)
class Factors:
    """A measure of one arm: sums `above` the line over sums `below`; `shared` do not vary by arm.

    `shared` are (above, below) factors that cancel when the arms are compared.
    """

    above: tuple[IntArray, ...]
    below: tuple[IntArray, ...]
    shared: tuple[tuple[IntArray, ...], tuple[IntArray, ...]]


def factors(measure: Measure, flag: IntArray) -> Factors:
    """The measure of the arm whose flag is `flag` (`CANDIDATE` or `STANDARD_OF_CARE`)."""
    d, h = DISEASED, 1 - DISEASED
    match measure:
        case "sensitivity":
            return Factors((d * flag,), (), ((), (d,)))
        case "specificity":
            return Factors((h * (1 - flag),), (), ((), (h,)))
        case "false_positive_share":
            return Factors((h * flag,), (), ((), (h,)))
        case "ppv":
            return Factors((d * flag,), (flag,), ((), ()))
        case "npv":
            return Factors((h * (1 - flag),), (1 - flag,), ((), ()))
        case "positive_likelihood_ratio":
            return Factors((d * flag,), (h * flag,), ((h,), (d,)))
        case "negative_likelihood_ratio":
            return Factors((d * (1 - flag),), (h * (1 - flag),), ((h,), (d,)))


def value(tests: PairedTests, measure: Measure, flag: IntArray) -> float | None:
    """The measure of one arm; None where a sum below the line is zero."""
    parts = factors(measure, flag)
    below = math.prod(tests.total(x) for x in (*parts.below, *parts.shared[1]))
    above = math.prod(tests.total(x) for x in (*parts.above, *parts.shared[0]))
    return None if below == 0 else above / below


def unusable(tests: PairedTests) -> NotEvaluable | None:
    """Refuses no pair and a single subject; None where an error can be estimated."""
    if tests.n_pairs == 0:
        return NO_PAIRS
    if tests.clustered and len(tests.cells) < 2:
        return ONE_CLUSTER
    return None
