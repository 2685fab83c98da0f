"""Laws of exact count monitoring: walks over all paths, alpha spent, ratios that keep it."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evaluation.monitoring.counts import binomial_crossings, poisson_signals
from evaluation.monitoring.maxsprt import (
    binomial_llr,
    binomial_maxsprt,
    conditional_maxsprt,
    poisson_continuous,
    poisson_groups,
    poisson_llr,
)

LAWS = settings(max_examples=500, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


@LAWS
@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.floats(0.02, 0.98), SEEDS)
def test_exact_looks_agree_with_a_walk_over_all_paths(
    groups: list[int], rate: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    n = np.cumsum(groups).tolist()[:3]
    upper = [int(rng.integers(1, size + 2)) for size in n]
    lower = [int(rng.integers(-1, up)) for up in upper]
    found = binomial_crossings(n, upper=upper, lower=lower, rate=rate)
    alive, ups = {0: 1.0}, []
    for step, up, down in zip(np.diff([0, *n]).tolist(), upper, lower, strict=True):
        for _ in range(step):
            later: dict[int, float] = {}
            for k, p in alive.items():
                later[k] = later.get(k, 0.0) + p * (1 - rate)
                later[k + 1] = later.get(k + 1, 0.0) + p * rate
            alive = later
        ups.append(sum(p for k, p in alive.items() if k >= up))
        alive = {k: p for k, p in alive.items() if down < k < up}
    assert found.upper == pytest.approx(ups, abs=1e-12)
    left = math.fsum(found.upper) + math.fsum(found.lower)
    assert left + sum(alive.values()) == pytest.approx(1, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.5, 25), st.floats(0.005, 0.2), st.integers(1, 4))
def test_poisson_monitoring_spends_alpha_and_no_more(horizon: float, alpha: float, m: int) -> None:
    signals = poisson_signals([horizon], [m])[0]
    assume(signals > alpha * 1.01)
    found = poisson_continuous(horizon, alpha, m=m)
    assert found.type1 == pytest.approx(alpha, rel=1e-8)
    grouped = poisson_groups([horizon / 5] * 5, alpha, m=m)
    assert grouped.type1 <= alpha
    assert grouped.critical < found.critical + 1e-9


@settings(max_examples=60, deadline=None)
@given(st.integers(8, 40), st.floats(0.1, 0.6), st.floats(0.02, 0.2))
def test_binomial_monitoring_signals_at_the_smallest_ratio_that_keeps_alpha(
    n: int, share: float, alpha: float
) -> None:
    assume(share**n < alpha / 2)
    found = binomial_maxsprt(range(1, n + 1), alpha, share=share)
    assert found.type1 <= alpha
    ratios = [[binomial_llr(c, k, share) for c in range(k + 1)] for k in range(1, n + 1)]
    limits = [
        next((c for c, r in enumerate(row) if r >= found.critical - 1e-9), len(row))
        for row in ratios
    ]
    if found.critical > 0:
        looser = binomial_crossings(range(1, n + 1), upper=limits, lower=None, rate=share)
        assert math.fsum(looser.upper) > alpha


def test_a_higher_rate_has_a_higher_ratio() -> None:
    assert [poisson_llr(c, 3.0) for c in (0, 3)] == [0.0, 0.0]
    assert poisson_llr(9, 3.0) > poisson_llr(8, 3.0) > 0


@pytest.mark.slow
def test_conditional_monitoring_keeps_its_error() -> None:
    """400,000 histories of 15 events and 8 events to come, drawn as exponential waits."""
    critical = conditional_maxsprt(15, 8, 0.05).critical
    rng = np.random.default_rng(5)
    ratio = np.cumsum(rng.standard_exponential((400_000, 8)), axis=1)
    ratio /= rng.gamma(15, size=(400_000, 1))
    k = np.arange(1, 9)
    llr = 15 * np.log(15 * (1 + ratio) / (15 + k)) + k * np.log(
        k * (1 + ratio) / (ratio * (15 + k))
    )
    signals = ((llr > critical) & (k > 15 * ratio)).any(axis=1).mean()
    assert signals == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 400_000))
