"""What interim looks do to a size: the largest number of pairs, and the expected ones.

Only ratios to a single look enter: the design multiplies the pairs of one look (Jennison &
Turnbull 2000, chapter 3). Bounds come from elsewhere; futility is taken as obeyed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.design.operating import (
    drift_for_power,
    inflation_factor,
    operating_characteristics,
)
from evaluation.design.size.plan import Plan
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class Looks:
    """A design in units of one look: factors of its largest and expected sizes.

    `effects` are, by look, the estimate on the efficacy bound measured from the null, as a share
    of the effect planned for.
    """

    inflation: float
    expected_truth: float
    expected_null: float
    effects: tuple[float | None, ...]


def looks_of(
    upper: Sequence[float],
    fractions: Sequence[float],
    plan: Plan,
    *,
    lower: Sequence[float] | None = None,
) -> Looks:
    """Factors for efficacy bounds (and lower ones) on z at cumulative information `fractions`.

    Raises `UsageError` unless the last fraction is 1, and as `crossing_probabilities`.
    """
    if not math.isclose(fractions[-1], 1):
        raise UsageError("FRACTIONS", "The last look of a design has all its information.")
    drift = drift_for_power(upper, fractions, power=plan.power, lower=lower)
    inflation = inflation_factor(drift, fractions, alpha=plan.alpha, power=plan.power)

    def expected(effect: float) -> float:
        under = operating_characteristics(upper, fractions, drift=effect, lower=lower)
        return under.expected_information * inflation

    effects = tuple(
        None if math.isinf(bound) else bound / (drift * math.sqrt(t))
        for bound, t in zip(upper, fractions, strict=True)
    )
    return Looks(inflation, expected(drift), expected(0.0), effects)
