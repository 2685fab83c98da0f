"""`python -m benchmarks designs [--quick]`: how long bounds, looks, trials and sequences take.

Where Rscript with rpact is there, it does the same in the same run, round by round in turn.
"""

import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import scipy

from benchmarks.design_peers import ABSENT, Rpact, rpact
from benchmarks.parts import write_part
from evaluation.design.after.orderings import (
    Ordering,
    Plan,
    bias_adjusted_estimate,
    ordered_inference,
)
from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.report import Observed, look_report
from evaluation.design.simulation.characteristics import simulate
from evaluation.design.simulation.scenarios import spending_rule
from evaluation.design.simulation.trials import Scenario
from evaluation.design.spending import cumulative_alpha, spent
from evaluation.monitoring.betting import betting_sequence

SEED = 20261120
ALPHA = 0.025
SPENDING = "lan_demets_obrien_fleming"
PLANNED = (1800.0, 3150.0, 4500.0)
ORDERS = (Ordering.ESTIMATE, Ordering.LIKELIHOOD_RATIO)


@dataclass(frozen=True, slots=True)
class Asked:
    """What rpact is asked for the same work, and how far its answer may lie from ours."""

    line: Callable[[int], str]  # by round
    answer: Callable[[object], Sequence[float]]  # of what our work gave
    close: float


@dataclass(frozen=True, slots=True)
class Task:
    """What is timed, by round, and the longest that it should take."""

    title: str
    work: Callable[[int], object]
    longest_s: float
    asked: Asked | None = None


@dataclass(frozen=True, slots=True)
class Timed:
    """Medians of a task; rpact's are None where it was not asked."""

    task: Task
    ours_s: float
    peer_s: float | None
    apart: float | None

    @property
    def holds(self) -> bool:
        alone = self.ours_s < self.task.longest_s
        if self.task.asked is None or self.peer_s is None or self.apart is None:
            return alone
        return alone and self.ours_s <= self.peer_s and self.apart <= self.task.asked.close


def _looks(n: int) -> Callable[[int], tuple[float, ...]]:
    t = tuple((k + 1) / n for k in range(n))
    return lambda _: efficacy_boundaries(cumulative_alpha(SPENDING, ALPHA, t), t)


def _look(looks: int, of: int) -> Callable[[int], object]:
    """All that look `looks` of `of` says: bounds, intervals, p-values, estimates, power ahead."""
    times = tuple((k + 1) / of for k in range(of))
    seen = np.random.default_rng(SEED).normal(0.03, 0.01, looks).tolist()

    def spend(alpha: float, t: float) -> float:
        return spent(SPENDING, alpha, t)

    def work(turn: int) -> object:
        # Other information in every round, so that none finds the walks of the round before.
        information = tuple((4500.0 + turn) * t for t in times)
        observed = Observed(tuple(seen), information[:looks], times[:looks])
        planned = list(zip(information[looks:], times[looks:], strict=True))
        found = look_report(observed, spend, alpha=ALPHA, null=0.0, planned=planned)
        bounds = efficacy_boundaries([spend(ALPHA, t) for t in times], information)
        plan = Plan(information, bounds)
        orders = [
            ordered_inference(found.z, looks, plan, ordering=order, level=1 - 2 * ALPHA)
            for order in ORDERS
        ]
        return found, orders, bias_adjusted_estimate(found.z, looks, plan)

    return work


def _bets(n: int) -> Callable[[int], object]:
    values = np.random.default_rng(SEED).random(n)
    return lambda _: betting_sequence(values, alpha=ALPHA, side="two_sided")


def _trials(n: int) -> Callable[[int], tuple[float, ...]]:
    rule = spending_rule(lambda t: spent(SPENDING, ALPHA, t), PLANNED, lower=(0.05, 1.05, 2.0))
    scenario = Scenario("speed", 0.05, (PLANNED,))

    def work(_: int) -> tuple[float, ...]:
        found = simulate(scenario, rule, seed=SEED, replicates=n, alpha=ALPHA)
        return (found.reject.value,)

    return work


def tasks(*, quick: bool) -> list[Task]:
    """Every task; a quick run takes fewer values."""
    n = 500 if quick else 10_000
    deviation = 4 * math.sqrt(2 * 0.9 * 0.1 / n)  # of two shares near 0.9, each of n trials
    bounds = Asked(lambda _: "bounds 5", _numbers, 1e-6)
    trials = Asked(lambda turn: f"trials {n} {turn + 1}", _numbers, deviation)
    reports = (
        ((3, 3), (5, 5), (10, 10)) if quick else ((3, 3), (5, 5), (10, 10), (25, 50), (50, 50))
    )
    return [
        Task("boundaries of 5 looks", _looks(5), 0.02, bounds),
        Task("boundaries of 50 looks", _looks(50), 0.5),
        *(Task(f"complete report of look {k} of {of}", _look(k, of), 0.2) for k, of in reports),
        Task(f"{n:,} simulated trials of 3 looks", _trials(n), 0.1, trials),
        Task(f"betting sequence of {n:,} values", _bets(n), 0.2),
    ]


def _numbers(found: object) -> Sequence[float]:
    assert isinstance(found, tuple)
    return found


def report(output: Path, *, quick: bool) -> None:
    """Time each task after one round for nothing, and put the table into its part."""
    rounds = 1 if quick else 5
    with rpact() as peer:
        timed = [_timed(task, peer, rounds) for task in tasks(quick=quick)]
        lines = [*_head(rounds, peer), *(_row(one, judged=not quick) for one in timed)]
    write_part(output, lines)
    print("\n".join(lines))


def _timed(task: Task, peer: Rpact | None, rounds: int) -> Timed:
    asked = task.asked if peer is not None else None
    ours: list[float] = []
    theirs: list[float] = []
    apart: list[float] = []
    for turn in range(-1, rounds):
        start = time.perf_counter()
        found = task.work(turn)
        taken = time.perf_counter() - start
        if turn >= 0:
            ours.append(taken)
        if asked is None or peer is None:
            continue
        taken, answer = peer.ask(asked.line(turn))
        pairs = zip(asked.answer(found), answer, strict=True)
        apart.append(max(abs(a - b) for a, b in pairs))
        if turn >= 0:
            theirs.append(taken)
    median = statistics.median
    return Timed(
        task,
        median(ours),
        median(theirs) if theirs else None,
        max(apart) if apart else None,
    )


def _head(rounds: int, peer: Rpact | None) -> list[str]:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    beside = ABSENT
    if peer is not None:
        beside = (
            f"Beside R's rpact {peer.version} in the same run, rounds in turn, by R's own clock: "
            "it must not be quicker. `apart` is the largest difference of the answers, z or shares "
            "(shares differ by chance; up to four standard errors)."
        )
    return [
        "# How long designs and monitoring take",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, medians of {rounds} round(s) after one that does not "
        f"count. {os.cpu_count()} processors, load average {load}; {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, numpy {np.__version__}, scipy "
        f"{scipy.__version__}.",
        beside,
        "",
        "A complete report is bounds, repeated interval, repeated and sequential p, stage-wise p, "
        "interval and estimate, two other orders, the bias-adjusted estimate, conditional and "
        "predictive power, of one hypothesis from estimates and information on.",
        "",
        "| task | ours s | bar s | rpact s | ratio | apart | holds |",
        "|---|---|---|---|---|---|---|",
    ]


def _row(one: Timed, *, judged: bool) -> str:
    theirs = ratio = apart = ""
    if one.peer_s is not None and one.apart is not None:
        theirs, ratio = f"{one.peer_s:.4f}", f"{one.peer_s / one.ours_s:.1f}"
        apart = f"{one.apart:.0e}"
    holds = ("yes" if one.holds else "NO") if judged else "not judged"
    return (
        f"| {one.task.title} | {one.ours_s:.4f} | {one.task.longest_s:g} | {theirs} | {ratio} | "
        f"{apart} | {holds} |"
    )
