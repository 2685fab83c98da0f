"""Registered scenarios run until the registered standard error is reached, or a person says stop.

Counts are kept: how often a trial of a pattern ended at a look, and how. They add up to the same
whatever the batches, and replicate i is the same trial in any of them. Whether to go on is asked
after every `BLOCK` replicates, however many are run at once and by whom: blocks that others ran
beyond the one that was enough are thrown away, so that the last replicate does not depend on
workers either.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from evaluation.design.simulation.characteristics import Measured, characteristics
from evaluation.design.simulation.families import FamilyRecords
from evaluation.design.simulation.trials import (
    Bounds,
    Records,
    Scenario,
    bounds_of,
    joined,
    run_trials,
)
from evaluation.inference.arrays import IntArray
from evaluation.inference.orientation import sign_of
from evaluation.plan import HypothesisPlan
from evaluation.planning.conducts import (
    Designs,
    check_scenarios,
    effect_in,
    rule_of,
    scenario_of,
)
from evaluation.planning.designs import Design
from evaluation.planning.sized import Sized
from evaluation.planning.together import (
    EDGE,
    Joint,
    JointTally,
    joint_reached,
    mean_of,
    no_trials,
    share,
    trials_of,
)
from evaluation.planning.workers import Hand
from evaluation.results.design import (
    EstimationAtStop,
    HarmSignals,
    Simulated,
    SimulatedScenario,
)
from protocols import schema

BLOCK = 10_000  # replicates between two questions whether to go on
AT_ONCE = 4  # blocks that a worker takes at a time, when their trials are kept whole
COUNTED_AT_ONCE = 25  # and when they are only counted
WITH_ESTIMATES = 100_000  # first replicates whose estimates are looked at
Block = TypeVar("Block")
WAYS = 4  # claim, stop for futility, stop for harm, neither


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
    """`counts` by pattern, look and way of ending; `signals` of harm by pattern and look.

    `first` are the replicates kept whole.
    """

    replicates: int
    counts: IntArray
    signals: IntArray
    first: tuple[Records, ...]

    def and_(self, records: Records, *, harm_ends: bool) -> "Tally":
        """With more replicates, those that follow."""
        counts, signals = self.counts.copy(), self.signals.copy()
        harmed = records.futile & (records.signal == records.look) & harm_ends
        way = np.select([records.rejected, harmed, records.futile], [0, 2, 1], default=3)
        np.add.at(counts, (records.pattern, records.look, way), 1)
        told = records.signal >= 0
        np.add.at(signals, (records.pattern[told], records.signal[told]), 1)
        kept = (*self.first, records) if self.replicates < WITH_ESTIMATES else self.first
        return Tally(self.replicates + len(records), counts, signals, kept)

    def plus(self, other: "Tally") -> "Tally":
        """With the trials of another tally, none of them kept."""
        n = self.replicates + other.replicates
        return Tally(n, self.counts + other.counts, self.signals + other.signals, self.first)


Sink = Callable[[Run, int, Records], None]
"""Takes whole replicates as they are counted, from this number on."""
JointSink = Callable[[Joint, int, FamilyRecords], None]


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
    patterns = run.scenario.patterns
    looks = max(len(pattern) for pattern in patterns)
    counts = np.zeros((len(patterns), looks, WAYS), dtype=np.int64)
    return Tally(0, counts, counts[:, :, 0].copy(), ())


def tallies(run: Run, plan: schema.Simulation, *, at_once: int = BLOCK) -> Iterator[Tally]:
    """The tally after every batch in this process, until enough is known."""
    tally = nothing(run)
    while not _enough(tally, plan):
        until = min((tally.replicates // BLOCK + 1) * BLOCK, plan.most_replicates)
        n = min(at_once, until - tally.replicates)
        records = _trials(run, tally.replicates, n)
        tally = tally.and_(records, harm_ends=run.design.harm_ends)
        yield tally


def shared_tallies(
    run: Run, plan: schema.Simulation, *, hand: Hand, workers: int, sink: Sink | None = None
) -> Iterator[Tally]:
    """As `tallies`, with blocks handed out: the same numbers whoever runs them."""
    tally = nothing(run)
    while not _enough(tally, plan):
        starts = _starts(tally, plan, workers, kept=sink is not None)
        for block in _handed(_run_blocks, (run, sink is not None), hand, starts):
            if isinstance(block, Tally):
                tally = tally.plus(block)
            else:
                if sink is not None:
                    sink(run, tally.replicates, block)
                tally = tally.and_(block, harm_ends=run.design.harm_ends)
            if _enough(tally, plan):
                break
        yield tally


def joint_tallies(
    joint: Joint,
    plan: schema.Simulation,
    *,
    hand: Hand,
    workers: int,
    sink: JointSink | None = None,
) -> Iterator[JointTally]:
    """The same for all hypotheses together."""
    tally = no_trials(joint)
    while not _enough(tally, plan):
        starts = _starts(tally, plan, workers, kept=True)
        for records in _handed(_joint_blocks, (joint,), hand, starts):
            if sink is not None:
                sink(joint, tally.replicates, records)
            tally = tally.and_(records)
            if _enough(tally, plan):
                break
        yield tally


def _enough(tally: Tally | JointTally, plan: schema.Simulation) -> bool:
    n = tally.replicates
    if n >= plan.most_replicates or n % BLOCK:
        return n >= plan.most_replicates
    if isinstance(tally, Tally):
        return reached(tally, plan.target_se)
    return joint_reached(tally, plan.target_se)


def _trials(run: Run, first: int, n: int) -> Records:
    return run_trials(run.scenario, run.bounds, seed=run.seed, first=first, n=n)


def _starts(
    tally: Tally | JointTally, plan: schema.Simulation, workers: int, *, kept: bool
) -> list[list[tuple[int, int]]]:
    """For each worker the blocks to run next, as (first replicate, how many); few at first."""
    most, first = plan.most_replicates, tally.replicates
    each = AT_ONCE if kept or first < WITH_ESTIMATES else COUNTED_AT_ONCE
    each = each if first else 1
    starts = range(first, min(first + workers * each * BLOCK, most), BLOCK)
    blocks = [(start, min(BLOCK, most - start)) for start in starts]
    return [blocks[at : at + each] for at in range(0, len(blocks), each)]


def _handed(
    task: Callable[..., list[Block]],
    fixed: tuple[object, ...],
    hand: Hand,
    starts: Sequence[Sequence[tuple[int, int]]],
) -> list[Block]:
    parts = hand(task, [(*fixed, blocks) for blocks in starts])
    return [block for part in parts for block in part]


def _run_blocks(run: Run, kept: bool, blocks: Sequence[tuple[int, int]]) -> list[Records | Tally]:
    """Whole trials where they are looked at again, else what they count: less to carry."""
    found: list[Records | Tally] = []
    for first, n in blocks:
        records = _trials(run, first, n)
        if kept or first < WITH_ESTIMATES:
            found.append(records)
        else:
            counted = nothing(run).and_(records, harm_ends=run.design.harm_ends)
            found.append(replace(counted, first=()))
    return found


def _joint_blocks(joint: Joint, blocks: Sequence[tuple[int, int]]) -> list[FamilyRecords]:
    return [trials_of(joint, first, n) for first, n in blocks]


def reached(tally: Tally, target_se: float) -> bool:
    """Whether the share of claims is known as well as registered.

    Of (claims + 1) / (n + 2), so that a first block without any claim does not look exact.
    """
    n = tally.replicates
    if n == 0:
        return False
    value = (int(tally.counts[:, :, 0].sum()) + 1) / (n + 2)
    return math.sqrt(value * (1 - value) / n) <= target_se


def most_needed(plan: schema.Simulation) -> int:
    """An upper limit of the replicates of one run: a share of one half is the least certain."""
    blocks = math.ceil(0.25 / plan.target_se**2 / BLOCK)
    return min(plan.most_replicates, blocks * BLOCK)


def found_in(
    run: Run, tally: Tally, plan: schema.Simulation, *, interrupted: bool
) -> SimulatedScenario:
    """What a tally of two replicates or more says."""
    n = tally.replicates
    claims, futile, harmed, _ = tally.counts.sum(axis=0).T
    pairs = _pairs(run, tally)
    return SimulatedScenario(
        scenario=run.asked.id,
        hypothesis=run.design.id,
        true_effect=effect_in(run.asked, run.design.id),
        drift=run.scenario.effect,
        replicates=n,
        reached=reached(tally, plan.target_se),
        interrupted=interrupted,
        claims=share(int(claims.sum()), n),
        claims_by_look=tuple(share(int(count), n) for count in claims),
        futility_by_look=tuple(share(int(count), n) for count in futile),
        harm_by_look=tuple(share(int(count), n) for count in harmed),
        expected_pairs=pairs,
        expected_information=_per(pairs, run.sized.planned),
        estimation=_estimation(run, tally),
        harm=_signals(run, tally),
        alarms=None,
        rules=(),
    )


def _per(pairs: Simulated, planned: float) -> Simulated:
    return Simulated(value=pairs.value / planned, standard_error=pairs.standard_error / planned)


def _pairs(run: Run, tally: Tally) -> Simulated:
    return mean_of(_at(run, tally.counts.sum(axis=2)), tally.replicates)


def _at(run: Run, counts: IntArray) -> list[tuple[int, float]]:
    """Counts by pattern and look with the evaluable pairs there."""
    return [
        (int(counts[place, look]), run.sized.planned * information)
        for place, pattern in enumerate(run.scenario.patterns)
        for look, information in enumerate(pattern)
    ]


def _signals(run: Run, tally: Tally) -> HarmSignals | None:
    """How often and when harm is signalled; None without a harm bound."""
    if all(bound == -math.inf for bound in run.design.harm):
        return None
    told = int(tally.signals.sum())
    return HarmSignals(
        share=share(told, tally.replicates),
        pairs=mean_of(_at(run, tally.signals), told) if told > 1 else None,
        false=false_alarm(run),
    )


def false_alarm(run: Run) -> bool | None:
    """Whether a signal of harm is a false one: the candidate is no worse; None where it drifts."""
    if run.scenario.changes_at is not None:
        return None
    return no_worse(run.design.plan, effect_in(run.asked, run.design.id))


def no_worse(plan: HypothesisPlan, effect: float) -> bool:
    """Whether under this effect the candidate is no worse than the standard of care."""
    none = 1.0 if plan.scale == "ratio" else 0.0
    return sign_of(plan.endpoint.direction) * (effect - none) >= -EDGE


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
        unit="standard_errors",
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
