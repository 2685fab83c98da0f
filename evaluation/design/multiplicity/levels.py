"""What every multiple test shares: checked p-values, and when a p-value reaches its level."""

import math
from collections.abc import Sequence

from protocols.errors import UsageError

# Weights such as 1/3 are products of decimals. A p-value that equals its level on paper must
# reject, although both sides carry a few roundings; nothing that matters is this close.
ROUNDING = 1e-12


def checked_p(p: Sequence[float]) -> tuple[float, ...]:
    """The p-values as a tuple. Raises `UsageError` unless there is one, all in [0, 1]."""
    if len(p) == 0:
        raise UsageError("NO_HYPOTHESES", "A multiple test needs one hypothesis at least.")
    if any(not 0 <= value <= 1 for value in p):
        raise UsageError("P_RANGE", "A p-value lies in [0, 1].")
    return tuple(float(value) for value in p)


def checked_alpha(alpha: float) -> float:
    """A one-sided level in (0, 1). Raises `UsageError` otherwise."""
    if not 0 < alpha < 1:
        raise UsageError("ALPHA_RANGE", f"A level lies in (0, 1), not {alpha}.")
    return alpha


def reaches(p: float, level: float, *, rounding: float = ROUNDING) -> bool:
    """Whether `p` rejects at `level`: exactly on the boundary rejects; level 0 never does."""
    return level > 0 and p <= level * (1 + rounding)


def ratio(p: float, weight: float) -> float:
    """The level at which a hypothesis of this weight would be rejected; inf without weight."""
    return p / weight if weight > 0 else math.inf
