"""A registered safety rule as a process over its units: the statistic, its bound, its signals.

Values are shares of an event in [0, 1], one a unit, in the order in which outcomes arrived. Under
the null no unit's expectation, given the past, lies above the rule's limit. Methods that count
events take values of 0 and 1.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from evaluation.monitoring.betting import Bets, Hedge, log_wealth
from evaluation.monitoring.bounded import plug_in_log_e
from evaluation.monitoring.maxsprt import (
    CriticalValue,
    binomial_llr,
    binomial_maxsprt,
    poisson_continuous,
    poisson_llr,
)
from evaluation.monitoring.mixtures import NormalMixture, tuned_rho
from evaluation.monitoring.sprt import BinomialSprt, binomial_sprt
from protocols.schema import AnytimeRule

Ended = Literal["horizon", "limit_kept"]

COUNTING = frozenset({"poisson_maxsprt", "binomial_maxsprt", "sprt"})
"""Methods that take one pair of each subject, because means are no counts."""

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Process:
    """After each unit the `statistic` and whether it signals; `bound` is what it is held against.

    `log_e` says that the statistic is the logarithm of an e-value, which may be merged with
    others. `ended` says why a rule with a horizon gives no signal any more.
    """

    statistic: FloatArray
    bound: float
    signals: BoolArray
    log_e: bool
    ended: Ended | None = None


def process_of(rule: AnytimeRule, values: FloatArray) -> Process:
    """The rule's process over these units; no signal before its burn-in.

    Raises `UsageError` for values outside [0, 1], or where no signal rule within the registered
    horizon could use up alpha.
    """
    x = np.asarray(values, dtype=np.float64)
    return _METHODS[rule.method](rule, x)


def _e_process(rule: AnytimeRule, log_e: FloatArray) -> Process:
    bound = -math.log(rule.alpha)
    heard = np.arange(1, len(log_e) + 1) >= rule.burn_in
    return Process(log_e, bound, (log_e >= bound) & heard, log_e=True)


def _betting(rule: AnytimeRule, x: FloatArray) -> Process:
    log_e = log_wealth(x, rule.limit, bets=Bets(rule.alpha), hedge=Hedge(theta=1.0))
    return _e_process(rule, log_e)


def _empirical_bernstein(rule: AnytimeRule, x: FloatArray) -> Process:
    return _e_process(rule, plug_in_log_e(x, rule.limit, alpha=rule.alpha))


def _normal_mixture(rule: AnytimeRule, x: FloatArray) -> Process:
    """Values in [0, 1] are sub-Gaussian with variance 1/4 (Hoeffding), so this is exact."""
    rho = tuned_rho(_number(rule, "tightest_at") / 4, rule.alpha, one_sided=True)
    v = np.arange(1, len(x) + 1) / 4
    return _e_process(rule, NormalMixture(rho, one_sided=True).log_e(np.cumsum(x - rule.limit), v))


def _poisson(rule: AnytimeRule, x: FloatArray) -> Process:
    horizon, least = int(_number(rule, "most_units")), int(_number(rule, "least_events"))
    found = _poisson_critical(rule.limit, horizon, rule.alpha, least, rule.burn_in)
    events = np.cumsum(x).tolist()
    pairs = enumerate(events, start=1)
    statistic = np.array([poisson_llr(c, rule.limit * n) for n, c in pairs], dtype=float)
    return _counted(rule, x, statistic, found)


def _binomial(rule: AnytimeRule, x: FloatArray) -> Process:
    horizon, least = int(_number(rule, "most_units")), int(_number(rule, "least_events"))
    found = _binomial_critical(rule.limit, horizon, rule.alpha, least, rule.burn_in)
    events = _counts(x).tolist()
    statistic = np.array(
        [binomial_llr(c, n, rule.limit) for n, c in enumerate(events, start=1)], dtype=float
    )
    return _counted(rule, x, statistic, found)


def _counted(
    rule: AnytimeRule, x: FloatArray, statistic: FloatArray, found: CriticalValue
) -> Process:
    horizon, least = int(_number(rule, "most_units")), int(_number(rule, "least_events"))
    n = np.arange(1, len(x) + 1)
    heard = (n >= max(rule.burn_in, 1)) & (n <= horizon) & (_counts(x) >= least)
    signals = heard & (statistic >= found.signals_from * (1 - _ROUNDING))
    ended: Ended | None = "horizon" if len(x) >= horizon else None
    return Process(statistic, found.signals_from, signals, log_e=False, ended=ended)


def _sprt(rule: AnytimeRule, x: FloatArray) -> Process:
    p0, p1, beta = rule.limit, _number(rule, "alternative"), _number(rule, "beta")
    sizes = max(rule.burn_in, 1), int(_number(rule, "most_units"))
    test = binomial_sprt((p0, p1), alpha=rule.alpha, beta=beta, sizes=sizes)
    counts = _counts(x)
    n = np.arange(1, len(x) + 1)
    statistic = counts * math.log(p1 / p0) + (n - counts) * (math.log1p(-p1) - math.log1p(-p0))
    up, down = _lines(test, counts)
    kept = int(np.argmax(down)) if down.any() else len(x)
    signals = up & (n <= kept)
    ended: Ended | None = "horizon" if len(x) >= sizes[1] else None
    if down.any() and not signals.any():
        ended = "limit_kept"
    return Process(statistic, math.log((1 - beta) / rule.alpha), signals, log_e=False, ended=ended)


def _lines(test: BinomialSprt, counts: IntArray) -> tuple[BoolArray, BoolArray]:
    """Whether each count lies on or beyond the upper and the lower line."""
    up, down = np.zeros(len(counts), dtype=np.bool_), np.zeros(len(counts), dtype=np.bool_)
    for n in range(test.n_min, min(test.n_max, len(counts)) + 1):
        up[n - 1] = counts[n - 1] >= test.upper(n)
        down[n - 1] = counts[n - 1] <= test.lower(n)
    return up, down


def _counts(x: FloatArray) -> IntArray:
    return np.cumsum(x).astype(np.int64)


def _number(rule: AnytimeRule, name: str) -> float:
    value = rule.parameters[name]
    assert isinstance(value, int | float)  # noqa: S101 - a rule of the protocol has seen to it
    return float(value)


@lru_cache(maxsize=64)
def _poisson_critical(
    limit: float, horizon: int, alpha: float, least: int, burn_in: int
) -> CriticalValue:
    return poisson_continuous(limit * horizon, alpha, m=least, start=limit * burn_in)


@lru_cache(maxsize=64)
def _binomial_critical(
    limit: float, horizon: int, alpha: float, least: int, burn_in: int
) -> CriticalValue:
    return binomial_maxsprt(range(max(burn_in, 1), horizon + 1), alpha, share=limit, m=least)


_METHODS: dict[str, Callable[[AnytimeRule, FloatArray], Process]] = {
    "betting": _betting,
    "empirical_bernstein": _empirical_bernstein,
    "normal_mixture": _normal_mixture,
    "poisson_maxsprt": _poisson,
    "binomial_maxsprt": _binomial,
    "sprt": _sprt,
}
