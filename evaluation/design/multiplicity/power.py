"""What a graph finds: chances of rejecting any, each and all hypotheses, by simulation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.design.multiplicity.graphs import Graph, rejections
from evaluation.design.multiplicity.levels import checked_alpha
from evaluation.design.multiplicity.orthants import check_correlation
from evaluation.inference.arrays import BoolArray
from protocols.errors import UsageError

CHUNK = 100_000


@dataclass(frozen=True, slots=True)
class Share:
    """A share of simulated trials with its Monte Carlo standard error."""

    value: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class GraphPower:
    """`marginal` per hypothesis; `disjunctive` one at least; `conjunctive` all."""

    marginal: tuple[Share, ...]
    disjunctive: Share
    conjunctive: Share
    expected_rejections: Share
    draws: int


def mean_of_power(power: float, alpha: float) -> float:
    """The mean of a unit normal statistic that alone has this power at one-sided `alpha`."""
    if not 0 < power < 1:
        raise UsageError("POWER_RANGE", f"A power lies in (0, 1), not {power}.")
    return float(special.ndtri(power) - special.ndtri(checked_alpha(alpha)))


def graph_power(
    graph: Graph,
    alpha: float,
    *,
    means: Sequence[float],
    correlation: Sequence[Sequence[float]] | None = None,
    draws: int,
    seed: int,
) -> GraphPower:
    """Simulates unit normal statistics with these means; `correlation` None is independence.

    Raises `UsageError` where means, correlation and graph differ in size, or without draws.
    """
    checked_alpha(alpha)
    if len(means) != graph.size:
        raise UsageError("LENGTHS_DIFFER", "Each hypothesis of the graph needs its mean.")
    if draws < 1:
        raise UsageError("DRAWS", "A simulation needs one draw at least.")
    matrix = np.eye(graph.size) if correlation is None else np.array(correlation, dtype=np.float64)
    check_correlation(matrix)
    if len(matrix) != graph.size:
        raise UsageError("LENGTHS_DIFFER", "The correlation has one row per hypothesis.")
    values, vectors = np.linalg.eigh(matrix)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    rng = np.random.default_rng(seed)
    parts = []
    for first in range(0, draws, CHUNK):
        z = rng.standard_normal((min(CHUNK, draws - first), graph.size)) @ root.T
        parts.append(rejections(graph, special.ndtr(-(z + np.asarray(means))), alpha))
    return _summary(np.concatenate(parts))


def _summary(rejected: BoolArray) -> GraphPower:
    n, m = rejected.shape
    counts = rejected.sum(axis=1)
    spread = float(counts.std(ddof=1)) if n > 1 else 0.0
    return GraphPower(
        marginal=tuple(_share(int(rejected[:, j].sum()), n) for j in range(m)),
        disjunctive=_share(int((counts > 0).sum()), n),
        conjunctive=_share(int((counts == m).sum()), n),
        expected_rejections=Share(float(counts.sum()) / n, spread / math.sqrt(n)),
        draws=n,
    )


def _share(successes: int, n: int) -> Share:
    share = successes / n
    return Share(share, math.sqrt(share * (1 - share) / n))
