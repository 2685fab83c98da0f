"""Boundaries of a given shape, scaled so that all looks together spend alpha.

They fix the number and timing of looks in advance; the registered designs use spending
functions and one side. Kept for comparison with published tables. Two-sided bounds are symmetric,
`alpha` is that of each side, and whoever left on the other side first is not counted.
"""

import math
from collections.abc import Sequence

from scipy import optimize

from evaluation.design.boundaries import (
    check_information,
    crossing_probabilities,
    efficacy_boundaries,
)
from protocols.errors import UsageError


def symmetric_boundaries(
    cumulative_alpha: Sequence[float], information: Sequence[float]
) -> tuple[float, ...]:
    """z of bounds on both sides, each spending `cumulative_alpha`; as `efficacy_boundaries`."""
    found: list[float] = []
    for k in range(1, len(information) + 1):
        below = [*(-bound for bound in found), -math.inf]
        found.append(efficacy_boundaries(cumulative_alpha[:k], information[:k], lower=below)[-1])
    return tuple(found)


def _check(information: Sequence[float], alpha: float) -> None:
    if not (len(information) > 0 and 0 < alpha < 0.5):
        raise UsageError("ALPHA_RANGE", "Bounds need a look, and an alpha in (0, 0.5) a side.")
    check_information(information)


def _left_above(bounds: Sequence[float], information: Sequence[float], *, two_sided: bool) -> float:
    below = [-bound for bound in bounds] if two_sided else None
    return sum(crossing_probabilities(bounds, information, lower=below).upper)


def wang_tsiatis_boundaries(
    information: Sequence[float], alpha: float, *, delta: float, two_sided: bool = False
) -> tuple[float, ...]:
    """c (I_k / I_K)^(delta - 1/2): Pocock's constant at 1/2, O'Brien & Fleming's shape at 0.

    Wang & Tsiatis 1987, Biometrics 43:193; Pocock 1977; O'Brien & Fleming 1979. Raises `UsageError`
    for an alpha outside (0, 0.5) and as `check_information`.
    """
    _check(information, alpha)
    shape = [(here / information[-1]) ** (delta - 0.5) for here in information]

    def excess(scale: float) -> float:
        bounds = [scale * part for part in shape]
        return _left_above(bounds, information, two_sided=two_sided) - alpha

    scale = float(optimize.brentq(excess, 0.1, 20.0, xtol=1e-13))
    return tuple(scale * part for part in shape)


def haybittle_peto_boundaries(
    information: Sequence[float], alpha: float, *, interim_z: float, two_sided: bool = False
) -> tuple[float, ...]:
    """One z at every interim look, the last spending what is left (Haybittle 1971; Peto 1976).

    Raises `UsageError` when the interim looks alone spend more than alpha, for an alpha outside
    (0, 0.5) and as `check_information`.
    """
    _check(information, alpha)
    interim = [interim_z] * (len(information) - 1)
    if _left_above(interim, information[:-1], two_sided=two_sided) >= alpha:
        raise UsageError("ALPHA_RANGE", "The interim looks spend all of alpha; raise their bound.")

    def excess(last: float) -> float:
        return _left_above([*interim, last], information, two_sided=two_sided) - alpha

    low = 0.0 if two_sided else -5.0
    return (*interim, float(optimize.brentq(excess, low, 20.0, xtol=1e-13)))
