"""A registered safety rule as a process over its units: the statistic, its bound, its signals.

Values come one a unit, in the order in which outcomes arrived: shares of an event in [0, 1], or
paired losses, candidate less standard of care, in [-1, 1] (asymptotic: without bounds). Under the
null no unit's expectation, given the past, lies above the rule's limit. A paired loss d is bet on
as (d + 1) / 2 against (limit + 1) / 2. Methods that count events take values of 0 and 1.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from evaluation.monitoring.asymptotic import AsymptoticPlan, running_log_e
from evaluation.monitoring.betting import Bets, Hedge, log_wealth
from evaluation.monitoring.bounded import plug_in_log_e
from evaluation.monitoring.counts import exact_limits
from evaluation.monitoring.maxsprt import (
    CriticalValue,
    binomial_llr,
    binomial_maxsprt,
    poisson_continuous,
    poisson_llr,
)
from evaluation.monitoring.mixtures import NormalMixture, stitched_log_p, tuned_rho
from evaluation.monitoring.sprt import BinomialSprt, binomial_sprt
from protocols.errors import UsageError
from protocols.methods.anytime import LEAST_BURN_IN, UNBOUNDED
from protocols.schema import AnytimeRule

Ended = Literal["horizon", "limit_kept", "cannot_signal"]

STITCHING = (1.4, 2.0)
"""Howard & al.'s (s, eta) of the stitched boundary (2021, Annals of Statistics 49:1055, eq. 10)."""

LOG_E = "logarithm of the e-value"

_ROUNDING = 1e-12
_NO_SIGNAL = frozenset({"ALPHA_UNREACHABLE", "HORIZON"})


@dataclass(frozen=True, slots=True)
class Process:
    """After each unit the `statistic` and whether it signals; `bound` is what it is held against.

    `log_e` says that the statistic is the logarithm of an e-value, which may be merged with
    others. `bounds` are those after each unit where they differ; `name` is what the statistic is.
    `ended` says why a rule gives no signal any more.
    """

    statistic: FloatArray
    bound: float
    signals: BoolArray
    log_e: bool
    ended: Ended | None = None
    name: str = "log-likelihood ratio"
    bounds: FloatArray | None = None

    def bound_at(self, after: int) -> float:
        """What the statistic after so many units was held against."""
        return self.bound if self.bounds is None else float(self.bounds[after - 1])


def process_of(rule: AnytimeRule, values: FloatArray) -> Process:
    """The rule's process over these units; no signal before its burn-in.

    Where no signal within the registered horizon could use up alpha it has ended before it began:
    `cannot_signal`. Raises `UsageError` for values outside their range.
    """
    x = np.asarray(values, dtype=np.float64)
    if is_paired(rule) and rule.method != UNBOUNDED:
        x, rule = (x + 1) / 2, rule.model_copy(update={"limit": (rule.limit + 1) / 2})
    try:
        return _METHODS[rule.method](rule, x)
    except UsageError as error:
        if error.code not in _NO_SIGNAL:
            raise
    silent = np.zeros(len(x), dtype=np.bool_)
    return Process(np.zeros(len(x)), math.inf, silent, log_e=False, ended="cannot_signal")


def is_paired(rule: AnytimeRule) -> bool:
    """Whether the rule watches the difference of both arms, and not the candidate alone."""
    return rule.counterpart is not None or rule.endpoint is not None


def _e_process(rule: AnytimeRule, log_e: FloatArray) -> Process:
    bound = -math.log(rule.alpha)
    heard = np.arange(1, len(log_e) + 1) >= rule.burn_in
    return Process(log_e, bound, (log_e >= bound) & heard, log_e=True, name=LOG_E)


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


def _stitched(rule: AnytimeRule, x: FloatArray) -> Process:
    """Values in [0, 1] are sub-Gaussian with variance 1/4; the statistic is ln(1/p)."""
    v_min = _number(rule, "sharp_from") / 4
    v = np.arange(1, len(x) + 1) / 4
    statistic = stitched_log_p(np.cumsum(x - rule.limit), v, v_min=v_min, shape=STITCHING)
    bound = -math.log(rule.alpha)
    heard = np.arange(1, len(x) + 1) >= rule.burn_in
    return Process(
        statistic, bound, (statistic >= bound) & heard, log_e=False, name="logarithm of 1/p"
    )


def _asymptotic(rule: AnytimeRule, x: FloatArray) -> Process:
    """Before the burn-in nothing is said, so that the e-value is 1."""
    plan = AsymptoticPlan(
        rule.alpha, _number(rule, "tightest_at"), max(rule.burn_in, LEAST_BURN_IN), one_sided=True
    )
    return _e_process(rule, running_log_e(x, plan, null=rule.limit))


def _by_looks(rule: AnytimeRule, x: FloatArray) -> Process:
    """Exact binomial limits at registered numbers of units; between them nothing is read."""
    units, spent = _numbers(rule, "at_units"), _numbers(rule, "spent")
    limits = _look_limits(rule.limit, rule.alpha, tuple(map(int, units)), spent)
    n, counts = np.arange(1, len(x) + 1), _counts(x)
    place = np.minimum(np.searchsorted(np.array(units), n), len(units) - 1)
    bounds = np.array(limits, dtype=np.float64)[place]
    read = np.isin(n, np.array(units)) & (n >= rule.burn_in)
    ended: Ended | None = "horizon" if len(x) >= units[-1] else None
    if all(limit > size for limit, size in zip(limits, units, strict=True)):
        ended = "cannot_signal"
    return Process(
        statistic=counts.astype(np.float64),
        bound=float(bounds[-1]) if len(x) else float(limits[0]),
        signals=read & (counts >= bounds),
        log_e=False,
        ended=ended,
        name="events",
        bounds=bounds,
    )


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


def _numbers(rule: AnytimeRule, name: str) -> tuple[float, ...]:
    value = rule.parameters[name]
    assert isinstance(value, tuple)  # noqa: S101 - a rule of the protocol has seen to it
    return value


@lru_cache(maxsize=64)
def _look_limits(
    limit: float, alpha: float, units: tuple[int, ...], spent: tuple[float, ...]
) -> tuple[int, ...]:
    return exact_limits(units, [alpha * share for share in spent], rate=limit)


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
    "stitched": _stitched,
    "asymptotic": _asymptotic,
    "poisson_maxsprt": _poisson,
    "binomial_maxsprt": _binomial,
    "sprt": _sprt,
    "binomial_group_sequential": _by_looks,
}
