"""The pairs of one analysis as aligned columns, and what the protocol asks of them.

Rows are put into one canonical order, so that every method gives the same bytes for every order
and every partition of the same pairs: `Rows.merged` of the parts is the whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray, n_distinct
from protocols.errors import UsageError
from protocols.vocabulary import Direction

AnyArray = FloatArray | IntArray | BoolArray
ParameterValue = float | int | str | bool | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the protocol fixes for one method, before any data.

    `margin` is positive: a difference (0 for superiority) or, for a test on the ratio scale, the
    ratio as written (below 1 where higher is better, above 1 where lower is, 1 for superiority).
    `level` is two-sided in (0, 1]. `seed` and `resamples` are None where nothing is drawn.
    """

    level: float
    direction: Direction = Direction.HIGHER_IS_BETTER
    margin: float = 0.0
    interval: str = ""
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    seed: int | None = None
    resamples: int | None = None

    def number(self, name: str) -> float:
        """A registered number; UsageError when the protocol does not give one."""
        value = self.parameters.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError("PARAMETER", f"The method needs a number as parameter {name}.")
        return float(value)

    def numbers(self, name: str) -> tuple[float, ...]:
        """A registered list of numbers; UsageError when the protocol does not give one."""
        value = self.parameters.get(name)
        if not isinstance(value, tuple):
            raise UsageError("PARAMETER", f"The method needs a list of numbers as {name}.")
        return value

    def word(self, name: str) -> str:
        """A registered word; UsageError when the protocol does not give one."""
        value = self.parameters.get(name)
        if not isinstance(value, str):
            raise UsageError("PARAMETER", f"The method needs a word as parameter {name}.")
        return value

    @property
    def drawing(self) -> tuple[int, int]:
        """Seed and number of resamples; UsageError where the protocol gives none."""
        if self.seed is None or self.resamples is None:
            raise UsageError("RESAMPLING", "The method needs a registered seed and resamples.")
        return self.seed, self.resamples


@dataclass(frozen=True, slots=True)
class Rows:
    """One row a pair, in canonical order; all columns have one length n, or `UsageError`.

    `candidate` and `standard_of_care` hold the endpoint's value of each arm: 1 right / 0 wrong for
    a binary measure, the score turned so that higher is riskier for a ranking, a loss, an error,
    a count. `outcome` is the reference standard (False where not `known`). `cluster` numbers the
    subjects; every pair has its own where the protocol takes pairs as independent (`clustered` is
    False). Scores are the arms' raw answers, NaN where there is none; flags are False there.
    `extra` holds further columns by role, NaN where missing:

    - `reference`: a further outcome as a number (levels of a category by their place from 0)
    - `time`, `event`: a censored outcome; `candidate_time`, ... where it is recorded per arm
    - the name of a parameter that names an input or a subgroup: its values, categories by their
      place in `labels[name]`
    """

    candidate: FloatArray
    standard_of_care: FloatArray
    outcome: BoolArray
    known: BoolArray
    cluster: IntArray
    clustered: bool
    candidate_score: FloatArray
    standard_of_care_score: FloatArray
    candidate_flag: BoolArray
    standard_of_care_flag: BoolArray
    extra: Mapping[str, FloatArray] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lengths = {len(column) for column in self._columns()}
        if len(lengths) > 1:
            raise UsageError("LENGTHS_DIFFER", "Every column must have one value for each pair.")

    @property
    def n(self) -> int:
        """How many pairs there are."""
        return len(self.outcome)

    @property
    def n_clusters(self) -> int:
        """How many subjects there are."""
        return n_distinct(self.cluster)

    def column(self, name: str) -> FloatArray:
        """A further column; UsageError when the endpoint's outcome does not provide it."""
        if name not in self.extra:
            raise UsageError("COLUMN_MISSING", f"The method needs the column {name}.")
        return self.extra[name]

    def take(self, rows: IntArray | BoolArray) -> "Rows":
        """The rows at these places, or where the mask is true."""
        own = {
            f.name: getattr(self, f.name)[rows]
            for f in fields(self)
            if f.name not in ("clustered", "extra", "labels")
        }
        extra = {name: values[rows] for name, values in self.extra.items()}
        return Rows(clustered=self.clustered, extra=extra, labels=self.labels, **own)

    def canonical(self) -> "Rows":
        """The same rows sorted by their contents: equal rows are interchangeable."""
        return self.take(_order(self._columns()))

    @classmethod
    def merged(cls, parts: Sequence["Rows"]) -> "Rows":
        """The whole of disjoint parts, in any order; clusters must be numbered alike in all."""
        first = parts[0]
        own = {
            f.name: np.concatenate([getattr(part, f.name) for part in parts])
            for f in fields(cls)
            if f.name not in ("clustered", "extra", "labels")
        }
        extra = {n: np.concatenate([part.extra[n] for part in parts]) for n in first.extra}
        whole = cls(clustered=first.clustered, extra=extra, labels=first.labels, **own)
        return whole.canonical()

    def _columns(self) -> tuple[AnyArray, ...]:
        """Every column, the one that tells rows apart best first."""
        return (
            self.cluster,
            self.candidate,
            self.standard_of_care,
            self.outcome,
            self.known,
            self.candidate_score,
            self.standard_of_care_score,
            self.candidate_flag,
            self.standard_of_care_flag,
            *(self.extra[name] for name in sorted(self.extra)),
        )


def _order(columns: Sequence[AnyArray]) -> IntArray:
    """The order of the rows by all columns, the first one leading.

    Sorting by three columns leaves few rows alike, and only those are sorted by the rest: on a
    million rows a sort by every column would take longer than most methods.
    """
    first = columns[0]
    order = np.argsort(first, kind="stable")
    if len(order) < 2 or (first[order[1:]] != first[order[:-1]]).all():
        return order.astype(np.int64)
    leading, rest = columns[:3], columns[3:]
    order = np.lexsort(leading[::-1])
    alike = np.ones(len(order) - 1, dtype=np.bool_)
    for column in leading:
        sorted_values = column[order]
        alike &= _same(sorted_values[1:], sorted_values[:-1])
    run = np.concatenate(([0], np.cumsum(~alike)))
    tied = np.concatenate((alike, [False])) | np.concatenate(([False], alike))
    places = np.flatnonzero(tied)
    if len(places):
        rows = order[places]
        within = np.lexsort((*(column[rows] for column in rest[::-1]), run[places]))
        order[places] = rows[within]
    return order.astype(np.int64)


def _same(one: AnyArray, other: AnyArray) -> BoolArray:
    """Equal, taking a missing value as equal to a missing value, as a sort does."""
    equal = one == other
    if one.dtype.kind == "f":
        equal |= np.isnan(one) & np.isnan(other)
    return np.asarray(equal, dtype=np.bool_)
