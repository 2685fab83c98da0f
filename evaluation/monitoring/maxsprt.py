"""Maximised sequential probability ratio tests of event counts, with exact critical values.

The log-likelihood ratio of the best rate above the null against the null itself is watched until
a registered horizon; a signal is a ratio above the critical value with at least `m` events.
Kulldorff, Davis, Kolczak, Lewis, Lieu & Platt 2011, Sequential Analysis 30:58; with historical
instead of known expectations: Li & Kulldorff 2010, Statistics in Medicine 29:284.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from evaluation.inference.arrays import FloatArray
from evaluation.monitoring.counts import binomial_crossings, poisson_signals
from evaluation.monitoring.mixtures import checked_alpha
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class CriticalValue:
    """Signal at a log-likelihood ratio above `critical`; `type1` is the error it really has.

    Counts at fixed looks attain few values: `critical` is then the largest attainable one at
    which a signal would exceed alpha (0 if none would) and `signals_from` the next one, the
    smallest that signals. Where every value can be attained the two are equal.
    """

    critical: float
    signals_from: float
    type1: float


def poisson_llr(events: float, expected: float) -> float:
    """c ln(c / mu) - (c - mu) where events exceed their expectation mu > 0, else 0."""
    if not events >= 0 or not expected > 0:
        raise UsageError("COUNT_RANGE", f"{events} events with {expected} expected have no ratio.")
    if events <= expected:
        return 0.0
    return events * math.log(events / expected) - (events - expected)


def binomial_llr(cases: int, n: int, share: float) -> float:
    """Ratio of `cases` among `n` events against the null `share` of cases; 0 at or below it."""
    if not 0 <= cases <= n or not 0 < share < 1:
        raise UsageError("COUNT_RANGE", f"{cases} cases among {n} events have no ratio.")
    if cases <= n * share:
        return 0.0
    odds = special.xlogy(cases, cases / n) + special.xlogy(n - cases, (n - cases) / n)
    return float(odds - cases * math.log(share) - (n - cases) * math.log1p(-share))


def _crossing_time(events: int, critical: float) -> float:
    """The expectation at which `events` events have this ratio: the largest that signals."""
    per_event = critical / events
    root = math.sqrt(2 * per_event)
    # y = ln(events / expectation) has y - 1 + e^-y = ratio per event; Newton from above.
    y = min(1 + per_event, -math.log1p(-root) if root < 1 else math.inf)
    for _ in range(100):
        step = (y + math.expm1(-y) - per_event) / -math.expm1(-y)
        y -= step
        if step <= 1e-15 * y:
            break
    return events * math.exp(-y)


def _checked_horizon(horizon: float, m: int, start: float) -> None:
    if not (horizon > 0 and math.isfinite(horizon) and m >= 1 and 0 <= start <= horizon):
        message = "A horizon is positive, starts before it ends and asks for one event or more."
        raise UsageError("HORIZON", message)


def poisson_continuous_type1(critical: float, horizon: float, *, m: int, start: float) -> float:
    """Chance of a signal by expectation `horizon` under the null, watched without a break.

    Between events the ratio falls, so that a path signals exactly if for some n >= `m` the n-th
    event comes before the expectation at which n events have the critical ratio. Nothing signals
    before expectation `start`.
    """
    times, limits = [], []
    for n in itertools.count(m):
        time = _crossing_time(n, critical)
        if time < start and time < horizon:
            continue
        times.append(min(time, horizon))
        limits.append(n)
        if time >= horizon:
            break
    return math.fsum(poisson_signals(times, limits))


def poisson_continuous(
    horizon: float, alpha: float, *, m: int = 1, start: float = 0.0
) -> CriticalValue:
    """Critical value of continuous Poisson monitoring until `horizon` expected events.

    Raises `UsageError` when even all the paths with `m` events stay below alpha.
    """
    _checked_horizon(horizon, m, start)
    checked_alpha(alpha)
    return _smooth(lambda c: poisson_continuous_type1(c, horizon, m=m, start=start), alpha)


def _smooth(type1: Callable[[float], float], alpha: float) -> CriticalValue:
    """The root of an error that falls; above the jump where the error jumps over alpha."""
    low, high = 1e-9, 4.0
    if type1(low) < alpha:
        raise UsageError("ALPHA_UNREACHABLE", "No signal rule within this horizon uses up alpha.")
    while type1(high) > alpha:
        low, high = high, 2 * high
    found = float(optimize.brentq(lambda c: type1(c) - alpha, low, high, xtol=1e-13))
    step = 1e-13
    while type1(found) > alpha * (1 + 1e-9):
        found += step
        step *= 2
    return CriticalValue(found, found, type1(found))


def poisson_groups(expected: Sequence[float], alpha: float, *, m: int = 1) -> CriticalValue:
    """Critical value when looks come after these expected numbers of new events."""
    if len(expected) == 0 or not all(group > 0 for group in expected) or m < 1:
        raise UsageError("HORIZON", "Each look has a positive expected number of new events.")
    checked_alpha(alpha)
    times = list(itertools.accumulate(expected))

    def limits(critical: float) -> list[int]:
        return [max(m, _fewest(critical, time)) for time in times]

    def type1(critical: float) -> float:
        return math.fsum(poisson_signals(times, limits(critical)))

    reach = -math.log(alpha) + 30 + math.log(len(times))
    values = {
        poisson_llr(count, time)
        for time in times
        for count in range(max(m, math.floor(time)), max(m, _fewest(reach, time)) + 1)
    }
    return _attained(type1, sorted(v for v in values if v > 0), alpha)


def _fewest(critical: float, expected: float) -> int:
    """The smallest count above its expectation whose ratio reaches `critical`."""
    low, high = math.floor(expected), math.floor(expected) + 1
    while poisson_llr(high, expected) < critical:
        low, high = high, 2 * high + 1
    while high - low > 1:
        middle = (low + high) // 2
        reached = poisson_llr(middle, expected) >= critical
        low, high = (low, middle) if reached else (middle, high)
    return high


def _attained(
    type1: Callable[[float], float], values: Sequence[float], alpha: float
) -> CriticalValue:
    """The smallest of the attainable values, in order, that keeps alpha."""
    low, high = -1, len(values) - 1
    if high < 0 or type1(values[high]) > alpha:
        raise UsageError("ALPHA_UNREACHABLE", "Every signal rule of this horizon exceeds alpha.")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if type1(values[middle]) <= alpha else (middle, high)
    return CriticalValue(values[low] if low >= 0 else 0.0, values[high], type1(values[high]))


def binomial_maxsprt(
    looks: Sequence[int], alpha: float, *, share: float, m: int = 1
) -> CriticalValue:
    """Critical value for cases among all events, looked at after these numbers of events.

    `share` is the null probability that an event is a case, 1 / (1 + r) at r comparators to one;
    `range(1, N + 1)` looks after every event up to N. `m` is the least number of cases.
    """
    checked_alpha(alpha)
    if len(looks) == 0 or m < 1 or not 0 < share < 1:
        raise UsageError("HORIZON", "Monitoring needs looks, a share in (0, 1) and one case.")
    ratios = [np.array([binomial_llr(c, n, share) for c in range(n + 1)]) for n in looks]
    values = sorted({float(v) for row in ratios for v in row[m:] if v > 0})
    merged = [v for k, v in enumerate(values) if k == 0 or v - values[k - 1] > 1e-12 * v]

    def type1(critical: float) -> float:
        upper = [_first_case(row, critical, m) for row in ratios]
        return math.fsum(binomial_crossings(looks, upper=upper, lower=None, rate=share).upper)

    return _attained(type1, merged, alpha)


def _first_case(ratios: FloatArray, critical: float, m: int) -> int:
    # The same ratio computed from other counts may differ by rounding.
    reached = np.flatnonzero(ratios >= critical * (1 - 1e-12))
    return max(m, int(reached[0])) if reached.size else len(ratios)


def conditional_llr(events: int, exposure_ratio: float, historical: int) -> float:
    """Ratio of `events` in `exposure_ratio` of the exposure in which `historical` were seen."""
    c, k, r = historical, events, exposure_ratio
    if c < 1 or k < 0 or not r > 0:
        raise UsageError("COUNT_RANGE", "A conditional ratio needs historical events and exposure.")
    if k <= c * r:
        return 0.0
    total = c + k
    past = c * math.log(c * (1 + r) / total)
    return past + k * math.log(k * (1 + r) / (r * total))


def conditional_maxsprt(
    historical: int, most_events: int, alpha: float, *, m: int = 1
) -> CriticalValue:
    """Critical value of conditional monitoring until `most_events` events have come.

    The exposure of the `historical` events is random like the one that is watched: given a true
    rate it is a gamma variable, over which the error is integrated.
    """
    if historical < 1 or not 1 <= m <= most_events:
        raise UsageError("HORIZON", "Monitoring needs historical events and a horizon of events.")
    checked_alpha(alpha)
    nodes, weights = _gamma_nodes(historical)

    def type1(critical: float) -> float:
        limits = range(m, most_events + 1)
        ratios = [_ratio_at(n, critical, historical) for n in limits]
        signals = [poisson_signals([r * v for r in ratios], list(limits)).sum() for v in nodes]
        return float(np.dot(weights, signals))

    return _smooth(type1, alpha)


def _ratio_at(events: int, critical: float, historical: int) -> float:
    """The share of the historical exposure at which `events` have this ratio."""
    top = events / historical

    def excess(log_ratio: float) -> float:
        return conditional_llr(events, math.exp(log_ratio), historical) - critical

    low = math.log(top) - 1
    while excess(low) < 0:
        low -= 2
    return math.exp(float(optimize.brentq(excess, low, math.log(top), xtol=1e-14)))


def _gamma_nodes(shape: int) -> tuple[FloatArray, FloatArray]:
    """Points and weights for the mean of a smooth function of a gamma variable."""
    ends = special.gammaincinv(shape, 1e-17), special.gammainccinv(shape, 1e-17)
    points, weights = np.polynomial.legendre.leggauss(96)
    v = (ends[0] + ends[1]) / 2 + (ends[1] - ends[0]) / 2 * points
    density = np.exp((shape - 1) * np.log(v) - v - special.gammaln(shape))
    return v, weights * density * (ends[1] - ends[0]) / 2
