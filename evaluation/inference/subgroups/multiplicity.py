"""Several interactions at once: p-values adjusted for their number."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from statsmodels.stats.multitest import multipletests

from protocols.errors import UsageError

Adjustment = Literal["holm", "hochberg"]
METHODS: dict[Adjustment, str] = {"holm": "holm", "hochberg": "simes-hochberg"}


def adjusted(p_values: Sequence[float], method: Adjustment) -> tuple[float, ...]:
    """Adjusted p-values in the given order; each in [0, 1] and never below its own.

    Holm 1979, Scand J Stat 6:65, holds under any dependence; Hochberg 1988, Biometrika 75:800,
    under positive dependence. UsageError for a number that is no p-value.
    """
    values = np.asarray(p_values, dtype=np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise UsageError("PROBABILITY_RANGE", "A p-value lies in [0, 1].")
    if values.size == 0:
        return ()
    found = multipletests(values, method=METHODS[method])[1]
    return tuple(float(p) for p in np.minimum(found, 1.0))
