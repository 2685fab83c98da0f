"""Exact test of no shift: how many flips of the signs give a sum at least as large.

Under the null hypothesis that a difference and its opposite are equally likely, every pattern of
signs is. Where subjects come back, a subject's sum is flipped as a whole. Sums are of whole numbers
of the registered resolution, so ties are ties.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import FloatArray, IntArray, cluster_index, exact_sum
from evaluation.inference.base import Findings, Method, NotEvaluable, Quantity
from evaluation.inference.continuous.walsh import in_units
from evaluation.inference.refusals import NO_PAIRS
from evaluation.inference.rows import Asked, Rows

METHOD = Method(
    name="sign_flip",
    sentence=(
        "Exact test of a mean difference of 0 over all patterns of signs; the signs of one "
        "subject's differences are flipped together."
    ),
    citation="Fisher 1935, The Design of Experiments, section 21",
)
COUNTED = 40
"""So many sums that are not 0 are counted pattern by pattern, in two halves of 2^20 each."""

STEPS = 5 * 10**8
"""More sums are added one by one to the distribution of their total, in so many steps at most."""


@dataclass(frozen=True, slots=True)
class SignFlip:
    """Mean difference, and exact p-values: of a larger sum, of a smaller one, two-sided."""

    mean: float
    p_greater: float
    p_less: float
    p_two_sided: float


def sign_flip(
    differences: FloatArray, *, resolution: float, cluster: IntArray | None = None
) -> SignFlip | NotEvaluable:
    """Exact p-values of `differences`, shape (n,), rounded to `resolution` > 0.

    `cluster` numbers the subjects; None takes every difference as its own. Two-sided p counts the
    patterns whose sum is as far from 0. Refuses no pair, a difference that is not finite,
    differences that are all 0, and sums too many and too large in units of the resolution.
    """
    if differences.size == 0:
        return NO_PAIRS
    if not np.isfinite(differences).all():
        return NotEvaluable("values_not_finite", "A pair lacks a finite value of an arm.")
    units = in_units(differences, resolution)
    sums = units if cluster is None else _by_subject(units, cluster)
    sums = np.abs(sums[sums != 0])
    if sums.size == 0:
        return NotEvaluable("no_differences", "Every difference is 0 at this resolution.")
    if sums.size > COUNTED and sums.size * int(sums.sum()) > STEPS:
        reason = f"{sums.size} sums have too many totals at a resolution of {resolution:g}."
        return NotEvaluable("too_many_pairs", reason)
    observed = int(units.sum())
    upper = _share_at_least(sums, observed)
    lower = _share_at_least(sums, -observed)
    far = 1.0 if observed == 0 else 2 * _share_at_least(sums, abs(observed))
    mean = exact_sum(differences) / len(differences)
    return SignFlip(mean, upper, lower, min(1.0, far))


def _by_subject(units: IntArray, cluster: IntArray) -> IntArray:
    index, k = cluster_index(cluster)
    sums = np.zeros(k, dtype=np.int64)
    np.add.at(sums, index, units)
    return sums


def _share_at_least(sizes: IntArray, threshold: int) -> float:
    """Share of the sign patterns whose sum is `threshold` or more."""
    if len(sizes) > COUNTED:
        return _share_of_totals(sizes, threshold)
    middle = len(sizes) // 2
    one, other = _all_sums(sizes[:middle]), np.sort(_all_sums(sizes[middle:]))
    enough = len(other) - np.searchsorted(other, threshold - one, side="left")
    return int(enough.sum()) / (1 << len(sizes))


def _all_sums(sizes: IntArray) -> IntArray:
    sums = np.zeros(1, dtype=np.int64)
    for size in sizes.tolist():
        sums = np.concatenate((sums - size, sums + size))
    return sums


def _share_of_totals(sizes: IntArray, threshold: int) -> float:
    """The same from the distribution of the positive part, one sum at a time (smallest first)."""
    total = int(sizes.sum())
    share = np.zeros(total + 1)
    share[0] = 1.0
    for size in np.sort(sizes).tolist():
        share[size:] = (share[size:] + share[: total + 1 - size]) / 2
        share[:size] /= 2
    least = max(0, -((-threshold - total) // 2))  # the positive part is half of sum and total
    return exact_sum(share[least:])


def run_sign_flip(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `sign_flip` on rows: the mean and its exact p-values; refuses as `sign_flip`."""
    found = sign_flip(
        rows.candidate - rows.standard_of_care,
        resolution=asked.number("resolution"),
        cluster=rows.cluster if rows.clustered else None,
    )
    if isinstance(found, NotEvaluable):
        return found
    quantities = (
        Quantity("mean", "Mean difference", found.mean, p_value=found.p_two_sided),
        Quantity("greater", "A larger sum (p one-sided)", p_value=found.p_greater),
        Quantity("less", "A smaller sum (p one-sided)", p_value=found.p_less),
    )
    return Findings(METHOD, quantities, rows.n, rows.n_clusters)
