"""Sufficient statistics of a part of the pairs, which merge to those of the whole.

Parts may be cut anywhere, inside a subject too, and merged in any order: everything kept is a whole
number, so the finished totals are the same bytes as those of one pass over all pairs. Subjects must
carry the same label in every part.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from evaluation.inference.arrays import (
    BoolArray,
    ExactSums,
    FloatArray,
    IntArray,
    cluster_index,
)
from evaluation.inference.clusters.means import ClusterTotals
from evaluation.inference.proportions.difference import PairedCounts
from protocols.errors import UsageError


def _same_length(*columns: FloatArray | BoolArray | IntArray) -> None:
    if len({len(column) for column in columns}) != 1:
        raise UsageError("LENGTHS_DIFFER", "Both arms and the clusters must have one length.")


def _rows(whole: IntArray, part: IntArray) -> IntArray:
    """Where each label of a part stands among the sorted labels of the whole."""
    return np.searchsorted(whole, part).astype(np.int64)


@dataclass(frozen=True, slots=True)
class CountPartial:
    """Cells of the paired table for each subject: n11, n10, n01, n00 in columns."""

    labels: IntArray
    cells: IntArray

    @classmethod
    def of(cls, candidate: BoolArray, standard_of_care: BoolArray, cluster: IntArray) -> Self:
        """Counts right and wrong pairs by subject; UsageError when the arrays differ in length."""
        _same_length(candidate, standard_of_care, cluster)
        index, k = cluster_index(cluster)
        cell = 3 - 2 * candidate.astype(np.int64) - standard_of_care.astype(np.int64)
        counts = np.bincount(4 * index + cell, minlength=4 * k).reshape(k, 4)
        return cls(np.unique(cluster).astype(np.int64), counts.astype(np.int64))

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """The whole of parts in any order; needs one part at least."""
        labels = np.unique(np.concatenate([part.labels for part in parts]))
        cells = np.zeros((len(labels), 4), dtype=np.int64)
        for part in parts:
            cells[_rows(labels, part.labels)] += part.cells
        return cls(labels, cells)

    def tables(self) -> tuple[PairedCounts, ...]:
        """One paired table a subject, in the order of their labels."""
        return tuple(PairedCounts(*row) for row in self.cells.tolist())

    def table(self) -> PairedCounts:
        """The paired table of all pairs."""
        return PairedCounts(*self.cells.sum(axis=0).tolist())


@dataclass(frozen=True, slots=True)
class TotalsPartial:
    """Exact sums of both arms and the number of pairs for each subject."""

    labels: IntArray
    n: IntArray
    candidate: ExactSums
    standard_of_care: ExactSums

    @classmethod
    def of(cls, candidate: FloatArray, standard_of_care: FloatArray, cluster: IntArray) -> Self:
        """Adds finite values by subject; UsageError for others and for different lengths."""
        _same_length(candidate, standard_of_care, cluster)
        index, k = cluster_index(cluster)
        return cls(
            np.unique(cluster).astype(np.int64),
            np.bincount(index, minlength=k).astype(np.int64),
            ExactSums.of(candidate, index, k),
            ExactSums.of(standard_of_care, index, k),
        )

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """The whole of parts in any order; needs one part at least."""
        labels = np.unique(np.concatenate([part.labels for part in parts]))
        places = [_rows(labels, part.labels) for part in parts]
        n = np.zeros(len(labels), dtype=np.int64)
        for rows, part in zip(places, parts, strict=True):
            n[rows] += part.n
        return cls(
            labels,
            n,
            _merged_sums([part.candidate for part in parts], places, len(labels)),
            _merged_sums([part.standard_of_care for part in parts], places, len(labels)),
        )

    def finish(self) -> ClusterTotals:
        """The totals by subject, each correctly rounded once."""
        return ClusterTotals(
            self.candidate.rounded(), self.standard_of_care.rounded(), self.n.astype(np.float64)
        )


def _merged_sums(parts: Sequence[ExactSums], places: Sequence[IntArray], k: int) -> ExactSums:
    lowest = min(part.lowest for part in parts)
    width = max(part.lowest + part.digits.shape[1] for part in parts) - lowest
    digits = np.zeros((k, width), dtype=np.int64)
    for part, rows in zip(parts, places, strict=True):
        digits += part.placed(rows, k, lowest, width)
    return ExactSums(digits, lowest)
