"""Several interactions at once: p-values adjusted for their number."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from protocols.errors import UsageError

Adjustment = Literal["holm", "hochberg"]
METHODS: tuple[Adjustment, Adjustment] = ("holm", "hochberg")


def adjusted(p_values: Sequence[float], method: Adjustment) -> tuple[float, ...]:
    """Adjusted p-values in the given order; each in [0, 1] and never below its own.

    Holm 1979, Scand J Stat 6:65, holds under any dependence; Hochberg 1988, Biometrika 75:800,
    under positive dependence. UsageError for a number that is no p-value.
    """
    values = np.asarray(p_values, dtype=np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise UsageError("PROBABILITY_RANGE", "A p-value lies in [0, 1].")
    order = np.argsort(values, kind="stable")
    steps = np.minimum(values[order] * np.arange(len(values), 0, -1), 1.0)
    found = np.empty_like(values)
    match method:
        case "holm":
            found[order] = np.maximum.accumulate(steps)
        case "hochberg":
            found[order] = np.minimum.accumulate(steps[::-1])[::-1]
    return tuple(found.tolist())
