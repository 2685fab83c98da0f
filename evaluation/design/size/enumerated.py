"""Power and size of the registered exact test of a paired difference, by counting every table.

The test is `inference.proportions.exact` (Fay & Lumbard 2021): for a number of discordant pairs its
p falls with the candidate's wins, so a limit for each number says all. Exact power is saw-toothed.
"""

import math
from functools import lru_cache

import numpy as np
from scipy import special

from evaluation.design.size.exact import tail
from evaluation.design.size.plan import Plan, Target
from evaluation.design.size.proportions import check_discordance, score_normal
from evaluation.inference.arrays import IntArray
from evaluation.inference.orientation import sign_of
from evaluation.inference.proportions.difference import PairedCounts
from evaluation.inference.proportions.exact import exact_p
from protocols.errors import UsageError

LARGEST = 1000  # pairs; beyond, tables are too many and the score test's normal power is near
NEGLIGIBLE = 1e-13  # share of tables left out on either side
SURE = 8.2  # a deviate whose normal probability is 1 in floating point


def enumerated_power(target: Target, discordance: float, n: int, alpha: float) -> float:
    """The chance that `n` pairs have an exact p of `alpha` at most.

    `discordance` in (0, 1]. Raises `UsageError` beyond 1000 pairs.
    """
    check_discordance(discordance, target.truth)
    if not 1 <= n <= LARGEST:
        message = f"Tables are enumerated up to {LARGEST} pairs; use the normal approximation."
        raise UsageError("SIZE_RANGE", message)
    sign = sign_of(target.direction)
    return tail(_wins(n, sign * target.null, alpha, discordance), sign * target.truth, discordance)


@lru_cache(maxsize=256)
def _wins(n: int, null: float, alpha: float, discordance: float) -> IntArray:
    """The fewest wins that reject by discordant pairs; n + 1 where none does, or none will be."""
    found = np.full(n + 1, n + 1, dtype=np.int64)
    counts = np.arange(n + 1)
    likely = special.bdtr(counts, n, discordance) > NEGLIGIBLE
    likely &= special.bdtrc(counts - 1, n, discordance) > NEGLIGIBLE
    likely[0] = False  # a table on which the arms never differ is refused
    wins = 0
    for discordant in counts[likely].tolist():
        wins = _least(n, discordant, null, alpha, start=wins)
        found[discordant] = wins if wins <= discordant else n + 1
    found.flags.writeable = False
    return found


def _least(n: int, discordant: int, null: float, alpha: float, *, start: int) -> int:
    """From the limit of one discordant pair fewer, which is near."""

    def rejects(wins: int) -> bool:
        table = PairedCounts(n - discordant, wins, discordant - wins, 0)
        return exact_p(table, null) <= alpha

    wins = min(start, discordant + 1)
    while wins <= discordant and not rejects(wins):
        wins += 1
    while wins > 0 and rejects(wins - 1):
        wins -= 1
    return wins


def enumerated_deviate(target: Target, discordance: float, n: float, plan: Plan) -> float:
    """The standard normal quantile of the power; of the score test's beyond 1000 pairs."""
    normal = score_normal(target, discordance)
    if n >= LARGEST + 1:
        return normal.deviate(n, plan)
    if n < 1:
        return -math.inf
    found = float(special.ndtri(enumerated_power(target, discordance, int(n + 1e-9), plan.alpha)))
    return max(SURE, normal.deviate(n, plan)) if found > SURE else found
