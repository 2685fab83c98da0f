"""`python -m benchmarks evaluation [--quick]`: how long methods take, and how long peers take."""

import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import scipy

from benchmarks import peers
from benchmarks.jobs import JOBS, Job
from benchmarks.parts import write_part
from benchmarks.peers import Race

ROOT = Path(__file__).resolve().parents[1]
LARGEST_MB = 1500.0
PEER_PAIRS = 100_000
QUICK = 200  # divides the pairs of a quick run


@dataclass(frozen=True, slots=True)
class Run:
    """One job as it went: medians by registry and by pure function, and the peak of memory."""

    job: Job
    pairs: int
    subjects: int
    registry_s: float
    pure_s: float
    peak_mb: float

    @property
    def holds(self) -> bool:
        return self.registry_s < self.job.longest_s and self.peak_mb < LARGEST_MB


def measure(*, quick: bool) -> tuple[list[Run], list[Race]]:
    """Every job in a process of its own (a quick run: all in one), then the peers."""
    rounds, less = (1, QUICK) if quick else (5, 1)
    together = [list(JOBS)] if quick else [[name] for name in JOBS]
    runs = [run for names in together for run in _runs(names, less, rounds)]
    pairs = PEER_PAIRS // (100 if quick else 1)
    races = [
        peers.area(JOBS["area"].pairs // less, rounds),
        peers.generalised_equations(pairs, rounds),
        peers.least_squares(pairs, rounds),
        peers.resampling(pairs, rounds),
    ]
    return runs, races


def _runs(names: list[str], less: int, rounds: int) -> list[Run]:
    command = [sys.executable, "-m", "benchmarks.jobs", str(less), str(rounds), *names]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    print(f"  {' '.join(names)}: {said.strip()}")
    jobs = [JOBS[name] for name in names]
    return [
        Run(job, job.pairs // less, job.subjects // less, **json.loads(line))
        for job, line in zip(jobs, said.splitlines(), strict=True)
    ]


def report(output: Path, *, quick: bool) -> None:
    """Measure, and put the tables into their part of the results."""
    runs, races = measure(quick=quick)
    lines = [*_head(quick), *_jobs(runs, judged=not quick), *_races(races, judged=not quick)]
    write_part(output, lines)
    print("\n".join(lines))


def _head(quick: bool) -> list[str]:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    rounds = "one round on few pairs" if quick else "medians of 5 rounds"
    return [
        "# How long the methods take",
        "",
        f"{today}, {rounds}. {os.cpu_count()} processors, load average {load}; "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, numpy "
        f"{np.__version__}, scipy {scipy.__version__}.",
        "Ratios within one run can be compared; numbers of different runs or machines cannot.",
        "",
    ]


def _jobs(runs: list[Run], *, judged: bool) -> list[str]:
    lines = [
        "## Against their bars",
        "",
        "Each method in a fresh process. `registry` is what a look does, canonical order of the "
        "pairs included; `function` is the pure function on arrays. Data are made before the clock "
        f"starts and count towards the peak, whose bar is {LARGEST_MB:.0f} MB. The bar of time is "
        "for the registry.",
        "",
        "| method | word | pairs | subjects | registry s | function s | bar s | peak MB | holds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {run.job.title} | `{run.job.word}` | {run.pairs:,} | {run.subjects:,} | "
        f"{run.registry_s:.3f} | {run.pure_s:.3f} | {run.job.longest_s:g} | {run.peak_mb:.0f} | "
        f"{_verdict(run.holds, judged)} |"
        for run in runs
    ]
    return [*lines, ""]


def _races(races: list[Race], *, judged: bool) -> list[str]:
    lines = [
        "## Beside peers",
        "",
        "The same data in one run, rounds in turn; pure functions. R reads its data before its own "
        "clock starts. `ratio` is the peer's time over ours; `apart` is the largest relative "
        "difference between the answers (resamples differ by chance).",
        "",
        "| method | pairs | ours s | peer | peer s | ratio | bar | apart | holds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    return [*lines, *(_race(race, judged=judged) for race in races)]


def _race(race: Race, *, judged: bool) -> str:
    peer_s = "" if race.peer_s is None else f"{race.peer_s:.4f}"
    ratio = "" if race.ratio is None else f"{race.ratio:.1f}"
    apart = "" if race.apart is None else f"{race.apart:.0e}"
    bar, holds = "", ""
    if race.at_least is not None:
        bar = f"{race.at_least:g}"
        holds = _verdict(race.ratio is not None and race.ratio >= race.at_least, judged)
    return (
        f"| {race.title} | {race.pairs:,} | {race.ours_s:.4f} | {race.peer} | {peer_s} | {ratio} | "
        f"{bar} | {apart} | {holds} |"
    )


def _verdict(holds: bool, judged: bool) -> str:
    if not judged:
        return "not judged"
    return "yes" if holds else "NO"
