"""Paired counts and rates, independent rates, and agreement."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from evaluation.design.size.means import check_correlation
from evaluation.design.size.plan import Normal, Plan, SampleSize, rounded_up
from evaluation.inference.arrays import FloatArray
from evaluation.inference.orientation import sign_of
from protocols.errors import UsageError
from protocols.vocabulary import Direction


@dataclass(frozen=True, slots=True)
class PairedRates:
    """Counts of one pair: standard of care's rate, exposure, dispersion, correlation.

    `dispersion` k gives a count of mean m the variance m + k m^2: 0 is Poisson. `correlation` is
    that of a pair's two counts, in [-1, 1].
    """

    standard_of_care: float
    exposure: float
    dispersion: float
    correlation: float

    def __post_init__(self) -> None:
        check_correlation(self.correlation)
        if not (self.standard_of_care > 0 and self.exposure > 0 and self.dispersion >= 0):
            message = "Rates and exposures are positive, a dispersion is not negative."
            raise UsageError("RATE_RANGE", message)

    def log_variance(self, ratio: float) -> float:
        """Variance of the logarithm of the rate ratio, for one pair."""
        means = self.exposure * self.standard_of_care * ratio, self.exposure * self.standard_of_care
        one, two = (1 / mean + self.dispersion for mean in means)
        return one + two - 2 * self.correlation * math.sqrt(one * two)


def rate_ratio_size(
    ratios: tuple[float, float], rates: PairedRates, direction: Direction, plan: Plan
) -> SampleSize:
    """Wald test of a paired rate ratio on the log scale; `ratios` are (null, true).

    Variances at the null and at the true ratio (Zhu & Lakkis 2014, Stat Med 33:376; Friede &
    Schmidli 2010, Stat Med 29:1145, with the pair's covariance taken off). Raises `UsageError`
    unless the true ratio is on the good side of the null.
    """
    null, truth = ratios
    if not (0 < null < math.inf and 0 < truth < math.inf):
        raise UsageError("MARGIN_RANGE", "Rate ratios are positive.")
    distance = sign_of(direction) * math.log(truth / null)
    return Normal(distance, rates.log_variance(null), rates.log_variance(truth)).size(
        plan, "paired rate ratio"
    )


@dataclass(frozen=True, slots=True)
class TwoGroups:
    """Sizes of two independent groups; `total` before rounding is `total_exact`."""

    total_exact: float
    n_first: int
    n_second: int
    attained_power: float


def independent_rates_size(
    shares: tuple[float, float], null: float, plan: Plan, *, allocation: float = 1.0
) -> TwoGroups:
    """Two independent proportions against a signed null: Farrington & Manning 1990.

    Stat Med 9:1447. For groups before and after, not for pairs. `shares` are (first, second), the
    effect first minus second, `null` its edge; `allocation` is n second over n first. Tests in
    the direction in which the truth lies. Raises `UsageError` for shares outside [0, 1],
    a null outside (-1, 1), and a truth equal to it.
    """
    first, second = shares
    if not (0 <= first <= 1 and 0 <= second <= 1 and -1 < null < 1 and 0 < allocation < math.inf):
        raise UsageError("SHARE_RANGE", "Shares lie in [0, 1], the null effect in (-1, 1).")
    low, high = restricted_shares(first, second, null, allocation=allocation)
    under_null = low * (1 - low) + high * (1 - high) / allocation
    under_truth = first * (1 - first) + second * (1 - second) / allocation
    normal = Normal(abs(first - second - null), under_null, under_truth)
    found = normal.size(plan, "independent proportions")
    n_first = rounded_up(found.n_exact)
    n_second = rounded_up(found.n_exact * allocation)
    power = normal.power(n_first / plan.factor, plan)
    return TwoGroups(found.n_exact * (1 + allocation), n_first, n_second, power)


def restricted_shares(
    first: float, second: float, null: float, *, allocation: float
) -> tuple[float, float]:
    """Limits of the restricted maximum likelihood estimates with first - second = `null`.

    The root of the likelihood equation, which has one in the possible range.
    """
    low, high = max(0.0, null), min(1.0, 1 + null)

    def slope(share: float) -> float:
        other = share - null
        mine = first * (1 - share) * other * (1 - other) - (1 - first) * share * other * (1 - other)
        theirs = second * (1 - other) - (1 - second) * other
        return mine + allocation * theirs * share * (1 - share)

    inside = 1e-14
    at_low, at_high = slope(low + inside), slope(high - inside)
    if at_low <= 0:
        return low, low - null
    if at_high >= 0:
        return high, high - null
    found = float(optimize.brentq(slope, low + inside, high - inside, xtol=1e-15, rtol=1e-14))
    return found, found - null


@dataclass(frozen=True, slots=True)
class Marginals:
    """How often each of two raters (or models) uses each category; each sums to 1."""

    first: tuple[float, ...]
    second: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.first) != len(self.second) or len(self.first) < 2:
            raise UsageError("LENGTHS_DIFFER", "Both raters use the same two or more categories.")
        for shares in (self.first, self.second):
            if not (min(shares) >= 0 and abs(math.fsum(shares) - 1) <= 1e-9):
                raise UsageError("SHARE_RANGE", "A rater's shares are not negative and sum to 1.")


def kappa_size(kappas: tuple[float, float], marginals: Marginals, plan: Plan) -> SampleSize:
    """Cohen's kappa above a null; `kappas` are (null, true).

    Variances of Fleiss, Cohen & Everitt 1969 (Psychol Bull 72:323), each at the table with these
    marginals and this kappa whose variance is largest (Flack, Afifi & Lachenbruch 1988,
    Psychometrika 53:321). Raises `UsageError` for a kappa these marginals cannot have.
    """
    null, truth = kappas
    variances = (largest_kappa_variance(kappa, marginals) for kappa in kappas)
    return Normal(truth - null, *variances).size(plan, "kappa")


def largest_kappa_variance(kappa: float, marginals: Marginals) -> float:
    """For one subject, over all tables with these marginals: a linear programme in the cells.

    `UsageError` for a kappa that no such table has."""
    if not -1 <= kappa <= 1:
        raise UsageError("KAPPA_RANGE", f"A kappa lies in [-1, 1], not {kappa}.")
    rows, columns = np.array(marginals.first), np.array(marginals.second)
    chance = float(rows @ columns)
    if chance >= 1:
        raise UsageError("KAPPA_RANGE", "Kappa is undefined where only one category is used.")
    agreed = kappa * (1 - chance) + chance
    sums = columns[:, None] + rows[None, :]  # of cell ij: column share of i plus row share of j
    objective = (1 - agreed) ** 2 * sums**2
    objective -= np.diag(2 * (1 - agreed) * (1 - chance) * (rows + columns))
    cells = _cells_with_most(objective, rows, columns, agreed=agreed)
    if cells is None:
        message = f"No table with these marginals has a kappa of {kappa}."
        raise UsageError("KAPPA_RANGE", message)
    first = agreed * (1 - chance) ** 2 + float((objective * cells).sum())
    last = (agreed * chance - 2 * chance + agreed) ** 2
    return max((first - last) / (1 - chance) ** 4, 0.0)


def _cells_with_most(
    objective: FloatArray, rows: FloatArray, columns: FloatArray, *, agreed: float
) -> FloatArray | None:
    levels = len(rows)
    eye = np.eye(levels)
    equal = [np.outer(eye[i], np.ones(levels)).ravel() for i in range(levels)]
    equal += [np.outer(np.ones(levels), eye[j]).ravel() for j in range(levels)]
    equal.append(eye.ravel())
    totals = np.concatenate([rows, columns, [agreed]])
    found = optimize.linprog(-objective.ravel(), A_eq=np.array(equal), b_eq=totals)
    if found.status != 0:
        return None
    cells: FloatArray = np.asarray(found.x, dtype=np.float64).reshape(levels, levels)
    return cells
