"""Adjusted p-values of the procedures that order hypotheses by their p-values or beforehand.

Bonferroni, Holm and the fixed sequence hold the family-wise error rate under any dependence.
Hochberg and Hommel rest on the Simes inequality: they need independent or positively dependent
statistics. Benjamini & Hochberg and Benjamini & Yekutieli hold the false discovery rate only,
which is no basis for a claim on a primary endpoint.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluation.design.multiplicity.levels import checked_alpha, checked_p, reaches
from protocols.errors import UsageError

Adjust = Callable[[Sequence[float]], list[float]]


@dataclass(frozen=True, slots=True)
class Decisions:
    """Adjusted p-values in the order given, and what they reject at `alpha` (<= rejects)."""

    adjusted_p: tuple[float, ...]
    rejected: tuple[bool, ...]
    alpha: float


def decided(adjusted_p: Sequence[float], alpha: float) -> Decisions:
    """Holds adjusted p-values against a level in (0, 1)."""
    checked_alpha(alpha)
    return Decisions(tuple(adjusted_p), tuple(reaches(p, alpha) for p in adjusted_p), alpha)


def _bonferroni(ordered: Sequence[float]) -> list[float]:
    return [len(ordered) * p for p in ordered]


def _holm(ordered: Sequence[float]) -> list[float]:
    m = len(ordered)
    return list(itertools.accumulate(((m - i) * p for i, p in enumerate(ordered)), max))


def _from_above(values: Sequence[float]) -> list[float]:
    return list(itertools.accumulate(reversed(values), min))[::-1]


def _hochberg(ordered: Sequence[float]) -> list[float]:
    m = len(ordered)
    return _from_above([(m - i) * p for i, p in enumerate(ordered)])


def _hommel(ordered: Sequence[float]) -> list[float]:
    """Closed Simes test in O(m^2): the largest Simes p-value of an intersection of each size.

    Among the intersections of size s that hold hypothesis i, the largest Simes p-value belongs to
    the one filled up with the largest p-values.
    """
    m = len(ordered)
    adjusted = list(ordered)
    for size in range(2, m + 1):
        top = ordered[m - size + 1 :]  # the size - 1 largest
        rest = min(size * p / rank for rank, p in enumerate(top, start=2))
        for i in range(m):
            first = ordered[i] if i <= m - size else ordered[m - size]
            adjusted[i] = max(adjusted[i], min(size * first, rest))
    return adjusted


def _benjamini_hochberg(ordered: Sequence[float]) -> list[float]:
    m = len(ordered)
    return _from_above([m * p / rank for rank, p in enumerate(ordered, start=1)])


def _benjamini_yekutieli(ordered: Sequence[float]) -> list[float]:
    harmonic = sum(1 / rank for rank in range(1, len(ordered) + 1))
    return [harmonic * p for p in _benjamini_hochberg(ordered)]


FAMILY_WISE: dict[str, Adjust] = {
    "bonferroni": _bonferroni,
    "holm": _holm,
    "hochberg": _hochberg,
    "hommel": _hommel,
}
DISCOVERY_RATE: dict[str, Adjust] = {
    "benjamini_hochberg": _benjamini_hochberg,
    "benjamini_yekutieli": _benjamini_yekutieli,
}
NEEDS_POSITIVE_DEPENDENCE = frozenset({"hochberg", "hommel"})


def adjusted(p: Sequence[float], method: str) -> tuple[float, ...]:
    """Adjusted p-values, in the order given and at most 1.

    `method` is bonferroni, holm (Scand J Stat 1979, 6:65), hochberg (Biometrika 1988, 75:800),
    hommel (Biometrika 1988, 75:383), benjamini_hochberg (J R Stat Soc B 1995, 57:289) or
    benjamini_yekutieli (Ann Stat 2001, 29:1165). Raises `UsageError` for another word and for
    p-values outside [0, 1].
    """
    values = checked_p(p)
    adjust = (FAMILY_WISE | DISCOVERY_RATE).get(method)
    if adjust is None:
        known = ", ".join((*FAMILY_WISE, *DISCOVERY_RATE))
        raise UsageError("PROCEDURE_UNKNOWN", f"No procedure {method}; known are {known}.")
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    for place, value in zip(order, adjust([values[i] for i in order]), strict=True):
        found[place] = min(value, 1.0)
    return tuple(found)


def fixed_sequence(p: Sequence[float]) -> tuple[float, ...]:
    """Each hypothesis at full alpha until one is not rejected: running maxima in the order given.

    Maurer, Hothorn & Lehmacher 1995; Westfall & Krishen 2001, J Stat Plan Inference 99:25.
    """
    return tuple(itertools.accumulate(checked_p(p), max))


def intersection_union(p: Sequence[float]) -> float:
    """The p-value of "all of these hold" for co-primaries, each at full alpha: the largest.

    Berger 1982, Technometrics 24:295. No adjustment is needed, and no single one may be claimed.
    """
    return max(checked_p(p))


@dataclass(frozen=True, slots=True)
class MarginThenSuperiority:
    """What one endpoint shows: the margin first, then superiority at the same alpha."""

    noninferior: bool
    superior: bool
    adjusted_p_noninferiority: float
    adjusted_p_superiority: float


def margin_then_superiority(
    p_noninferiority: float, p_superiority: float, *, alpha: float
) -> MarginThenSuperiority:
    """Superiority after non-inferiority on one endpoint costs no alpha: a fixed sequence.

    CPMP 2000, Points to consider on switching between superiority and non-inferiority.
    """
    found = decided(fixed_sequence([p_noninferiority, p_superiority]), alpha)
    return MarginThenSuperiority(*found.rejected, *found.adjusted_p)
