"""Blinded re-estimation: a size corrected by what can be seen without knowing who is ahead.

The share of discordant pairs, or the mean square of the paired differences, says nothing of the
direction. The rule, its cap and when it is applied are registered; the margin and the planned
effect stay. Gould & Shih 1992, Commun Stat Theory Methods 21:2833; Kieser & Friede 2003, Stat Med
22:995. The mean square is taken about the planned effect or about zero; about zero, it counts
what effect there is as spread and errs upward.
"""

import math
from dataclasses import dataclass

from evaluation.design.size.means import mean_size
from evaluation.design.size.plan import Plan, SampleSize, Target
from evaluation.design.size.proportions import score_size
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class Rule:
    """What was registered: the size planned, and the most and the fewest pairs allowed.

    `floor` None never goes below the planned size. Raises `UsageError` without a cap, or for one
    below the planned size.
    """

    planned: int
    cap: int | None
    floor: int | None = None

    def __post_init__(self) -> None:
        if self.cap is None:
            raise UsageError("CAP_MISSING", "A size that may grow needs a registered cap.")
        if not 0 < self.least <= self.planned <= self.cap:
            raise UsageError("CAP_RANGE", "The cap is not below the planned size.")

    @property
    def least(self) -> int:
        return self.planned if self.floor is None else self.floor


@dataclass(frozen=True, slots=True)
class Reestimated:
    """The new number of evaluable pairs, and how it came about.

    `wanted` is what the nuisance asks for; `capped` tells that the cap cut it, so that power is
    lost; `nuisance` is the blinded discordance or standard deviation.
    """

    n_pairs: int
    wanted: SampleSize
    capped: bool
    nuisance: float


def reestimated_discordance(
    discordant: int, seen: int, target: Target, plan: Plan, *, rule: Rule
) -> Reestimated:
    """From the blinded count of discordant pairs among those `seen` (score test).

    Where fewer pairs differ than the planned effect needs, the least possible discordance
    counts. Raises `UsageError` for counts that cannot be.
    """
    if not 0 <= discordant <= seen or seen == 0:
        raise UsageError("COUNT_RANGE", "Discordant pairs are some of the pairs seen.")
    observed = discordant / seen
    usable = usable_discordance(observed, seen, abs(target.truth))
    return _within(score_size(target, usable, plan), seen, rule, observed)


def usable_discordance(observed: float, seen: int, least: float) -> float:
    """An observed share of discordant pairs, but never less than the planned effect needs."""
    return min(1.0, max(observed, least, 1 / (2 * seen)))


def reestimated_sd(
    mean_square: float, seen: int, target: Target, plan: Plan, *, rule: Rule
) -> Reestimated:
    """From the blinded mean square of the paired differences of those `seen`, about zero.

    Raises `UsageError` unless it is positive.
    """
    if not (0 < mean_square < math.inf and seen > 0):
        raise UsageError("SD_RANGE", "A blinded mean square is positive.")
    spread = math.sqrt(mean_square)
    return _within(mean_size(target, spread, plan), seen, rule, spread)


def _within(wanted: SampleSize, seen: int, rule: Rule, nuisance: float) -> Reestimated:
    cap = rule.planned if rule.cap is None else rule.cap
    asked = max(wanted.n_pairs, rule.least, seen)
    n_pairs = max(min(asked, cap), seen)
    return Reestimated(n_pairs, wanted, capped=asked > cap, nuisance=nuisance)
