"""Do trials of the planned size find what they were planned for? Whole trials, simulated."""

import math

import numpy as np
import pytest

from evaluation.design.size.areas import Scores, area_size
from evaluation.design.size.blinded import Rule, reestimated_discordance, reestimated_sd
from evaluation.design.size.counts import PairedRates, independent_rates_size, rate_ratio_size
from evaluation.design.size.counts import restricted_shares as restricted
from evaluation.design.size.means import mean_size
from evaluation.design.size.plan import Clusters, Normal, Plan, Target
from evaluation.design.size.proportions import PairedShares, ratio_size, score_size
from evaluation.design.size.several import co_primary_size
from evaluation.inference.base import Estimate
from evaluation.inference.clusters.means import clustered_difference
from evaluation.inference.discrimination.areas import delong
from evaluation.inference.proportions.difference import PairedCounts, score_statistic
from evaluation.inference.proportions.ratio import ratio_statistic
from protocols.vocabulary import Direction

pytestmark = pytest.mark.slow
HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
PLAN = Plan(0.025, 0.8)
CRITICAL = 1.959963984540054
APPROXIMATE = 0.02  # what a normal approximation at a few hundred pairs may miss


def assert_power(successes: int, trials: int, *, power: float = 0.8) -> None:
    share = successes / trials
    error = math.sqrt(power * (1 - power) / trials)
    assert abs(share - power) < 3 * error + APPROXIMATE, share


def test_a_ratio_size_finds_its_ratio() -> None:
    shares = PairedShares(0.8, 0.8, 0.7)
    n = ratio_size(0.9, shares, HIGHER, PLAN).n_pairs
    rng = np.random.default_rng(1)
    tables = rng.multinomial(n, [0.7, 0.1, 0.1, 0.1], size=20_000)
    hits = sum(ratio_statistic(PairedCounts(*map(int, row)), 0.9) >= CRITICAL for row in tables)
    assert_power(hits, len(tables))


def scored_trial(
    rng: np.random.Generator, n: int, *, shifts: tuple[float, float], scores: Scores
) -> bool:
    outcome = rng.random(n) < scores.prevalence
    r = np.where(outcome, scores.correlation_events, scores.correlation_nonevents)
    first = rng.normal(size=n)
    second = r * first + np.sqrt(1 - r**2) * rng.normal(size=n)
    found = delong(
        first + shifts[0] * outcome,
        second + shifts[1] * outcome,
        outcome,
        margin=0.08,
        level=0.95,
    )
    return isinstance(found, Estimate) and found.statistic >= CRITICAL


def test_an_area_size_is_that_of_the_delong_test_and_the_published_one_is_larger() -> None:
    scores = Scores(0.8, 0.35, 0.6, 0.4)
    target = Target(-0.08, 0.0, HIGHER)
    n = area_size(target, scores, PLAN).n_pairs
    assert area_size(target, scores, PLAN, variance="obuchowski_mcclish").n_pairs > 1.5 * n
    rng = np.random.default_rng(2)
    shift = math.sqrt(2) * 0.8416212
    hits = sum(scored_trial(rng, n, shifts=(shift, shift), scores=scores) for _ in range(3000))
    assert_power(hits, 3000)


def test_a_paired_count_size_finds_its_ratio() -> None:
    """Correlated negative binomial counts by a gamma frailty that a pair shares."""
    dispersion, mean = 0.5, 1.5
    correlation = dispersion * mean / (1 + dispersion * mean)
    rates = PairedRates(mean, 1.0, dispersion, correlation)
    n = rate_ratio_size((1.3, 1.0), rates, LOWER, PLAN).n_pairs
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(10_000):
        frailty = rng.gamma(1 / dispersion, dispersion, n)
        x, y = rng.poisson(mean * frailty), rng.poisson(mean * frailty)
        spread = np.var(x / x.mean() - y / y.mean(), ddof=1) / n
        hits += math.log(1.3 * y.mean() / x.mean()) / math.sqrt(spread) >= CRITICAL
    assert_power(hits, 10_000)


def test_an_independent_size_finds_its_difference() -> None:
    found = independent_rates_size((0.85, 0.85), -0.1, PLAN)
    n = found.n_first
    rng = np.random.default_rng(4)
    hits = 0
    for x, y in rng.binomial(n, 0.85, size=(5000, 2)) / n:
        low, high = restricted(float(x), float(y), -0.1, allocation=1.0)
        error = math.sqrt((low * (1 - low) + high * (1 - high)) / n)
        hits += (x - y + 0.1) / error >= CRITICAL
    assert_power(hits, 5000)


def test_the_design_effect_pays_for_repeat_encounters() -> None:
    """Paired differences with a subject's own shift, analysed by subjects."""
    icc, sd, k = 0.2, 0.4, 4
    plan = Plan(0.025, 0.8, 1.0, 1.0, Clusters(k, 0.0, icc))
    target = Target(-0.08, 0.0, HIGHER)
    n = mean_size(target, sd, plan).n_pairs
    subjects = math.ceil(n / k)
    cluster = np.repeat(np.arange(subjects), k)
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(3000):
        own = rng.normal(scale=sd * math.sqrt(icc), size=subjects)
        rest = rng.normal(scale=sd * math.sqrt(1 - icc), size=len(cluster))
        found = clustered_difference(
            own[cluster] + rest,
            np.zeros(len(cluster)),
            cluster,
            margin=0.08,
            direction=HIGHER,
            level=0.95,
        )
        hits += isinstance(found, Estimate) and found.p_value <= 0.025
    assert_power(hits, 3000)


def test_co_primaries_reach_their_joint_power() -> None:
    endpoints = [Normal(0.1, 0.2, 0.2), Normal(0.08, 0.15, 0.15)]
    r = 0.5
    found = co_primary_size(endpoints, PLAN, correlation=[[1, r], [r, 1]])
    rng = np.random.default_rng(6)
    z = rng.multivariate_normal([0, 0], [[1, r], [r, 1]], size=200_000)
    for j, one in enumerate(endpoints):
        z[:, j] += math.sqrt(found.size.n_pairs / one.variance_truth) * one.distance
    share = float((z >= CRITICAL).all(axis=1).mean())
    assert abs(share - found.joint_power) < 3 * math.sqrt(0.16 / 200_000)


@pytest.mark.parametrize("discordance", [0.08, 0.16, 0.3])
def test_a_blinded_correction_of_the_discordance_costs_next_to_no_alpha(
    discordance: float,
) -> None:
    """Truth on the margin, half the planned trial seen: level within what no correction has."""
    target, plan = Target(-0.05, 0.0, HIGHER), Plan(0.025, 0.9)
    planned = score_size(target, 0.12, plan).n_pairs
    rule, seen = Rule(planned, 2 * planned), planned // 2
    rng = np.random.default_rng(7)
    cells = [1 - discordance, (discordance - 0.05) / 2, (discordance + 0.05) / 2]
    trials = 20_000
    first = rng.multinomial(seen, cells, size=trials)
    hits = fixed = 0
    for row in first:
        found = reestimated_discordance(int(row[1] + row[2]), seen, target, plan, rule=rule)
        total = row + rng.multinomial(found.n_pairs - seen, cells)
        hits += claims(total)
        fixed += claims(row + rng.multinomial(planned - seen, cells))
    error = math.sqrt(0.025 * 0.975 / trials)
    assert hits / trials < 0.025 + 3 * error + 0.002, hits / trials
    assert hits - fixed < 3 * math.sqrt(2) * error * trials + 0.001 * trials


def claims(table: np.ndarray) -> bool:
    same, won, lost = (int(count) for count in table)
    return score_statistic(PairedCounts(same, won, lost, 0), -0.05) >= CRITICAL


def test_a_blinded_correction_of_the_spread_costs_next_to_no_alpha() -> None:
    target, plan = Target(-0.1, 0.0, HIGHER), Plan(0.025, 0.8)
    planned = mean_size(target, 0.35, plan).n_pairs
    rule, seen = Rule(planned, 3 * planned), planned // 2
    rng = np.random.default_rng(8)
    trials, hits = 40_000, 0
    for _ in range(trials):
        values = rng.normal(-0.1, 0.45, seen)
        found = reestimated_sd(float(values @ values) / seen, seen, target, plan, rule=rule)
        values = np.concatenate([values, rng.normal(-0.1, 0.45, found.n_pairs - seen)])
        n = len(values)
        t = (values.mean() + 0.1) / (values.std(ddof=1) / math.sqrt(n))
        hits += t >= CRITICAL + (CRITICAL**3 + CRITICAL) / (4 * (n - 1))  # the t quantile
    error = math.sqrt(0.025 * 0.975 / trials)
    assert hits / trials < 0.025 + 3 * error, hits / trials


def test_a_blinded_correction_restores_the_power() -> None:
    """Planned with a discordance of .1 where it is .2: .9 is kept instead of about .65."""
    target, plan = Target(-0.05, 0.0, HIGHER), Plan(0.025, 0.9)
    planned = score_size(target, 0.1, plan).n_pairs
    rule, seen = Rule(planned, 3 * planned), planned // 2
    rng = np.random.default_rng(9)
    cells = [0.8, 0.1, 0.1]
    hits = 0
    for row in rng.multinomial(seen, cells, size=5000):
        found = reestimated_discordance(int(row[1] + row[2]), seen, target, plan, rule=rule)
        hits += claims(row + rng.multinomial(found.n_pairs - seen, cells))
    assert_power(hits, 5000, power=0.9)
