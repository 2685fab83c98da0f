"""Which way is good: the only place where a direction turns a sign.

An effect is candidate minus standard of care and keeps that sign everywhere. Only the test
statistic is turned, so that it is positive when the data favour the alternative.
"""

import math

from scipy import special

from protocols.errors import UsageError
from protocols.vocabulary import Direction


def sign_of(direction: Direction) -> int:
    """+1 where more is better, -1 where less is better."""
    match direction:
        case Direction.HIGHER_IS_BETTER:
            return 1
        case Direction.LOWER_IS_BETTER:
            return -1


def null_effect(margin: float, direction: Direction) -> float:
    """The effect on the edge of the null hypothesis: -margin, or +margin where less is better.

    `margin` is 0 for superiority. Raises `UsageError` for a negative or non-finite margin.
    """
    if not math.isfinite(margin) or margin < 0:
        message = f"A margin is a non-negative number on the endpoint's scale, not {margin}."
        raise UsageError("MARGIN_NEGATIVE", message)
    return -sign_of(direction) * margin + 0.0


def null_ratio(margin: float, direction: Direction) -> float:
    """The ratio on the edge of the null hypothesis, as the protocol writes it; 1 for superiority.

    Where more is better the largest acceptable loss lies in (0, 1], where less is better in
    [1, inf). Raises `UsageError` for a margin on the wrong side.
    """
    right = 0 < margin <= 1 if sign_of(direction) > 0 else 1 <= margin < math.inf
    if not right:
        message = f"A ratio of {margin} is no margin where {direction.value.replace('_', ' ')}."
        raise UsageError("MARGIN_SIDE", message)
    return margin


def opposite(direction: Direction) -> Direction:
    """The other way: an equivalence is tested both ways."""
    match direction:
        case Direction.HIGHER_IS_BETTER:
            return Direction.LOWER_IS_BETTER
        case Direction.LOWER_IS_BETTER:
            return Direction.HIGHER_IS_BETTER


def turned(statistic: float, direction: Direction) -> float:
    """The statistic with its sign turned so that large favours the alternative."""
    return sign_of(direction) * statistic + 0.0


def upper_tail(statistic: float, df: float | None) -> float:
    """One-sided p-value: normal where `df` is None, else Student's t with `df` degrees."""
    if df is None:
        return float(special.ndtr(-statistic))
    return float(special.stdtr(df, -statistic))


def critical_value(level: float, df: float | None = None) -> float:
    """The quantile of a two-sided interval at `level` in (0, 1]; infinite at level 1.

    Normal where `df` is None, else Student's t. Raises `UsageError` for another level.
    """
    if not 0 < level <= 1:
        raise UsageError("LEVEL_RANGE", f"An interval's level lies in (0, 1], not {level}.")
    return critical_of((1 - level) / 2, df)


def critical_of(alpha: float, df: float | None = None) -> float:
    """The upper quantile at one-sided `alpha` in [0, 0.5]; infinite at 0."""
    if alpha == 0:
        return math.inf
    if df is None:
        return -float(special.ndtri(alpha))
    return -float(special.stdtrit(df, alpha))
