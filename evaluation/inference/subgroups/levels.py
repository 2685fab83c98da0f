"""The levels of a registered subgroup in an analysis's rows, and which of them may be shown."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import BoolArray, IntArray
from evaluation.inference.base import NotEvaluable, Quantity
from evaluation.inference.rows import Asked, Rows
from evaluation.inference.subgroups.disclosure import Hidden, hidden_levels, smallest_cell


@dataclass(frozen=True, slots=True)
class Levels:
    """`rows` are the pairs of levels that may be shown and `level` their places, 0 .. L-1."""

    titles: tuple[str, ...]
    hidden: Hidden
    minimum: int
    rows: Rows
    level: IntArray

    @classmethod
    def of(cls, rows: Rows, asked: Asked) -> "Levels | NotEvaluable":
        """Reads the column `subgroup` and the parameter `minimum_cell`; refuses fewer than two
        levels that may be shown. Pairs in no level take no part."""
        place = rows.column("subgroup")
        titles = rows.labels["subgroup"]
        minimum = int(asked.number("minimum_cell"))
        members = [place == level for level in range(len(titles))]
        hidden = hidden_levels(
            _smallest(rows, members), [int(mask.sum()) for mask in members], minimum=minimum
        )
        if len(hidden.shown) < 2:
            reason = f"Fewer than two levels have {minimum} events and non-events to be shown."
            return NotEvaluable("one_group", reason)
        inside = np.isin(place, hidden.shown)
        level = place[inside].astype(np.int64)
        return cls(titles, hidden, minimum, rows.take(inside), level)

    @property
    def shown(self) -> tuple[int, ...]:
        """The places of the levels that may be shown."""
        return self.hidden.shown

    @property
    def index(self) -> IntArray:
        """The place of each row's level among those shown."""
        return np.searchsorted(np.array(self.shown), self.level).astype(np.int64)

    @property
    def share_subjects(self) -> bool:
        """Whether a subject has pairs in two levels that are shown."""
        pairs = np.unique(np.column_stack((self.rows.cluster, self.level)), axis=0)
        return len(pairs) > self.rows.n_clusters

    def hidden_quantities(self) -> Iterator[Quantity]:
        """One entry for each hidden level, with the reason and nothing else."""
        for at, title in enumerate(self.titles):
            reason = self.hidden.reason(at, self.minimum)
            if reason is not None:
                yield Quantity(f"level_{at}", title, reason=reason)

    @property
    def warnings(self) -> tuple[str, ...]:
        """How many levels are hidden, if any."""
        hidden = len(self.titles) - len(self.shown)
        return (f"{hidden} levels are hidden and take no part.",) if hidden else ()


def _smallest(rows: Rows, members: list[BoolArray]) -> list[int]:
    """What the measure looks at is what the rows hold: events only, non-events only, or both."""
    events, non_events = bool(rows.outcome.any()), bool((~rows.outcome).any())
    return [
        smallest_cell(rows.outcome[mask], events_count=events, non_events_count=non_events)
        for mask in members
    ]
