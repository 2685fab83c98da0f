"""Registered scenarios run until the registered standard error is reached, or a person says stop.

Only counts are kept: how often a trial of a pattern ended at a look, and how. They add up to the
same whatever the batches, and replicate i is the same trial in any of them. Whether to go on is
asked after every `BLOCK` replicates, however many are run at once, so that the last replicate does
not depend on batches either.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evaluation.design.simulation.characteristics import (
    Measured,
    characteristics,
)
from evaluation.design.simulation.trials import (
    Bounds,
    Records,
    Scenario,
    bounds_of,
    joined,
    run_trials,
)
from evaluation.inference.arrays import IntArray
from evaluation.planning.conducts import Designs, check_scenarios, rule_of, scenario_of
from evaluation.planning.designs import Design
from evaluation.planning.sized import Sized
from evaluation.results.design import (
    EstimationAtStop,
    Simulated,
    SimulatedScenario,
)
from protocols import schema

BLOCK = 10_000  # replicates between two questions whether to go on
WITH_ESTIMATES = 100_000  # first replicates whose estimates are looked at
WAYS = 3  # claim, stop below, neither


@dataclass(frozen=True, slots=True)
class Run:
    """One hypothesis under one scenario, ready to run."""

    design: Design
    sized: Sized
    asked: schema.Scenario
    scenario: Scenario
    bounds: tuple[Bounds, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class Tally:
    """`counts` by pattern, look and way of ending; `first` are the replicates kept whole."""

    replicates: int
    counts: IntArray
    first: tuple[Records, ...]

    def and_(self, records: Records) -> "Tally":
        """With more replicates, those that follow."""
        counts = self.counts.copy()
        way = np.where(records.rejected, 0, np.where(records.futile, 1, 2))
        np.add.at(counts, (records.pattern, records.look, way), 1)
        kept = (*self.first, records) if self.replicates < WITH_ESTIMATES else self.first
        return Tally(self.replicates + len(records), counts, kept)


def runs_of(plan: schema.Simulation, designs: Designs) -> Iterator[Run]:
    """Every registered scenario for every hypothesis with a size design, in the protocol's order.

    Raises `DocumentError(DESIGN_INCOMPLETE)` as `check_scenarios`.
    """
    check_scenarios(plan, designs)
    for asked in plan.scenarios:
        for design, sized in designs:
            scenario = scenario_of(design, sized, asked, seed=plan.seed)
            bounds = bounds_of(scenario, rule_of(design, asked))
            yield Run(design, sized, asked, scenario, bounds, plan.seed)


def nothing(run: Run) -> Tally:
    """The tally before the first trial."""
    looks = max(len(pattern) for pattern in run.scenario.patterns)
    shape = (len(run.scenario.patterns), looks, WAYS)
    return Tally(0, np.zeros(shape, dtype=np.int64), ())


def tallies(run: Run, plan: schema.Simulation, *, at_once: int = BLOCK) -> Iterator[Tally]:
    """The tally after every batch, until `target_se` or `most_replicates` is reached."""
    tally = nothing(run)
    while tally.replicates < plan.most_replicates:
        if tally.replicates % BLOCK == 0 and reached(tally, plan.target_se):
            return
        until = min((tally.replicates // BLOCK + 1) * BLOCK, plan.most_replicates)
        n = min(at_once, until - tally.replicates)
        first = tally.replicates
        tally = tally.and_(run_trials(run.scenario, run.bounds, seed=run.seed, first=first, n=n))
        yield tally


def reached(tally: Tally, target_se: float) -> bool:
    """Whether the share of claims is known as well as registered.

    Of (claims + 1) / (n + 2), so that a first block without any claim does not look exact.
    """
    n = tally.replicates
    if n == 0:
        return False
    share = (int(tally.counts[:, :, 0].sum()) + 1) / (n + 2)
    return math.sqrt(share * (1 - share) / n) <= target_se


def most_needed(plan: schema.Simulation) -> int:
    """An upper limit of the replicates of one run: a share of one half is the least certain."""
    blocks = math.ceil(0.25 / plan.target_se**2 / BLOCK)
    return min(plan.most_replicates, blocks * BLOCK)


def found_in(
    run: Run, tally: Tally, plan: schema.Simulation, *, interrupted: bool
) -> SimulatedScenario:
    """What a tally of two replicates or more says."""
    n = tally.replicates
    claims, lower = tally.counts[:, :, 0].sum(axis=0), tally.counts[:, :, 1].sum(axis=0)
    return SimulatedScenario(
        scenario=run.asked.id,
        hypothesis=run.design.id,
        true_effect=run.asked.true_effect,
        drift=run.scenario.effect,
        replicates=n,
        reached=reached(tally, plan.target_se),
        interrupted=interrupted,
        claims=_share(int(claims.sum()), n),
        claims_by_look=tuple(_share(int(count), n) for count in claims),
        lower_by_look=tuple(_share(int(count), n) for count in lower),
        expected_pairs=_pairs(run, tally),
        estimation=_estimation(run, tally),
    )


def _share(count: int, n: int) -> Simulated:
    share = count / n
    return Simulated(value=share, standard_error=math.sqrt(share * (1 - share) / n))


def _pairs(run: Run, tally: Tally) -> Simulated:
    """From whole counts, so that no order of adding matters."""
    planned, n = run.sized.planned, tally.replicates
    ended = tally.counts.sum(axis=2)
    held = [
        (int(ended[place, look]), planned * information)
        for place, pattern in enumerate(run.scenario.patterns)
        for look, information in enumerate(pattern)
    ]
    mean = math.fsum(count * pairs for count, pairs in held) / n
    spread = math.fsum(count * (pairs - mean) ** 2 for count, pairs in held) / (n - 1)
    return Simulated(value=mean, standard_error=math.sqrt(spread / n))


def _estimation(run: Run, tally: Tally) -> EstimationAtStop | None:
    """Of the first replicates; None where fewer than a block were run."""
    if tally.replicates < BLOCK:
        return None
    records = joined(tally.first)
    whole = characteristics(run.scenario, run.bounds, records, alpha=run.design.alpha)
    estimation = whole.estimation
    assert estimation is not None  # noqa: S101 - asked for by alpha
    return EstimationAtStop(
        replicates=len(records),
        bias_naive=_said(estimation.bias_naive),
        bias_median_unbiased=_said(estimation.bias_median_unbiased),
        rmse_naive=_said(estimation.rmse_naive),
        rmse_median_unbiased=_said(estimation.rmse_median_unbiased),
        coverage_naive=_said(estimation.coverage_naive),
        coverage_repeated=_said(estimation.coverage_repeated),
        coverage_stagewise=_said(estimation.coverage_stagewise),
    )


def _said(measured: Measured) -> Simulated:
    return Simulated(value=measured.value, standard_error=measured.standard_error)
