"""What is bet on, and in which order: one value a subject, batch by batch as outcomes arrived.

E-values multiply only in a predictable order. Late outcomes enter with the batch in which they
became known, never by the time of their request; within a batch nothing that is bet on depends
on the order of rows. Encounters of one subject are no independent cases: their mean is one case.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import FloatArray, IntArray, cluster_index, cluster_sums
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class Units:
    """Cases to bet on, in their order: the mean of each subject and its registered batch.

    `n_left_out` rows belong to subjects who had entered with an earlier batch: their later
    encounters are no new case, since what is known of a subject already tells of them.
    """

    values: FloatArray
    batch: IntArray
    n_left_out: int


def subject_units(values: FloatArray, subject: IntArray, batch: IntArray) -> Units:
    """One case a subject: the mean of the rows of the first batch in which the subject appears.

    `batch` numbers when the outcome of each row became known (a day, a lock); cases are ordered by
    batch and, inside it, by the subject's label. Raises `UsageError` for arrays that differ in
    length.
    """
    x = np.asarray(values, dtype=np.float64)
    if not x.shape == subject.shape == batch.shape:
        raise UsageError("LENGTHS_DIFFER", "Each value needs its subject and its batch.")
    if x.size == 0:
        return Units(x, np.array([], dtype=np.int64), 0)
    index, k = cluster_index(subject)
    first = np.full(k, np.iinfo(np.int64).max)
    np.minimum.at(first, index, batch)
    inside = batch == first[index]
    sums = cluster_sums(x[inside], index[inside], k)
    means = sums / np.bincount(index[inside], minlength=k)
    order = np.lexsort((np.arange(k), first))
    return Units(means[order], first[order], int(x.size - inside.sum()))


def batch_units(units: Units) -> Units:
    """One case a batch: the mean of its subjects, so that not even their labels order anything."""
    index, k = cluster_index(units.batch)
    sums = cluster_sums(units.values, index, k)
    means = sums / np.bincount(index, minlength=k) if k else sums
    return Units(means, np.unique(units.batch), units.n_left_out)
