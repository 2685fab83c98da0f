"""Resampling by subject: bootstrap, jackknife, and the three usual intervals.

Subjects are drawn with replacement and bring all their pairs along, so nothing here breaks a pair
or a subject. Draws depend on the seed and the number of subjects only, never on the order of rows.
Intervals keep the resamples on which a statistic is defined; more than 5 % without a value is a
reason for no answer.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray, IntArray, exact_sum
from evaluation.inference.base import NotEvaluable
from protocols.errors import UsageError

UNDEFINED_SHARE = 0.05
SMALLEST_PLACE = -1000.0  # of a grid, in powers of two: below it a computer divides by zero
BLOCK_BYTES = 2_000_000  # of weights held at once: about what a processor's cache holds

TotalsStatistic = Callable[[FloatArray], FloatArray]
"""Takes one row of totals a resample (b, m), gives b values; NaN where undefined."""
Statistic = Callable[[IntArray], float | None]
"""Takes a whole-number weight for each row, gives the value or None where undefined."""
Statistics = Callable[[IntArray], Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class Replicates:
    """A statistic's values over the resamples on which it is defined, in the order drawn."""

    values: FloatArray
    undefined: int

    @property
    def standard_error(self) -> float:
        """Standard deviation of the replicates, 0 for a statistic that never moves."""
        centre = exact_sum(self.values) / len(self.values)
        return math.sqrt(exact_sum((self.values - centre) ** 2) / (len(self.values) - 1))

    @property
    def warnings(self) -> tuple[str, ...]:
        """How many resamples gave no value, if any."""
        if self.undefined == 0:
            return ()
        total = len(self.values) + self.undefined
        return (f"The statistic is undefined on {self.undefined} of {total} resamples.",)


def subject_weights(
    n_clusters: int, *, seed: int, resamples: int, strata: IntArray | None = None
) -> Iterator[IntArray]:
    """How often each subject is drawn, one array of K whole numbers a resample.

    With `strata` (one label a subject, for example with and without an event) every stratum keeps
    its number of subjects. Raises `UsageError` for fewer than two resamples or a missing label.
    """
    if resamples < 2 or n_clusters < 1:
        raise UsageError("RESAMPLING", "Resampling needs a subject and two resamples at least.")
    if strata is not None and len(strata) != n_clusters:
        raise UsageError("LENGTHS_DIFFER", "Every subject must have one stratum.")
    rng = np.random.default_rng(seed)
    groups = _groups(n_clusters, strata)
    for _ in range(resamples):
        drawn = [rng.integers(0, len(g), size=len(g)) for g in groups]
        # The only group is everyone, whose members are their own places.
        who = drawn[0] if len(groups) == 1 else _members(groups, drawn)
        yield np.bincount(who, minlength=n_clusters).astype(np.int64, copy=False)


def _members(groups: list[IntArray], drawn: list[IntArray]) -> IntArray:
    return np.concatenate([g[places] for g, places in zip(groups, drawn, strict=True)])


def _groups(n_clusters: int, strata: IntArray | None) -> list[IntArray]:
    everyone = np.arange(n_clusters)
    if strata is None:
        return [everyone]
    return [everyone[strata == label] for label in np.unique(strata)]


def bootstrap_totals(
    sums: FloatArray,
    statistic: TotalsStatistic,
    *,
    seed: int,
    resamples: int,
    strata: IntArray | None = None,
) -> Replicates | NotEvaluable:
    """Replicates of a function of totals; `sums` is (K, m), one row a subject.

    Weighted totals are exact, so they do not depend on the library that multiplies: sums are put on
    a grid of at most 2^53 / K steps first, a relative change below K / 2^52. Memory is below 100 MB
    for 100,000 subjects. Refuses a statistic that is undefined on more than 5 % of the resamples;
    raises as `subject_weights`.
    """
    k = len(sums)
    grid = _on_grid(np.asarray(sums, dtype=np.float64))
    block, held = np.empty((max(1, BLOCK_BYTES // (8 * k)), k)), 0
    parts: list[FloatArray] = []
    for weights in subject_weights(k, seed=seed, resamples=resamples, strata=strata):
        block[held] = weights
        held += 1
        if held == len(block):
            parts.append(block @ grid)
            held = 0
    parts.append(block[:held] @ grid)
    return _defined(np.asarray(statistic(np.concatenate(parts)), dtype=np.float64))


def _on_grid(sums: FloatArray) -> FloatArray:
    """Columns rounded so that K drawn rows add up without any rounding."""
    largest = np.abs(sums).max(axis=0, initial=0.0)
    room = 52 - math.ceil(math.log2(max(len(sums), 2)))
    places = np.ceil(np.log2(np.where(largest > 0, largest, 1.0))) - room
    step = np.exp2(np.maximum(places, SMALLEST_PLACE))
    return np.asarray(np.round(sums / step) * step, dtype=np.float64)


def bootstrap(
    statistic: Statistic,
    cluster: IntArray,
    *,
    seed: int,
    resamples: int,
    strata: IntArray | None = None,
) -> Replicates | NotEvaluable:
    """Replicates of any statistic that takes whole-number row weights.

    `cluster` numbers the subject of each row from 0 to K-1. The rows are never copied: a statistic
    of ranks can sort once and sum weights along the sorted rows. Refuses and raises as
    `bootstrap_totals`.
    """
    return bootstrap_each(
        lambda weights: (statistic(weights),),
        cluster,
        seed=seed,
        resamples=resamples,
        strata=strata,
    )[0]


def bootstrap_each(
    statistics: Statistics,
    cluster: IntArray,
    *,
    seed: int,
    resamples: int,
    strata: IntArray | None = None,
) -> tuple[Replicates | NotEvaluable, ...]:
    """`bootstrap` of several statistics on the same resamples, each refused by itself."""
    k = int(cluster.max(initial=-1)) + 1
    drawn = subject_weights(k, seed=seed, resamples=resamples, strata=strata)
    found = [
        [math.nan if value is None else value for value in statistics(weights[cluster])]
        for weights in drawn
    ]
    return tuple(_defined(column) for column in np.array(found, dtype=np.float64).T)


def _defined(values: FloatArray) -> Replicates | NotEvaluable:
    usable = values[np.isfinite(values)]
    undefined = len(values) - len(usable)
    if undefined > UNDEFINED_SHARE * len(values) or len(usable) < 2:
        reason = f"The statistic is undefined on {undefined} of {len(values)} resamples."
        return NotEvaluable("resamples_undefined", reason)
    return Replicates(usable, undefined)


def jackknife_totals(sums: FloatArray, statistic: TotalsStatistic) -> FloatArray:
    """The statistic without each subject in turn; `sums` is (K, m), the answer (K,)."""
    whole = np.array([exact_sum(column) for column in sums.T])
    return np.asarray(statistic(whole - sums), dtype=np.float64)


def jackknife(statistic: Statistic, cluster: IntArray) -> FloatArray:
    """The statistic without each subject in turn; NaN where undefined. K calls of it."""
    k = int(cluster.max(initial=-1)) + 1
    found = [statistic((cluster != left_out).astype(np.int64)) for left_out in range(k)]
    return np.array([math.nan if value is None else value for value in found])


def jackknife_error(left_out: FloatArray, *, centre: float | None = None) -> float | NotEvaluable:
    """sqrt((K-1)/K sum (t_k - mean t)^2), Tukey 1958, Ann Math Stat 29:614.

    With `centre`, the estimate from everybody, deviations are taken from it and the error is never
    smaller.
    Refuses one subject and a statistic that is undefined without some subject.
    """
    k = len(left_out)
    if k < 2:
        return NotEvaluable("one_cluster", "Leaving one subject out needs two subjects.")
    if not np.isfinite(left_out).all():
        reason = "The statistic is undefined when one of the subjects is left out."
        return NotEvaluable("jackknife_undefined", reason)
    middle = exact_sum(left_out) / k if centre is None else centre
    centred = left_out - middle
    return math.sqrt((k - 1) / k * exact_sum(centred**2))


def acceleration(left_out: FloatArray) -> float | NotEvaluable:
    """Efron's acceleration from the jackknife (Efron 1987, J Am Stat Assoc 82:171).

    Refuses as `jackknife_error` does, and a statistic that no subject moves.
    """
    error = jackknife_error(left_out)
    if isinstance(error, NotEvaluable):
        return error
    influence = exact_sum(left_out) / len(left_out) - left_out
    squares = exact_sum(influence**2)
    if error <= 1e-12 * float(np.abs(left_out).max()):
        return NotEvaluable("zero_variance", "Leaving out any subject changes nothing.")
    return exact_sum(influence**3) / (6 * math.pow(squares, 1.5))


def percentile_interval(replicates: Replicates, *, level: float) -> tuple[float, float]:
    """Equal-tailed quantiles of the replicates (Efron & Tibshirani 1993, chapter 13)."""
    alpha = _alpha(level)
    return _quantile(replicates, alpha), _quantile(replicates, 1 - alpha)


def basic_interval(replicates: Replicates, estimate: float, *, level: float) -> tuple[float, float]:
    """The percentile interval reflected at the estimate (Davison & Hinkley 1997, 5.2)."""
    low, high = percentile_interval(replicates, level=level)
    return float(2 * estimate - high), float(2 * estimate - low)


def bca_interval(
    replicates: Replicates, estimate: float, left_out: FloatArray, *, level: float
) -> tuple[float, float] | NotEvaluable:
    """Bias-corrected and accelerated interval with the jackknife by subject.

    Efron 1987, J Am Stat Assoc 82:171. Replicates equal to the estimate count half. Refuses as
    `acceleration` does, an estimate beyond every replicate, and limits that cross.
    """
    skew = acceleration(left_out)
    if isinstance(skew, NotEvaluable):
        return skew
    below = np.count_nonzero(replicates.values < estimate)
    tied = np.count_nonzero(replicates.values == estimate)
    share = (below + tied / 2) / len(replicates.values)
    if not 0 < share < 1:
        return NotEvaluable("estimate_outside_replicates", "The estimate lies beyond them all.")
    bias, z = float(special.ndtri(share)), float(special.ndtri(_alpha(level)))
    ends = [_quantile(replicates, p) for p in _corrected(bias, skew, z)]
    if not ends[0] <= ends[1]:
        return NotEvaluable("interval_not_monotone", "The accelerated limits cross each other.")
    return ends[0], ends[1]


def _corrected(bias: float, skew: float, z: float) -> tuple[float, float]:
    if math.isinf(z):
        return 0.0, 1.0

    def share(end: float) -> float:
        stretched = 1 - skew * (bias + end)
        if stretched <= 0:  # the transformation has no value beyond its pole
            return float(end > 0)
        return float(special.ndtr(bias + (bias + end) / stretched))

    return share(z), share(-z)


def _alpha(level: float) -> float:
    if not 0 < level <= 1:
        raise UsageError("LEVEL_RANGE", f"An interval's level lies in (0, 1], not {level}.")
    return (1 - level) / 2


def _quantile(replicates: Replicates, share: float) -> float:
    """Order statistic at share x (B + 1), between two of them linearly."""
    return float(np.quantile(replicates.values, share, method="weibull"))
