"""Ten million simulated trials per design: the analytic error rates and powers, by brute force.

Paths are Brownian increments, nothing of the quadrature is used; 3 Monte Carlo standard errors.
"""

import math
from collections.abc import Iterator

import numpy as np
import pytest

from evaluation.design.adaptive.promising import TwoStages, Zone, second_stage_critical
from evaluation.design.after.delayed import decision_bounds
from evaluation.design.after.orderings import Plan, expected_estimate
from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.futility.spending import FutilityDesign, futility_design
from evaluation.design.operating import drift_for_power, operating_characteristics
from evaluation.design.spending import cumulative_alpha
from evaluation.inference.arrays import FloatArray

PATHS, CHUNK = 10_000_000, 500_000
OBF, POCOCK = "lan_demets_obrien_fleming", "lan_demets_pocock"


def scores(information: tuple[float, ...], drift: float, seed: int) -> Iterator[list[FloatArray]]:
    """Chunks of paths: the score at each look."""
    rng = np.random.default_rng(seed)
    for _ in range(PATHS // CHUNK):
        before, at = 0.0, np.zeros(CHUNK)
        found: list[FloatArray] = []
        for here in information:
            gained = here - before
            at = at + rng.standard_normal(CHUNK) * math.sqrt(gained) + drift * gained
            found.append(at)
            before = here
        yield found


def rejected(
    upper: tuple[float, ...],
    lower: tuple[float, ...],
    information: tuple[float, ...],
    drift: float,
    seed: int,
) -> tuple[float, float]:
    """The share that crosses above first, and the mean information at stopping."""
    crossed, spent = 0, 0.0
    last = len(information) - 1
    for chunk in scores(information, drift, seed):
        going = np.ones(CHUNK, dtype=bool)
        for k, here in enumerate(information):
            above = going & (chunk[k] >= upper[k] * math.sqrt(here))
            below = going & (chunk[k] < lower[k] * math.sqrt(here))
            crossed += int(above.sum())
            stops = going if k == last else above | below
            spent += here * int(stops.sum())
            going &= ~stops
    return crossed / PATHS, spent / PATHS


def error(p: float) -> float:
    return 3 * math.sqrt(p * (1 - p) / PATHS)


def futile() -> FutilityDesign:
    times = (0.4, 0.7, 1.0)
    beta = cumulative_alpha("hwang_shih_decani", 0.1, times, parameter=-2.0)
    return futility_design(cumulative_alpha(OBF, 0.025, times), beta, times)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "information"),
    [(OBF, (0.2, 0.4, 0.6, 0.8, 1.0)), (POCOCK, (0.5, 0.51, 0.52, 1.0))],
)
def test_error_and_power_of_efficacy_bounds(family: str, information: tuple[float, ...]) -> None:
    upper = efficacy_boundaries(cumulative_alpha(family, 0.025, information), information)
    free = (-math.inf,) * len(information)
    found, _ = rejected(upper, free, information, 0.0, seed=1)
    assert abs(found - 0.025) < error(0.025)
    drift = drift_for_power(upper, information, power=0.9)
    analytic = operating_characteristics(upper, information, drift=drift)
    power, spent = rejected(upper, free, information, drift, seed=2)
    assert abs(power - analytic.power) < error(0.9)
    assert spent == pytest.approx(analytic.expected_information, abs=5e-4)


@pytest.mark.slow
def test_error_and_power_with_futility_not_binding() -> None:
    design = futile()
    free = (-math.inf,) * 3
    ignored, _ = rejected(design.upper, free, design.information, 0.0, seed=3)
    assert abs(ignored - 0.025) < error(0.025)
    obeyed, spent = rejected(design.upper, design.lower, design.information, design.drift, seed=4)
    assert abs(obeyed - 0.9) < error(0.9)
    analytic = design.under(design.drift)
    assert spent == pytest.approx(analytic.expected_information, abs=5e-4)


@pytest.mark.slow
def test_error_of_delayed_decisions() -> None:
    times, pipeline = (0.3, 0.7, 1.0), (0.16, 0.2)
    spends = cumulative_alpha(OBF, 0.025, times), cumulative_alpha(OBF, 0.2, times)
    design = futility_design(*spends, times, binding=True)
    decision = decision_bounds(design.upper, design.lower, times, pipeline=pipeline).decision
    rng = np.random.default_rng(5)
    crossed = 0
    for chunk in scores(times, 0.0, seed=6):
        going = np.ones(CHUNK, dtype=bool)
        for k, late in enumerate(pipeline):
            z = chunk[k] / math.sqrt(times[k])
            leaves = going & ((z >= design.upper[k]) | (z < design.lower[k]))
            whole = chunk[k][leaves] + rng.standard_normal(int(leaves.sum())) * math.sqrt(late)
            crossed += int((whole >= decision[k] * math.sqrt(times[k] + late)).sum())
            going &= ~leaves
        crossed += int((chunk[2][going] >= decision[2]).sum())
    assert abs(crossed / PATHS - 0.025) < error(0.025)


@pytest.mark.slow
def test_error_of_a_promising_zone_with_frozen_weights() -> None:
    bounds = efficacy_boundaries(cumulative_alpha(OBF, 0.025, (0.5, 1.0)), (0.5, 1.0))
    design, zone = TwoStages((0.5, 1.0), (bounds[0], bounds[1])), Zone(0.3, 0.8, 0.9, 3.0)
    rng = np.random.default_rng(7)
    crossed = pooled = 0
    for _ in range(PATHS // CHUNK):
        first, second = rng.standard_normal((2, CHUNK))
        early = first >= bounds[0]
        critical = second_stage_critical(0.0, design) - first  # straight in z with slope -1
        effect = first / math.sqrt(0.5)
        planned = effect * math.sqrt(0.5) - critical
        promising = (planned > -0.5244) & (planned < 0.8416) & (effect > 0)
        needed = np.where(promising, ((critical + 1.2816) / np.maximum(effect, 1e-9)) ** 2, 0.5)
        coming = np.clip(needed, 0.5, zone.cap - 0.5)
        crossed += int((early | (second >= critical)).sum())
        share = 0.5 / (0.5 + coming)
        naive = np.sqrt(share) * first + np.sqrt(1 - share) * second
        pooled += int((early | (naive >= bounds[1])).sum())
    assert abs(crossed / PATHS - 0.025) < error(0.025)
    assert abs(pooled / PATHS - 0.025) > error(0.025)  # pooling with the sizes reached does not


@pytest.mark.slow
def test_the_mean_estimate_of_stopped_trials() -> None:
    design = futile()
    total = 0.0
    for chunk in scores(design.information, 1.0, seed=8):
        going = np.ones(CHUNK, dtype=bool)
        for k, here in enumerate(design.information):
            z = chunk[k] / math.sqrt(here)
            stops = going & ((k == 2) | (z >= design.upper[k]) | (z < design.lower[k]))
            total += float(chunk[k][stops].sum()) / here
            going &= ~stops
    plan = Plan(design.information, design.upper, design.lower)
    assert total / PATHS == pytest.approx(expected_estimate(plan, 1.0), abs=1.5e-3)
