"""Whether what became of the mirrored requests still has the registered mix, at any time.

Counts of answered, failed, expired and so on against their registered shares: the Bayes factor of
a Dirichlet mixture centred at those shares is a martingale under them. Lindon & Malek 2022,
NeurIPS 35:20051 (arXiv 2011.03567).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, special

from evaluation.inference.arrays import FloatArray
from evaluation.monitoring.mixtures import checked_alpha
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class FateMix:
    """Counts so far against `shares`; `concentration` is the prior's weight in cases.

    `log_e` is the Bayes factor now, `highest` its largest value so far: exp(-highest) is the
    always-valid p-value, and the mix has changed once `highest` reaches ln(1 / alpha).
    """

    shares: tuple[float, ...]
    concentration: float
    counts: tuple[int, ...]
    log_e: float = 0.0
    highest: float = 0.0

    @property
    def p_value(self) -> float:
        """Smallest error at which the mix would have been called changed so far."""
        return math.exp(-self.highest)

    def extend(self, counts: Sequence[int]) -> "FateMix":
        """The state after a batch with these counts, looked at once at its end."""
        if len(counts) != len(self.shares) or any(c < 0 or c != int(c) for c in counts):
            raise UsageError("COUNT_RANGE", "A batch has one whole count for each fate.")
        total = tuple(a + int(b) for a, b in zip(self.counts, counts, strict=True))
        log_e = self._log_e(total)
        return replace(self, counts=total, log_e=log_e, highest=max(self.highest, log_e))

    def _log_e(self, counts: tuple[int, ...]) -> float:
        prior = np.array(self.shares) * self.concentration
        n = np.array(counts, dtype=np.float64)
        rising = special.gammaln(prior + n) - special.gammaln(prior) - n * np.log(self.shares)
        k = self.concentration
        return float(rising.sum() - (math.lgamma(k + n.sum()) - math.lgamma(k)))

    def share_interval(self, fate: int, alpha: float) -> tuple[float, float]:
        """Anytime-valid limits of one fate's share: those its own Bayes factor leaves.

        The fate against all others has a beta mixture with the same weight.
        """
        goal = -math.log(checked_alpha(alpha))
        a = self.shares[fate] * self.concentration
        b = self.concentration - a
        n, wins = sum(self.counts), self.counts[fate]
        lost = n - wins
        inside = float(special.betaln(a + wins, b + lost) - special.betaln(a, b))

        def excess(share: float) -> float:
            return inside - float(special.xlogy(wins, share) + special.xlog1py(lost, -share)) - goal

        best = wins / n if n else 0.5
        low, high = 0.0, 1.0
        if wins and excess(1e-300) > 0:
            low = float(optimize.brentq(excess, 1e-300, best, xtol=1e-15, rtol=1e-13))
        if lost and excess(1 - 1e-16) > 0:
            high = float(optimize.brentq(excess, best, 1 - 1e-16, xtol=1e-15, rtol=1e-13))
        return low, high


def fate_mix_log_e(
    shares: Sequence[float], fates: Sequence[int], *, concentration: float
) -> FloatArray:
    """`FateMix.log_e` after each of `fates`, which are places among `shares`, read one by one.

    Raises `UsageError` for shares that are no mix or a fate that is none of them.
    """
    start = fate_mix(shares, concentration=concentration)
    x = np.asarray(fates, dtype=np.int64)
    if bool(((x < 0) | (x >= len(shares))).any()):
        raise UsageError("COUNT_RANGE", "A fate is one of those that have a share.")
    counts = np.cumsum(np.eye(len(shares))[x], axis=0)
    prior = np.array(start.shares) * concentration
    rising = special.gammaln(prior + counts) - special.gammaln(prior)
    n = np.arange(1, len(x) + 1)
    total = special.gammaln(concentration + n) - math.lgamma(concentration)
    return np.asarray((rising - counts * np.log(start.shares)).sum(axis=1) - total)


def fate_mix(shares: Sequence[float], *, concentration: float) -> FateMix:
    """The state before the first request. Shares are positive and sum to 1; weights scale to it."""
    total = math.fsum(shares)
    if len(shares) < 2 or not all(share > 0 for share in shares) or not concentration > 0:
        raise UsageError("SHARES", "A mix has two or more positive shares and a positive weight.")
    if abs(total - 1) > 1e-9:
        raise UsageError("SHARES", f"The shares of a mix sum to 1, not {total}.")
    return FateMix(tuple(share / total for share in shares), concentration, (0,) * len(shares))
