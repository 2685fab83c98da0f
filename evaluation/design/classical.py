"""Boundaries of a given shape, scaled so that all looks together spend alpha.

They fix the number and timing of looks in advance; the registered designs use spending
functions. Kept for comparison with published tables.
"""

from collections.abc import Sequence

from scipy import optimize

from evaluation.design.boundaries import crossing_probabilities
from protocols.errors import UsageError


def wang_tsiatis_boundaries(
    information: Sequence[float], alpha: float, *, delta: float
) -> tuple[float, ...]:
    """c (I_k / I_K)^(delta - 1/2): Pocock's constant at 1/2, O'Brien & Fleming's shape at 0.

    Wang & Tsiatis 1987, Biometrics 43:193; Pocock 1977; O'Brien & Fleming 1979.
    """
    shape = [(here / information[-1]) ** (delta - 0.5) for here in information]

    def excess(scale: float) -> float:
        bounds = [scale * part for part in shape]
        return sum(crossing_probabilities(bounds, information).upper) - alpha

    scale = float(optimize.brentq(excess, 0.1, 20.0, xtol=1e-13))
    return tuple(scale * part for part in shape)


def haybittle_peto_boundaries(
    information: Sequence[float], alpha: float, *, interim_z: float
) -> tuple[float, ...]:
    """One z at every interim look, the last spending what is left (Haybittle 1971; Peto 1976).

    Raises `UsageError` when the interim looks alone spend more than alpha.
    """
    interim = [interim_z] * (len(information) - 1)
    if sum(crossing_probabilities(interim, information[:-1]).upper) >= alpha:
        raise UsageError("ALPHA_RANGE", "The interim looks spend all of alpha; raise their bound.")

    def excess(last: float) -> float:
        return sum(crossing_probabilities([*interim, last], information).upper) - alpha

    return (*interim, float(optimize.brentq(excess, -5.0, 20.0, xtol=1e-13)))
