"""Whether a mix of fates is still the one it began with, when nobody registered its shares.

A first window and what follows are each predicted by their own Krichevsky-Trofimov mixture; the
product over the largest likelihood of one mix for all of it never exceeds a martingale, whatever
that one mix is. Wasserman, Ramdas & Balakrishnan 2020, PNAS 117:16880.
"""

from collections.abc import Sequence

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray
from protocols.errors import UsageError


def mix_change_log_e(fates: Sequence[int], *, kinds: int, window: int) -> FloatArray:
    """Log e after each case behind the first `window`, that one mix explains all the cases.

    `fates` are numbers below `kinds`, in their order; empty as long as the window is not full.
    Raises `UsageError` for a fate that is none, fewer than two kinds or an empty window.
    """
    x = np.asarray(fates, dtype=np.int64)
    if kinds < 2 or window < 1 or bool(((x < 0) | (x >= kinds)).any()):
        raise UsageError("FATES", "A mix has two kinds or more, a window and fates among them.")
    if len(x) <= window:
        return np.zeros(0)
    counts = np.cumsum(np.eye(kinds)[x], axis=0)
    first = counts[window - 1]
    after = counts[window:] - first
    all_of_it = counts[window:]
    n = all_of_it.sum(axis=1, keepdims=True)
    likeliest = special.xlogy(all_of_it, all_of_it / n).sum(axis=1)
    return np.asarray(_predicted(first[None, :]) + _predicted(after) - likeliest)


def _predicted(counts: FloatArray) -> FloatArray:
    """Log probability of a sequence with these counts under a Dirichlet(1/2, ...) mixture."""
    k, n = counts.shape[1], counts.sum(axis=1)
    own = (special.gammaln(counts + 0.5) - special.gammaln(0.5)).sum(axis=1)
    return np.asarray(own - special.gammaln(n + k / 2) + special.gammaln(k / 2))
