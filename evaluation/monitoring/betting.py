"""Betting against a candidate mean: wealth that cannot grow under it, and what it excludes.

At a candidate mean m one bettor bets that the values lie above it, K+ = prod 1 + min(l, c/m)
(x - m), the other below it, K- = prod 1 - min(l, c/(1-m)) (x - m); l is fixed by the past. Both are
martingales from 1 when every value has mean m given the past. Two ways to make one process:
`max`, the larger of theta K+ and (1 - theta) K-, never above `convex`, their sum, which is a
martingale itself. A one-sided harm rule has theta 1 and wastes nothing on the other side.
Waudby-Smith & Ramdas 2024, J R Stat Soc B 86:1, theorem 3.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray
from evaluation.inference.base import Method
from evaluation.monitoring.mixtures import checked_alpha
from evaluation.monitoring.moments import DEFAULT_PRIOR, Moments, Prior, plug_in_bets
from evaluation.monitoring.roots import lower_root, running_lower_roots
from evaluation.monitoring.sequence import Sequence, Side, checked_unit, sequence
from protocols.errors import UsageError

METHOD = Method(
    name="betting",
    sentence="Betting e-process of a bounded mean with predictable plug-in bets.",
    citation="Waudby-Smith & Ramdas 2024, Journal of the Royal Statistical Society B 86:1",
)


_NET = 513
_FINER = 33


@dataclass(frozen=True, slots=True)
class Bets:
    """What is registered of the bets: the error they are tuned for, their cap c and their prior."""

    tuned_at: float
    cap: float = 0.5
    prior: Prior = DEFAULT_PRIOR

    def __post_init__(self) -> None:
        """A cap of 1 could lose everything in one case."""
        checked_alpha(self.tuned_at)
        if not 0 < self.cap < 1:
            raise UsageError("BET_CAP", f"The cap of a bet lies in (0, 1), not {self.cap}.")


def bets_of(x: FloatArray, bets: Bets) -> FloatArray:
    """The uncapped bet l before each case."""
    before = Moments(bets.prior).extend(checked_unit(x))[1]
    return plug_in_bets(before, -math.log(bets.tuned_at))


@dataclass(frozen=True, slots=True)
class Hedge:
    """How both bettors make one process; `theta` is the stake on values above the mean."""

    theta: float = 0.5
    combination: Literal["max", "convex"] = "max"

    def __post_init__(self) -> None:
        """Stakes are shares of one."""
        if not 0 <= self.theta <= 1:
            raise UsageError("STAKE", f"A stake lies in [0, 1], not {self.theta}.")

    def log_e(self, above: FloatArray, below: FloatArray) -> FloatArray:
        """Logarithm of the joint process from those of K+ and K-."""
        with np.errstate(divide="ignore"):
            stakes = np.log([self.theta, 1 - self.theta])
        both = above + stakes[0], below + stakes[1]
        joined = np.maximum if self.combination == "max" else np.logaddexp
        return np.asarray(joined(both[0], both[1]))


@dataclass(frozen=True, slots=True)
class Wealth:
    """Both bettors' log wealth at a fixed set of candidate means; no past is ever needed again.

    `highest` is the largest joint log e so far, so that exp(-highest) is the always-valid p-value.
    """

    bets: Bets
    hedge: Hedge
    means: FloatArray
    moments: Moments
    above: FloatArray
    below: FloatArray
    highest: FloatArray

    def extend(self, x: FloatArray) -> tuple["Wealth", FloatArray]:
        """The state after the cases `x` of [0, 1], and joint log e after each, (cases, means)."""
        x = checked_unit(x)
        moments, before = self.moments.extend(x)
        bet = plug_in_bets(before, -math.log(self.bets.tuned_at))[:, None]
        with np.errstate(divide="ignore"):
            caps = self.bets.cap / self.means, self.bets.cap / (1 - self.means)
        away = x[:, None] - self.means
        above = _carried(self.above, np.log1p(np.minimum(bet, caps[0]) * away))
        below = _carried(self.below, np.log1p(-np.minimum(bet, caps[1]) * away))
        joint = self.hedge.log_e(above[1:], below[1:])
        after = replace(
            self,
            moments=moments,
            above=above[-1],
            below=below[-1],
            highest=np.max(np.vstack([self.highest[None, :], joint]), axis=0),
        )
        return after, joint


def _carried(start: FloatArray, steps: FloatArray) -> FloatArray:
    return np.cumsum(np.concatenate([start[None, :], steps]), axis=0)


def wealth(bets: Bets, hedge: Hedge, means: FloatArray) -> Wealth:
    """The state before the first case, of wealth 1 at every candidate mean in [0, 1]."""
    m = checked_unit(np.atleast_1d(means))
    zero = np.zeros(len(m))
    return Wealth(bets, hedge, m, Moments(bets.prior), zero, zero, zero)


def log_wealth(x: FloatArray, mean: float, *, bets: Bets, hedge: Hedge) -> FloatArray:
    """Joint log e after each case, at one candidate mean."""
    return wealth(bets, hedge, np.array([mean])).extend(x)[1][:, 0]


def betting_sequence(
    x: FloatArray, *, alpha: float, side: Side, bets: Bets | None = None
) -> Sequence:
    """The intersected confidence sequence of the mean of `x` in [0, 1], by roots and not on a grid.

    Two-sided: both bettors at half stake, joined by `max`; one-sided: one bettor at full stake.
    K+ falls in m and K- rises, so each limit is one root. The cases are walked in stretches that
    grow in proportion to the past, hence O(1) a case on average. Raises `UsageError` for values
    outside [0, 1].
    """
    x = checked_unit(x)
    each = checked_alpha(alpha) / 2 if side == "two_sided" else checked_alpha(alpha)
    bets = Bets(each) if bets is None else bets
    bet, goal = bets_of(x, bets), -math.log(each)
    low, high = np.zeros(len(x)), np.ones(len(x))
    if side != "upper":
        low = running_lower_roots(x, bet, cap=bets.cap, goal=goal)
    if side != "lower":
        bet = bets_of(1 - x, replace(bets, prior=bets.prior.mirrored()))
        high = 1 - running_lower_roots(1 - x, bet, cap=bets.cap, goal=goal)
    return sequence(low, high, alpha=alpha, side=side, intersected=True)


def betting_interval(
    x: FloatArray, *, alpha: float, side: Side, bets: Bets | None = None
) -> tuple[float, float]:
    """Limits after all of `x` alone, without intersecting earlier ones; as `betting_sequence`."""
    x = checked_unit(x)
    each = checked_alpha(alpha) / 2 if side == "two_sided" else checked_alpha(alpha)
    bets = Bets(each) if bets is None else bets
    goal, low, high = -math.log(each), 0.0, 1.0
    if side != "upper":
        low = lower_root(x, bets_of(x, bets), cap=bets.cap, goal=goal)
    if side != "lower":
        bet = bets_of(1 - x, replace(bets, prior=bets.prior.mirrored()))
        high = 1 - lower_root(1 - x, bet, cap=bets.cap, goal=goal)
    return low, high


def hedged_interval(
    x: FloatArray, *, alpha: float, hedge: Hedge, bets: Bets | None = None
) -> tuple[float, float] | None:
    """Intersected limits after all of `x` under any `hedge`; None when every mean is excluded.

    The outermost means that no case has excluded, sought on a net that is drawn closer around
    both ends until they are known to 1e-12. Excluded means between them are not reported.
    """
    bets = Bets(checked_alpha(alpha) / 2) if bets is None else bets
    goal = -math.log(checked_alpha(alpha))

    def kept(means: FloatArray) -> BoolArray:
        return np.asarray(wealth(bets, hedge, means).extend(x)[0].highest < goal)

    net = np.linspace(0.0, 1.0, _NET)
    inside = np.flatnonzero(kept(net))
    if inside.size == 0:
        return None
    first, last = int(inside[0]), int(inside[-1])
    low = _edge(kept, net[max(first - 1, 0)], net[first])
    high = _edge(kept, net[min(last + 1, _NET - 1)], net[last])
    return low, high


def _edge(kept: Callable[[FloatArray], BoolArray], outside: float, inside: float) -> float:
    """The kept mean next to excluded ones, between `outside` and `inside`."""
    while abs(inside - outside) > 1e-12:
        net = np.linspace(outside, inside, _FINER)
        first = int(np.argmax(kept(net)))
        if first == 0:
            return float(net[0])
        outside, inside = float(net[first - 1]), float(net[first])
    return inside
