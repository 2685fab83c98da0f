"""How the effects of one hypothesis and its arms' own values are written, by measure and scale.

AUC and its like have three decimals, the Brier score four; shares of pairs are percent and their
differences points; other measures have significant digits and the outcome's unit. A ratio has no
unit whatever it is a ratio of.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from protocols.methods.measures import MEASURES, Measure
from reports.numbers import (
    LARGE_SAMPLE,
    Format,
    separating_decimals,
    significant_decimals,
    trimmed,
)

RATIO = "ratio"
RATIO_DECIMALS = 2
RANKING_DECIMALS = 3
BRIER_DECIMALS = 4
EFFECT_DIGITS = 3
VALUE_DIGITS = 4
PERCENT = ("binary", "predictive")
SHARES_BY_RANK = ("sensitivity_at_specificity", "recall_at_alert_rate")


@dataclass(frozen=True, slots=True)
class EffectFormat(Format):
    """A format of effects; `own` is that of the arms' own values."""

    own: Format
    scale: str

    @property
    def none(self) -> float:
        """Where the arms are alike."""
        return 1.0 if self.scale == RATIO else 0.0

    @property
    def in_points(self) -> str:
        """What the title of a column or axis adds where effects are percentage points."""
        return " in points" if self.factor == 100 else ""

    def value(self, value: float) -> str:
        """An arm's own value: percent for a share, else a number with the outcome's unit."""
        return self.own.with_unit(value)


def effect_format(
    measure: Measure,
    n: int,
    limits: Sequence[float],
    margin: float | None,
    *,
    scale: str = "difference",
    values: Iterable[float] = (),
    unit: str = "",
) -> EffectFormat:
    """The format for one result on `n` pairs.

    `limits` are the numbers that must be seen to lie on their side of no effect and of the margin;
    `values` the arms' own, `unit` theirs where they have one.
    """
    own = _own_format(measure, n, values, unit)
    if scale == RATIO:
        decimals = _decimals(limits, margin, RATIO_DECIMALS, scale=scale)
        return EffectFormat(1, decimals, "", own, scale)
    scaled = [limit * own.factor for limit in limits]
    least = None if margin is None else margin * own.factor
    base = own.decimals
    if not is_percent(measure) and _fixed_decimals(measure) is None:
        base = significant_decimals([*scaled, least or 0.0], EFFECT_DIGITS)
    decimals = _decimals(scaled, least, base, scale=scale)
    if is_percent(measure) or _fixed_decimals(measure) is not None:
        own = Format(own.factor, decimals, own.unit)  # beside each other: the same decimals
    return EffectFormat(own.factor, decimals, " points" if own.factor == 100 else unit, own, scale)


def is_percent(measure: Measure) -> bool:
    """Whether the measure is a share of pairs, which readers take as percent."""
    spec = MEASURES[measure]
    return spec.share and (spec.kind in PERCENT or measure in SHARES_BY_RANK)


def linear(value: float, scale: str) -> float:
    """A value on the scale where no effect is 0 and both directions weigh alike."""
    if scale != RATIO:
        return value
    return math.log(value) if value > 0 else -math.inf


def _own_format(measure: Measure, n: int, values: Iterable[float], unit: str) -> Format:
    if is_percent(measure):
        return Format(100, int(n >= LARGE_SAMPLE), "%")
    decimals = _fixed_decimals(measure)
    if decimals is None:
        decimals = significant_decimals(values, VALUE_DIGITS)
    return Format(1, decimals, unit)


def _fixed_decimals(measure: Measure) -> int | None:
    if measure == "brier":
        return BRIER_DECIMALS
    return RANKING_DECIMALS if MEASURES[measure].kind in ("ranking", "category") else None


def _decimals(limits: Sequence[float], margin: float | None, base: int, *, scale: str) -> int:
    """Enough decimals for the margin as written, and to keep every limit on its side."""
    places = [1.0 if scale == RATIO else 0.0]
    if margin is not None:
        base = max(base, len(trimmed(margin, 6).partition(".")[2]))
        places += [margin, 1 / margin if scale == RATIO else -margin]
    return separating_decimals(limits, places, base)
