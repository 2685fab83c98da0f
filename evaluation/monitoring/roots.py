"""Where the bettor on higher values has won enough: roots of log K+ in the candidate mean.

log K+(m) = sum log1p(min(l, c/m) (x - m)) falls in m, so a mean is excluded from the first case
after which log K+ has reached the goal, and the largest excluded mean is a root. Its terms are
analytic in m but for one kink each, at m = c/l. A stretch of cases is solved together: the sum
over the past is taken at a few Chebyshev points between a lower and an upper limit of the root
and interpolated, terms with their kink in between are added as they are. The points follow from
the distance of the nearest singularity, so that interpolation costs no digit.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from evaluation.inference.arrays import FloatArray, IntArray

_FIRST = 48  # cases before the first stretch that looks back
_GROWTH = 6  # a stretch is a sixth as long as its past
_TINY = 1e-300


def _terms(x: FloatArray, bet: FloatArray, cap: float, m: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log1p(np.minimum(bet, cap / m) * (x - m)))


def lower_root(x: FloatArray, bet: FloatArray, *, cap: float, goal: float) -> float:
    """The largest mean with log K+ >= `goal` after all of `x`; 0 when there is none."""

    def excess(m: float) -> float:
        return float(_terms(x, bet, cap, np.asarray(m)).sum()) - goal

    if len(x) == 0 or excess(0.0) < 0:
        return 0.0
    return float(optimize.brentq(excess, 0.0, 1.0, xtol=1e-14, rtol=1e-14))


def running_lower_roots(x: FloatArray, bet: FloatArray, *, cap: float, goal: float) -> FloatArray:
    """After each case the largest mean that some case so far has excluded; at first 0."""
    found = np.zeros(len(x))
    start, low = 0, 0.0
    while start < len(x):
        stop = min(len(x), start + max(_FIRST, start // _GROWTH))
        stretch = _Stretch(x[:stop], bet[:stop], start, cap, goal)
        found[start:stop] = stretch.roots(low)
        start, low = stop, float(found[stop - 1])
    return found


class _Stretch:
    """Cases start..stop, the past before them, and the goal of their log wealth."""

    def __init__(self, x: FloatArray, bet: FloatArray, start: int, cap: float, goal: float) -> None:
        self.x, self.bet, self.start = x, bet, start
        self.cap, self.goal = cap, goal

    def best(self, m: float) -> float:
        """How far the highest log wealth in the stretch lies above the goal at `m`."""
        terms = _terms(self.x, self.bet, self.cap, np.asarray(m))
        inside = np.cumsum(terms[self.start :])
        return float(terms[: self.start].sum() + inside.max()) - self.goal

    def roots(self, low: float) -> FloatArray:
        """Running roots of the stretch, those so far having reached `low`."""
        n = len(self.x) - self.start
        high = self._above(low)
        if high is None:
            return np.full(n, low)
        late = self._late(low, high)
        values = late.at_ends()
        moving = np.flatnonzero(values[0] > 0)
        roots = np.full(n, low)
        roots[moving] = _solve(late, moving, (low, high), (values[0][moving], values[1][moving]))
        return np.maximum.accumulate(roots)

    def _above(self, low: float) -> float | None:
        """A mean just above every root of the stretch; None when none lies above `low`."""
        if self.best(low) <= 0:
            return None
        root = float(optimize.brentq(self.best, low, 1.0, xtol=1e-4, rtol=1e-4))
        step = 2e-4
        while root + step < 1 and self.best(root + step) >= 0:
            step *= 2
        return min(1.0, root + step)

    def _late(self, low: float, high: float) -> "_Curves":
        with np.errstate(divide="ignore"):
            kinks = self.cap / self.bet
        apart = (kinks > low) & (kinks < high)
        flat = bool((kinks[~apart] <= low).any())
        nodes = _nodes(low, high, _n_nodes(low, high, flat=flat))
        past = np.flatnonzero(~apart[: self.start])
        base = np.array([_terms(self.x[past], self.bet[past], self.cap, m).sum() for m in nodes])
        now = slice(self.start, None)
        steps = _terms(self.x[now, None], self.bet[now, None], self.cap, nodes[None, :])
        steps[apart[now]] = 0.0
        curves = base + np.cumsum(steps, axis=0) - self.goal
        kinked = np.flatnonzero(apart)
        return _Curves(
            nodes=nodes,
            curves=curves,
            x=self.x[kinked],
            bet=self.bet[kinked],
            since=kinked - self.start,
            cap=self.cap,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Curves:
    """Log wealth less the goal after each case of a stretch, between the outermost nodes.

    `curves` holds the smooth terms at the nodes, (cases, nodes); cases with a kink in between
    follow with their value, bet and row from which on they count (below 0: all rows).
    """

    nodes: FloatArray
    curves: FloatArray
    x: FloatArray
    bet: FloatArray
    since: IntArray
    cap: float

    def at_ends(self) -> tuple[FloatArray, FloatArray]:
        rows = np.arange(len(self.curves))
        ends = [self.curves[:, j] + self._kinked(rows, self.nodes[[j]]) for j in (0, -1)]
        return ends[0], ends[1]

    def at(self, rows: IntArray, m: FloatArray) -> FloatArray:
        """The curve of each of `rows` at its own mean, by the barycentric formula."""
        gaps = m[:, None] - self.nodes
        weights = (-1.0) ** np.arange(len(self.nodes))
        weights[[0, -1]] /= 2
        pull = weights / np.where(gaps == 0, _TINY, gaps)
        smooth = (pull * self.curves[rows]).sum(axis=1) / pull.sum(axis=1)
        return np.asarray(smooth + self._kinked(rows, m))

    def _kinked(self, rows: IntArray, m: FloatArray) -> FloatArray | float:
        if len(self.x) == 0:
            return 0.0
        terms = _terms(self.x, self.bet, self.cap, m[:, None])
        return np.asarray(np.where(self.since <= rows[:, None], terms, 0.0).sum(axis=1))


def _nodes(low: float, high: float, n: int) -> FloatArray:
    nodes = (low + high) / 2 - (high - low) / 2 * np.cos(np.pi * np.arange(n) / (n - 1))
    nodes[0], nodes[-1] = low, high
    return np.asarray(nodes)


def _n_nodes(low: float, high: float, *, flat: bool) -> int:
    """Enough for 1e-15: terms below their kink are singular from 2 `high` on, others up to 0."""
    apart = min((3 * high - low) / (high - low), (high + low) / (high - low) if flat else 3.0)
    rho = apart + math.sqrt(max(apart * apart - 1, 0.0))
    return int(min(64, max(8, math.ceil(36 / math.log(max(rho, 1.2))))))


def _solve(
    late: _Curves,
    rows: IntArray,
    ends: tuple[float, float],
    values: tuple[FloatArray, FloatArray],
) -> FloatArray:
    """Illinois steps for all rows together; each curve falls from above 0 to below it."""
    low, high = np.full(len(rows), ends[0]), np.full(len(rows), ends[1])
    above, below = values[0].copy(), values[1].copy()
    last = np.zeros(len(rows))
    for k in range(60):
        m = low + (high - low) * above / (above - below)
        if k % 8 == 7:
            m = (low + high) / 2
        now = late.at(rows, m)
        up = now >= 0
        above = np.where(up, now, np.where(last < 0, above / 2, above))
        below = np.where(up, np.where(last > 0, below / 2, below), now)
        low, high = np.where(up, m, low), np.where(up, high, m)
        last = np.where(up, 1.0, -1.0)
        if bool(((high - low < 1e-14) | (np.abs(now) < 1e-12)).all()):
            break
    return np.asarray(m)
