"""What each arm's value would be under either outcome: the ground of every method for missing ones.

An unascertained outcome leaves a pair with two possible values for each arm. Under sensitivity a
pair without the event is outside the denominator, which is written as NaN; accuracy has a value
under both outcomes, and so have losses of a probability.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from evaluation.inference.rows import Rows
from protocols.errors import UsageError

COLUMNS = (
    "candidate_if_no_event",
    "candidate_if_event",
    "standard_of_care_if_no_event",
    "standard_of_care_if_event",
)
"""Further columns of `Rows` for methods that keep unknown outcomes; NaN outside the denominator."""


@dataclass(frozen=True, slots=True)
class Completed:
    """The pairs of the denominator after every outcome has been given a value."""

    candidate: FloatArray
    standard_of_care: FloatArray
    cluster: IntArray


@dataclass(frozen=True, slots=True)
class Potential:
    """Values of both arms under no event (column 0) and under the event (column 1).

    `candidate` and `standard_of_care` have shape (n, 2), NaN where a pair with that outcome is not
    in the denominator, in both arms alike. `outcome` counts only where `known`. Raises `UsageError`
    for columns of different length, or where only one arm is in the denominator.
    """

    candidate: FloatArray
    standard_of_care: FloatArray
    outcome: BoolArray
    known: BoolArray
    cluster: IntArray

    def __post_init__(self) -> None:
        n = len(self.outcome)
        shapes = {self.candidate.shape, self.standard_of_care.shape}
        if shapes != {(n, 2)} or {len(self.known), len(self.cluster)} != {n}:
            raise UsageError("LENGTHS_DIFFER", "Every pair needs two values for each arm.")
        if (np.isnan(self.candidate) != np.isnan(self.standard_of_care)).any():
            message = "A pair is in the denominator of both arms or of none."
            raise UsageError("DENOMINATOR_DIFFERS", message)

    @classmethod
    def of(cls, rows: Rows) -> "Potential":
        """From the rows of an endpoint; UsageError where its measure has no such columns."""
        none, event, soc_none, soc_event = (rows.column(name) for name in COLUMNS)
        return cls(
            np.column_stack((none, event)),
            np.column_stack((soc_none, soc_event)),
            rows.outcome,
            rows.known,
            rows.cluster,
        )

    @classmethod
    def of_flags(
        cls,
        candidate: BoolArray,
        standard_of_care: BoolArray,
        *,
        outcome: BoolArray,
        known: BoolArray,
        cluster: IntArray,
        counts_events: bool = True,
        counts_non_events: bool = True,
    ) -> "Potential":
        """Being right, from the arms' flags: accuracy, sensitivity (events only), specificity."""

        def right(flag: BoolArray) -> FloatArray:
            values = np.column_stack((~flag, flag)).astype(np.float64)
            values[:, ~np.array([counts_non_events, counts_events])] = np.nan
            return values

        return cls(right(candidate), right(standard_of_care), outcome, known, cluster)

    @property
    def effects(self) -> FloatArray:
        """Candidate less standard of care under each outcome; NaN outside the denominator."""
        return self.candidate - self.standard_of_care

    @property
    def gain(self) -> FloatArray:
        """What the event, instead of none, adds to the sum of effects; outside counts as 0."""
        effects = np.nan_to_num(self.effects)
        return np.asarray(effects[:, 1] - effects[:, 0], dtype=np.float64)

    @property
    def is_binary(self) -> bool:
        """Every value is 0, 1 or outside the denominator."""
        values = np.concatenate((self.candidate, self.standard_of_care))
        return bool((np.isnan(values) | (values == 0) | (values == 1)).all())

    def completed(self, outcome: BoolArray, rows: BoolArray | None = None) -> Completed:
        """The pairs of the denominator under `outcome`, among `rows` where these are given."""
        place = np.arange(len(outcome)), outcome.astype(np.int64)
        candidate, soc = self.candidate[place], self.standard_of_care[place]
        inside = ~np.isnan(candidate)
        if rows is not None:
            inside &= rows
        return Completed(candidate[inside], soc[inside], self.cluster[inside])
