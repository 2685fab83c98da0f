"""Do both arms use the categories alike? Bowker, Stuart-Maxwell and Bhapkar on a square table.

The covariance of the marginal differences is the Laplacian of a graph whose edges are the
off-diagonal counts, so its rank is the number of levels less the number of connected groups of
levels. That gives the degrees of freedom with empty cells, where packages divide by zero.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.sparse.csgraph import connected_components

from evaluation.inference.agreement.tables import checked_table
from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Method, NotEvaluable

METHOD = Method(
    "marginal_homogeneity",
    "Bowker's test of symmetry over the pairs of cells that hold a pair; Stuart-Maxwell and "
    "Bhapkar tests of equal marginal shares.",
    "Bowker 1948, J Am Stat Assoc 43:572; Stuart 1955, Biometrika 42:412; Maxwell 1970, Br J "
    "Psychiatry 116:651; Bhapkar 1966, J Am Stat Assoc 61:228",
)


@dataclass(frozen=True, slots=True)
class ChiSquared:
    """A chi-squared statistic, its degrees of freedom and its p-value."""

    statistic: float
    df: int
    p_value: float


def _tested(statistic: float, df: int) -> ChiSquared:
    return ChiSquared(statistic, df, float(special.chdtrc(df, statistic)))


def bowker(table: FloatArray) -> ChiSquared | NotEvaluable:
    """Symmetry: sum of (n_ij - n_ji)^2 / (n_ij + n_ji); empty pairs of cells count no df.

    Refuses a table without a disagreement. Bowker 1948, J Am Stat Assoc 43:572.
    """
    refused = _without_disagreement(table)
    if refused is not None:
        return refused
    above = np.triu_indices(len(table), 1)
    one, other = table[above], table.T[above]
    seen = one + other > 0
    one, other = one[seen], other[seen]
    return _tested(float(((one - other) ** 2 / (one + other)).sum()), int(seen.sum()))


def stuart_maxwell(table: FloatArray) -> ChiSquared | NotEvaluable:
    """Equal marginal shares, variance under equality; refuses a table without a disagreement.

    Stuart 1955, Biometrika 42:412; Maxwell 1970, Br J Psychiatry 116:651.
    """
    refused = _without_disagreement(table)
    if refused is not None:
        return refused
    apart = table.sum(axis=1) - table.sum(axis=0)
    edges = table + table.T
    np.fill_diagonal(edges, 0.0)
    laplacian = np.diag(edges.sum(axis=1)) - edges
    groups, member = connected_components(edges > 0, directed=False)
    # One level of each group is redundant: without its first level the rest has full rank.
    kept = np.ones(len(table), dtype=np.bool_)
    kept[np.unique(member, return_index=True)[1]] = False
    solved = np.linalg.solve(laplacian[np.ix_(kept, kept)], apart[kept])
    return _tested(max(0.0, float(apart[kept] @ solved)), len(table) - int(groups))


def bhapkar(table: FloatArray) -> ChiSquared | NotEvaluable:
    """Equal marginal shares, variance at the estimate: X / (1 - X/n) of Stuart-Maxwell's X.

    Refuses a table without a disagreement, and one on which X reaches n (the variance is zero).
    Bhapkar 1966, J Am Stat Assoc 61:228; the relation is Ireland, Ku & Kullback 1969, J Am Stat
    Assoc 64:1323.
    """
    found = stuart_maxwell(table)
    if isinstance(found, NotEvaluable):
        return found
    left = 1 - found.statistic / float(table.sum())
    if left <= 1e-12:
        reason = "Every pair differs in the same way, so the variance at the estimate is zero."
        return NotEvaluable("zero_variance", reason)
    return _tested(found.statistic / left, found.df)


def _without_disagreement(table: FloatArray) -> NotEvaluable | None:
    empty = checked_table(table)
    if empty is not None:
        return empty
    if np.trace(table) == table.sum():
        reason = f"The arms give the same category on all {int(table.sum())} pairs."
        return NotEvaluable("no_discordant_pairs", reason)
    return None
