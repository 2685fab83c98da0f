"""Probabilities of one arm beside what happened, checked once and put in one order.

Sorted by (subject, probability, outcome), so that nothing computed from them depends on the
order of rows.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import FloatArray, IntArray, cluster_index, cluster_sums, exact_sum
from evaluation.inference.base import NotEvaluable
from evaluation.inference.refusals import NO_PAIRS
from protocols.errors import UsageError

ONE_CLASS = NotEvaluable(
    "one_class", "Every pair has the event or none has it; calibration needs both."
)


@dataclass(frozen=True, slots=True)
class Predicted:
    """Probabilities in [0, 1] and outcomes (1 event, 0 none), of length n.

    `index` numbers the subjects from 0 to `n_clusters` - 1, or is None where the protocol takes
    pairs as independent.
    """

    probability: FloatArray
    outcome: FloatArray
    index: IntArray | None
    n_clusters: int

    @classmethod
    def of(
        cls, probability: FloatArray, outcome: FloatArray, cluster: IntArray | None = None
    ) -> "Predicted | NotEvaluable":
        """Refuses no pair, and values that are no probabilities; UsageError for other lengths."""
        refusal = not_probabilities(probability, outcome)
        if refusal is not None:
            return refusal
        if cluster is None:
            order = np.lexsort((outcome, probability))
            return cls(probability[order], outcome[order], None, len(order))
        if cluster.shape != outcome.shape:
            raise UsageError("LENGTHS_DIFFER", "Every pair needs the label of its subject.")
        index, n_clusters = cluster_index(cluster)
        order = np.lexsort((outcome, probability, index))
        return cls(probability[order], outcome[order], index[order], n_clusters)

    @property
    def n(self) -> int:
        """How many pairs there are."""
        return len(self.outcome)

    @property
    def one_class(self) -> bool:
        """Whether there are only events, or only non-events."""
        return bool((self.outcome == self.outcome[0]).all())

    @property
    def df(self) -> float | None:
        """K - 1 where subjects are the units, None for a normal reference."""
        return None if self.index is None else float(self.n_clusters - 1)

    def by_subject(self, values: FloatArray) -> FloatArray:
        """Sums by subject; the values themselves where pairs are independent."""
        if self.index is None:
            return values
        return cluster_sums(values, self.index, self.n_clusters)


def not_probabilities(probability: FloatArray, outcome: FloatArray) -> NotEvaluable | None:
    """Refuses no pair, and data that are no probabilities with outcomes 0 or 1; else None.

    Raises `UsageError` unless both are of one length.
    """
    if probability.shape != outcome.shape or probability.ndim != 1:
        raise UsageError("LENGTHS_DIFFER", "Every probability needs one outcome.")
    if probability.size == 0:
        return NO_PAIRS
    if not np.isin(outcome, (0.0, 1.0)).all():
        return NotEvaluable("values_not_finite", "An outcome is neither 0 nor 1.")
    if not ((probability >= 0) & (probability <= 1)).all():
        return NotEvaluable("not_probabilities", "A value is no number between 0 and 1.")
    return None


def share_of_events(outcome: FloatArray) -> float:
    """Events over pairs, in [0, 1]; `outcome` holds 0 and 1 and is not empty."""
    return exact_sum(outcome) / len(outcome)
