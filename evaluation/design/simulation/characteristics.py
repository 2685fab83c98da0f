"""Operating characteristics of a design under a scenario, each with its Monte Carlo error."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.design.simulation.estimates import median_unbiased, stagewise_covered
from evaluation.design.simulation.trials import (
    Bounds,
    Records,
    Rule,
    Scenario,
    bounds_of,
    joined,
    run_trials,
)
from evaluation.inference.arrays import FloatArray, exact_sum
from evaluation.inference.orientation import critical_of
from protocols.errors import UsageError

_BATCH = 100_000  # replicates held in memory with all their looks


@dataclass(frozen=True, slots=True)
class Measured:
    """A simulated number and its Monte Carlo standard error."""

    value: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class Estimation:
    """How estimates at stopping behave against the scenario's truth.

    `coverage_*` are of two-sided intervals at 1 - 2 alpha: naive (estimate and its error at the
    stop), repeated (the look's own bound as critical value) and stage-wise. Looks without a bound
    have no repeated interval and count as covered, since nothing is excluded.
    """

    bias_naive: Measured
    rmse_naive: Measured
    bias_median_unbiased: Measured
    rmse_median_unbiased: Measured
    coverage_naive: Measured
    coverage_repeated: Measured
    coverage_stagewise: Measured


@dataclass(frozen=True, slots=True)
class Characteristics:
    """What happened in `n_replicates` trials; by look of the longest pattern where plural.

    `reject` is the chance of a claim: type I error where the truth is the null, power otherwise.
    """

    scenario: str
    n_replicates: int
    reject: Measured
    reject_by_look: tuple[Measured, ...]
    futility_by_look: tuple[Measured, ...]
    expected_information: Measured
    estimation: Estimation | None
    records: Records


def simulate(
    scenario: Scenario, rule: Rule, *, seed: int, replicates: int, alpha: float | None = None
) -> Characteristics:
    """A fixed number of replicates; with `alpha`, one-sided, also the behaviour of estimates."""
    if replicates < 2:
        raise UsageError("REPLICATES", "A Monte Carlo error needs two replicates or more.")
    bounds = bounds_of(scenario, rule)
    starts = range(0, replicates, _BATCH)
    parts = [
        run_trials(scenario, bounds, seed=seed, first=first, n=min(_BATCH, replicates - first))
        for first in starts
    ]
    return characteristics(scenario, bounds, joined(parts), alpha=alpha)


@dataclass(frozen=True, slots=True)
class Precision:
    """When to stop: the error of `reject` that is wanted, and how many replicates at most.

    Looked at after every `batch` replicates.
    """

    standard_error: float
    most: int
    batch: int = 10_000

    def __post_init__(self) -> None:
        """A target that no number of replicates reaches is no target."""
        if not (self.standard_error > 0 and 2 <= self.batch <= self.most):
            raise UsageError("REPLICATES", "A target is positive; a batch is within the maximum.")


def simulate_until(
    scenario: Scenario, rule: Rule, precision: Precision, *, seed: int, alpha: float | None = None
) -> Characteristics:
    """Batches until the error of `reject` is small enough, or as many as are allowed.

    The error is that of (rejections + 1) / (n + 2), so that a first batch without any rejection
    does not look exact.
    """
    bounds = bounds_of(scenario, rule)
    parts: list[Records] = []
    n = rejections = 0
    while n < precision.most:
        size = min(precision.batch, precision.most - n)
        parts.append(run_trials(scenario, bounds, seed=seed, first=n, n=size))
        n += size
        rejections += int(parts[-1].rejected.sum())
        share = (rejections + 1) / (n + 2)
        if math.sqrt(share * (1 - share) / n) <= precision.standard_error:
            break
    return characteristics(scenario, bounds, joined(parts), alpha=alpha)


def characteristics(
    scenario: Scenario, bounds: Sequence[Bounds], records: Records, *, alpha: float | None
) -> Characteristics:
    """Summaries of replicate-level records; order and batches of replicates do not matter."""
    looks = range(max(len(pattern) for pattern in scenario.patterns))
    return Characteristics(
        scenario=scenario.name,
        n_replicates=len(records),
        reject=_share(records.rejected),
        reject_by_look=tuple(_share(records.rejected & (records.look == k)) for k in looks),
        futility_by_look=tuple(_share(records.futile & (records.look == k)) for k in looks),
        expected_information=_mean(records.information),
        estimation=None if alpha is None else _estimation(scenario, bounds, records, alpha),
        records=records,
    )


def _estimation(
    scenario: Scenario, bounds: Sequence[Bounds], records: Records, alpha: float
) -> Estimation:
    truth, patterns, root = scenario.truth, scenario.patterns, np.sqrt(records.information)
    naive = records.z / root - truth
    unbiased = median_unbiased(records, bounds, patterns, truth=truth) - truth
    away = np.abs(records.z - truth * root)
    table = np.full((len(bounds), max(len(p) for p in patterns)), np.inf)
    for j, bound in enumerate(bounds):
        table[j, : len(bound.upper)] = bound.upper
    repeated = table[records.pattern, records.look]
    stagewise = stagewise_covered(records, bounds, patterns, truth=truth, level=1 - 2 * alpha)
    return Estimation(
        bias_naive=_mean(naive),
        rmse_naive=_root_mean(naive**2),
        bias_median_unbiased=_mean(unbiased),
        rmse_median_unbiased=_root_mean(unbiased**2),
        coverage_naive=_share(away <= critical_of(alpha)),
        coverage_repeated=_share(away <= repeated),
        coverage_stagewise=_share(stagewise),
    )


def _share(found: npt.NDArray[np.bool_]) -> Measured:
    n = len(found)
    share = int(found.sum()) / n
    return Measured(share, math.sqrt(share * (1 - share) / n))


def _mean(values: FloatArray) -> Measured:
    n = len(values)
    mean = exact_sum(values) / n
    spread = exact_sum((values - mean) ** 2) / (n - 1)
    return Measured(mean, math.sqrt(spread / n))


def _root_mean(squares: FloatArray) -> Measured:
    mean = _mean(squares)
    root = math.sqrt(mean.value)
    return Measured(root, mean.standard_error / (2 * root) if root else 0.0)
