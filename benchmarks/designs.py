"""`python -m benchmarks designs [--quick]`: how long boundaries, simulations and sequences take."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.parts import write_part
from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.simulation.characteristics import simulate
from evaluation.design.simulation.scenarios import spending_rule
from evaluation.design.simulation.trials import Scenario
from evaluation.design.spending import cumulative_alpha, spent
from evaluation.monitoring.betting import betting_sequence

SEED = 20261120
ALPHA = 0.025
SPENDING = "lan_demets_obrien_fleming"
PLANNED = (1800.0, 3150.0, 4500.0)


@dataclass(frozen=True, slots=True)
class Task:
    """What is timed, and the longest that it should take."""

    title: str
    work: Callable[[], object]
    longest_s: float


def _looks(n: int) -> Callable[[], object]:
    t = tuple((k + 1) / n for k in range(n))
    spends = cumulative_alpha(SPENDING, ALPHA, t)
    return lambda: efficacy_boundaries(spends, t)


def _bets(n: int) -> Callable[[], object]:
    values = np.random.default_rng(SEED).random(n)
    return lambda: betting_sequence(values, alpha=ALPHA, side="two_sided")


def _trials(n: int) -> Callable[[], object]:
    rule = spending_rule(lambda t: spent(SPENDING, ALPHA, t), PLANNED, lower=(0.05, 1.05, 2.0))
    scenario = Scenario("speed", 0.05, (PLANNED,))
    return lambda: simulate(scenario, rule, seed=SEED, replicates=n, alpha=ALPHA)


def tasks(*, quick: bool) -> list[Task]:
    """Every task; a quick run takes fewer values."""
    n = 500 if quick else 10_000
    return [
        Task("boundaries of 5 looks", _looks(5), 0.02),
        Task("boundaries of 50 looks", _looks(50), 0.5),
        Task(f"{n:,} simulated trials of 3 looks", _trials(n), 0.1),
        Task(f"betting sequence of {n:,} values", _bets(n), 0.2),
    ]


def report(output: Path, *, quick: bool) -> None:
    """Time each task after one call for nothing, and put the table into its part of the results."""
    rounds = 1 if quick else 5
    lines = [
        "# How long designs and monitoring take",
        "",
        f"Medians of {rounds} round(s) after one that does not count.",
        "",
        "| task | s | bar s | holds |",
        "|---|---|---|---|",
    ]
    for task in tasks(quick=quick):
        task.work()
        taken = statistics.median(_seconds(task.work) for _ in range(rounds))
        holds = "yes" if taken < task.longest_s else "no"
        lines.append(f"| {task.title} | {taken:.4f} | {task.longest_s:g} | {holds} |")
    write_part(output, lines)
    print("\n".join(lines))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
