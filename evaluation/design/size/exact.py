"""Exact power and level of the paired score test: every table counted, nothing approximated.

A paired table has three outcomes for a pair - only the candidate right, only standard of care
right, no difference - so its discordant cells are trinomial. For a given number of discordant
pairs the score statistic rises with the candidate's share of them, so a critical value is a
limit for each number, and a tail is a sum of binomial tails. The exact test lowers the nominal
level until no discordance makes it exceed alpha (Hsueh, Liu & Chen 2001, Biometrics 57:478).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from evaluation.design.size.plan import Plan, SampleSize, Target, sized
from evaluation.design.size.proportions import check_discordance, score_size
from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.inference.orientation import sign_of
from protocols.errors import UsageError

GRID = 150  # discordances at which the level is looked at, before refining
LARGEST = 3000


@dataclass(frozen=True, slots=True)
class ExactSize:
    """A size by enumeration. `level` is the largest type I error of the test used.

    `critical` is its critical value: the normal one, or the exact test's higher one.
    """

    size: SampleSize
    level: float
    critical: float


def statistics(n: int, null: float) -> FloatArray:
    """Score statistic by (discordant pairs, of these won by the candidate); nan above the diagonal.

    Positive when the estimate is larger than `null`, as `proportions.difference.score_statistic`.
    """
    discordant = np.arange(n + 1, dtype=np.float64)[:, None]
    won = np.arange(n + 1, dtype=np.float64)[None, :]
    lost = discordant - won
    flip = null > 0
    up, down, edge = (lost, won, -null) if flip else (won, lost, null)
    b = -discordant + (2 * n - up + down) * edge
    c = -down * edge * (1 - edge)
    root = np.sqrt(np.maximum(b * b - 8 * n * c, 0.0))
    variance = n * np.maximum((root - b) / (2 * n) + edge * (1 - edge), 0.0)
    distance = won - lost - n * null
    with np.errstate(divide="ignore", invalid="ignore"):
        z = distance / np.sqrt(variance)
    z = np.where(distance == 0, 0.0, z)
    return np.where(won <= discordant, z, np.nan)


def least_wins(z: FloatArray, critical: float) -> IntArray:
    """For each number of discordant pairs the smallest number of wins that rejects."""
    reject = z >= critical * (1 - 1e-12)
    found: IntArray = np.where(reject.any(axis=1), reject.argmax(axis=1), z.shape[1]).astype(
        np.int64
    )
    return found


def tail(wins: IntArray, effect: float, discordance: float) -> float:
    """Probability of rejecting under a true (signed, turned) effect and discordance in [0, 1]."""
    return float(_tails(wins, effect, np.array([discordance]))[0])


def _tails(wins: IntArray, effect: float, discordances: FloatArray) -> FloatArray:
    """The same for many discordances: rows are theirs, columns numbers of discordant pairs."""
    n = len(wins) - 1
    counts = np.arange(n + 1)
    log_ways = (
        special.gammaln(n + 1) - special.gammaln(counts + 1) - special.gammaln(n - counts + 1)
    )
    each = discordances[:, None]
    log_share = log_ways + special.xlogy(counts, each) + special.xlog1py(n - counts, -each)
    won = np.divide(effect, each, out=np.zeros_like(each), where=each > 0)
    share = np.clip((1 + won) / 2, 0.0, 1.0)
    inner = (wins > 0) & (wins <= counts)
    below = special.betainc(np.where(inner, wins, 1), np.where(inner, counts - wins + 1, 1), share)
    beyond = np.where(inner, below, np.where(wins <= 0, 1.0, 0.0))
    found: FloatArray = (np.exp(log_share) * beyond).sum(axis=1)
    return found


def largest_level(wins: IntArray, null: float) -> float:
    """The largest type I error over all discordances from |null| to 1."""
    grid = np.linspace(abs(null), 1.0, GRID)
    levels = _tails(wins, null, grid)
    best = int(levels.argmax())
    around = np.linspace(grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)], 21)
    return max(float(levels[best]), float(_tails(wins, null, around).max()))


def _turned(target: Target) -> tuple[float, float]:
    """Null and true effect with the sign turned so that larger is better."""
    sign = sign_of(target.direction)
    return sign * target.null, sign * target.truth


def score_power(target: Target, discordance: float, n: int, *, critical: float) -> float:
    """Exact power of the score test with `n` pairs and this critical value of z (> 0)."""
    _check(n, target, discordance)
    null, truth = _turned(target)
    return tail(least_wins(statistics(n, null), critical), truth, discordance)


def score_level(null: float, n: int, *, critical: float) -> float:
    """The largest type I error of the score test at a signed null (larger is better)."""
    return largest_level(least_wins(statistics(n, null), critical), null)


def exact_critical(null: float, n: int, alpha: float) -> float:
    """The smallest critical value with which no discordance has a type I error above alpha."""
    z = statistics(n, null)
    values = np.unique(np.round(z[np.isfinite(z) & (z > 0)], 10))
    low, high = 0, len(values)  # values[high:] reject too rarely or not at all
    while low < high:
        middle = (low + high) // 2
        if largest_level(least_wins(z, float(values[middle])), null) <= alpha:
            high = middle
        else:
            low = middle + 1
    return float(values[low]) if low < len(values) else float("inf")


def _check(n: int, target: Target, discordance: float) -> None:
    check_discordance(discordance, target.truth)
    if not 1 <= n <= LARGEST:
        message = f"Tables are enumerated up to {LARGEST} pairs; use the normal approximation."
        raise UsageError("SIZE_RANGE", message)


def exact_size(
    target: Target, discordance: float, plan: Plan, *, guaranteed_level: bool
) -> ExactSize:
    """The size whose exact power reaches the target while one pair fewer does not.

    `guaranteed_level` uses the exact test, otherwise the score test with the normal critical
    value, whose level may lie a little above alpha and is told. Exact power is saw-toothed: a
    few larger sizes may fall just short. For independent pairs and one look: raises
    `UsageError` for a plan with clusters or inflation, and beyond 3000 pairs.
    """
    if plan.factor != 1:
        message = "Enumeration counts independent pairs at one look; multiply its answer yourself."
        raise UsageError("EXACT_PLAN", message)
    search = _Search(target, discordance, plan, guaranteed_level=guaranteed_level)
    start = score_size(target, discordance, plan).n_pairs
    _check(start, target, discordance)
    n = search.crossing(start)
    critical = search.critical(n)
    found = sized(float(n), plan, lambda _: search.power(n), "paired proportions, exact")
    level = score_level(_turned(target)[0], n, critical=critical)
    return ExactSize(replace(found, n_independent=float(n)), level, critical)


class _Search:
    """Bisection between a size that falls short and one that does not."""

    def __init__(
        self, target: Target, discordance: float, plan: Plan, *, guaranteed_level: bool
    ) -> None:
        self._target, self._discordance, self._plan = target, discordance, plan
        self._guaranteed = guaranteed_level
        self._criticals: dict[int, float] = {}

    def critical(self, n: int) -> float:
        if not self._guaranteed:
            return self._plan.z_alpha
        if n not in self._criticals:
            null = _turned(self._target)[0]
            self._criticals[n] = exact_critical(null, n, self._plan.alpha)
        return self._criticals[n]

    def power(self, n: int) -> float:
        return score_power(self._target, self._discordance, n, critical=self.critical(n))

    def crossing(self, start: int) -> int:
        enough = start
        while self.power(enough) < self._plan.power:
            enough = enough + max(1, enough // 10)
        short = max(enough - max(1, enough // 10), 0)
        while short > 0 and self.power(short) >= self._plan.power:
            enough, short = short, short - max(1, short // 10)
        while enough - short > 1:
            middle = (short + enough) // 2
            if self.power(middle) >= self._plan.power:
                enough = middle
            else:
                short = middle
        return enough
