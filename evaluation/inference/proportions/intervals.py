"""Other intervals for a paired difference: for display and comparison, never the registered one.

Wald's has width zero without discordant pairs; Newcombe's is too narrow there for
non-inferiority. The registered interval is the score interval of `paired`. All are cut to [-1, 1]
and raise `UsageError` for an empty table.
"""

import math

from evaluation.inference.orientation import critical_value
from evaluation.inference.proportions.difference import PairedCounts
from evaluation.inference.proportions.single import wilson_interval
from protocols.errors import UsageError


def correlation(counts: PairedCounts, *, continuity: float = 0.0) -> float:
    """Phi of the two arms, `continuity` taken off a positive numerator; 0 for an empty margin."""
    n = counts.n
    product = (
        counts.n_candidate
        * (n - counts.n_candidate)
        * counts.n_standard_of_care
        * (n - counts.n_standard_of_care)
    )
    if product == 0:
        return 0.0
    top: float = counts.n11 * counts.n00 - counts.n10 * counts.n01
    if top > 0:
        top = max(top - continuity, 0.0)
    return top / math.sqrt(product)


def newcombe_interval(counts: PairedCounts, *, level: float) -> tuple[float, float]:
    """Square-and-add of the two Wilson intervals with their correlation; `level` is two-sided.

    Newcombe 1998, Statistics in Medicine 17:2635, method 10.
    """
    _check(counts)
    n, difference, phi = counts.n, counts.difference, correlation(counts, continuity=counts.n / 2)
    share_c, share_s = counts.n_candidate / n, counts.n_standard_of_care / n
    low_c, high_c = wilson_interval(counts.n_candidate, n, level=level)
    low_s, high_s = wilson_interval(counts.n_standard_of_care, n, level=level)
    down = _hypot(share_c - low_c, high_s - share_s, phi)
    up = _hypot(high_c - share_c, share_s - low_s, phi)
    return difference - down, difference + up


def _hypot(a: float, b: float, phi: float) -> float:
    return math.sqrt(max(a * a - 2 * phi * a * b + b * b, 0.0))


def wald_interval(counts: PairedCounts, *, level: float) -> tuple[float, float]:
    """Estimate plus or minus z times its standard error; width zero without discordant pairs."""
    return _wald(counts, 0.0, level)


def agresti_min_interval(counts: PairedCounts, *, level: float) -> tuple[float, float]:
    """Wald after half a pair more in each cell (Agresti & Min 2005, Stat Med 24:729)."""
    return _wald(counts, 0.5, level)


def bonett_price_interval(counts: PairedCounts, *, level: float) -> tuple[float, float]:
    """Wald after one pair more in each discordant cell.

    Bonett & Price 2012, British Journal of Mathematical and Statistical Psychology 65:479.
    """
    return _wald(counts, 1.0, level)


def wald_error(counts: PairedCounts, *, added: float) -> float:
    """Wald's standard error after `added` pairs in each discordant cell, two pairs in all."""
    _check(counts)
    n10, n01, n = counts.n10 + added, counts.n01 + added, _enlarged(counts, added)
    return math.sqrt(n10 + n01 - (n10 - n01) ** 2 / n) / n


def _enlarged(counts: PairedCounts, added: float) -> int:
    return counts.n + (2 if added else 0)


def _check(counts: PairedCounts) -> None:
    if counts.n == 0:
        raise UsageError("NO_PAIRS", "There is no interval for an empty table.")


def _wald(counts: PairedCounts, added: float, level: float) -> tuple[float, float]:
    half = critical_value(level) * wald_error(counts, added=added)
    difference = (counts.n10 - counts.n01) / _enlarged(counts, added)
    return max(difference - half, -1.0), min(difference + half, 1.0)
