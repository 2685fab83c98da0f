"""Several harms, one answer: averaged e-processes and the e-BH procedure.

Both hold under any dependence between the harms. Vovk & Wang 2021, Annals of Statistics 49:1736;
Wang & Ramdas 2022, J R Stat Soc B 84:822.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy import special

from evaluation.inference.arrays import BoolArray, FloatArray
from evaluation.monitoring.mixtures import checked_alpha
from protocols.errors import UsageError


def averaged(log_e: FloatArray, weights: Sequence[float] | None = None) -> FloatArray:
    """Logarithm of the weighted mean of e-processes along the last axis, one column a harm.

    `weights` are registered before the first case and sum to 1; equal if None. Raises
    `UsageError` for weights that do not, because the mean of e-values would be none.
    """
    values = np.asarray(log_e, dtype=np.float64)
    k = values.shape[-1]
    shares = np.full(k, 1 / k) if weights is None else np.asarray(weights, dtype=np.float64)
    if shares.shape != (k,) or bool((shares < 0).any()) or abs(math.fsum(shares) - 1) > 1e-9:
        raise UsageError("MERGE_WEIGHTS", "Each harm has a weight of 0 or more; they sum to 1.")
    return np.asarray(special.logsumexp(values, axis=-1, b=shares))


def e_bh(log_e: Sequence[float], alpha: float) -> tuple[bool, ...]:
    """Which harms are shown while the expected share of false ones stays at most `alpha`.

    The k largest e-values are, for the largest k with e_(k) >= K / (k alpha). An e-value beyond
    what a float holds comes as its logarithm.
    """
    values = np.asarray(log_e, dtype=np.float64)
    k = len(values)
    if k == 0:
        return ()
    order = np.argsort(-values, kind="stable")
    needed = np.log(k) - np.log(np.arange(1, k + 1)) - math.log(checked_alpha(alpha))
    reached = np.flatnonzero(values[order] >= needed)
    if reached.size == 0:
        return (False,) * k
    last = values[order][reached[-1]]
    return tuple(bool(value >= last) for value in values)


def e_bh_shows(log_e: FloatArray, alpha: float) -> BoolArray:
    """In each row, one column a harm, whether `e_bh` would show any of them."""
    values = np.sort(np.asarray(log_e, dtype=np.float64), axis=1)[:, ::-1]
    k = values.shape[1]
    needed = math.log(k) - np.log(np.arange(1, k + 1)) - math.log(checked_alpha(alpha))
    return np.asarray((values >= needed).any(axis=1))


def always_valid_p(log_e: FloatArray) -> FloatArray:
    """After each case the smallest min(1, 1/e) so far, along the first axis."""
    highest = np.maximum.accumulate(np.maximum(np.asarray(log_e, dtype=np.float64), 0.0), axis=0)
    return np.asarray(np.exp(-highest))
