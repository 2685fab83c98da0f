"""Small levels stay hidden, also from whoever knows the total."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import BoolArray
from protocols.errors import UsageError

WITHHELD = "Withheld: with the total it would give a suppressed level away."


@dataclass(frozen=True, slots=True)
class Hidden:
    """One truth value a level: too small itself, or kept back for the sake of a small one."""

    suppressed: tuple[bool, ...]
    withheld: tuple[bool, ...]

    @property
    def shown(self) -> tuple[int, ...]:
        """Places of the levels that may be shown."""
        pairs = zip(self.suppressed, self.withheld, strict=True)
        return tuple(at for at, hidden in enumerate(pairs) if not any(hidden))

    def reason(self, level: int, minimum: int) -> str | None:
        """Why a level is hidden; None where it is not."""
        if self.suppressed[level]:
            return f"Fewer than {minimum} events or non-events."
        return WITHHELD if self.withheld[level] else None


def hidden_levels(smallest: Sequence[int], n: Sequence[int], *, minimum: int) -> Hidden:
    """Which levels to hide, from each level's `smallest` cell and its number of pairs.

    A level is suppressed below `minimum`. Large levels are withheld, the next smallest first, until
    those kept back are two at least and hold `minimum` together: small ones could be had as the
    total less the rest. A level in which there is nobody gives nobody away. Raises `UsageError`
    unless every level has its size.
    """
    if len(smallest) != len(n):
        raise UsageError("LENGTHS_DIFFER", "Every level needs its size and its smallest cell.")
    suppressed = tuple(cell < minimum for cell in smallest)
    hidden = [cell for cell, size in zip(smallest, n, strict=True) if cell < minimum and size > 0]
    withheld = [False] * len(smallest)
    large = sorted(
        (at for at, small in enumerate(suppressed) if not small), key=lambda at: smallest[at]
    )
    if hidden:
        for at in large:
            if sum(hidden) >= minimum:  # never by one level alone
                break
            hidden.append(smallest[at])
            withheld[at] = True
    return Hidden(suppressed, tuple(withheld))


def smallest_cell(outcome: BoolArray, *, events_count: bool, non_events_count: bool) -> int:
    """The rarer of events and non-events among those that the measure looks at.

    All pairs where it looks at neither: the outcome of a number is no event.
    """
    n_events = int(np.count_nonzero(outcome))
    cells = [n_events] * events_count + [len(outcome) - n_events] * non_events_count
    return min(cells, default=len(outcome))
