"""Registered methods on a million pairs, timed in a process of their own.

`python -m benchmarks.jobs LESS ROUNDS NAME...` runs each on the job's pairs over LESS and prints a
line of JSON. Data are made before the clock starts and count towards the peak of memory.
"""

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluation.inference import registry
from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.clusters.differences import bootstrap_test
from evaluation.inference.clusters.means import ClusterTotals, clustered_difference
from evaluation.inference.discrimination.areas import delong
from evaluation.inference.proportions.difference import PairedCounts, score_test
from evaluation.inference.proportions.ratio import ratio_test
from evaluation.inference.rows import Asked, Rows
from protocols.vocabulary import Direction

MILLION = 1_000_000
LEVEL = 0.95
SEED = 20261120
RESAMPLES = 2000
HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
Found = Estimate | NotEvaluable


@dataclass(frozen=True, slots=True)
class Data:
    """Generated pairs: two risks (candidate first), the outcome, and the subject of each pair."""

    candidate: FloatArray
    standard_of_care: FloatArray
    outcome: BoolArray
    subject: IntArray
    comes_back: bool

    def right(self) -> tuple[FloatArray, FloatArray]:
        """Whether each arm, flagging a risk above 0.3, was right: 0 or 1."""
        arms = self.candidate, self.standard_of_care
        first, second = (((arm > 0.3) == self.outcome).astype(np.float64) for arm in arms)
        return first, second

    def losses(self) -> tuple[FloatArray, FloatArray]:
        """Squared distance of each arm's risk from the outcome."""
        first, second = (
            (arm - self.outcome) ** 2 for arm in (self.candidate, self.standard_of_care)
        )
        return first, second


def generated(n: int, subjects: int) -> Data:
    """Both arms see the subject's risk through noise; with `subjects` = n nobody comes back."""
    rng = np.random.default_rng(SEED)
    comes_back = subjects < n
    subject = rng.integers(0, subjects, n) if comes_back else rng.permutation(n)
    latent = rng.normal(size=subjects)[subject] + rng.normal(size=n)
    outcome = rng.random(n) < 1 / (1 + np.exp(1.5 - latent))
    candidate, soc = (1 / (1 + np.exp(1.5 - latent - rng.normal(size=n) * s)) for s in (1.0, 1.1))
    return Data(candidate, soc, outcome, subject.astype(np.int64), comes_back)


def rows_of(data: Data, values: tuple[FloatArray, FloatArray]) -> Rows:
    """The pairs as a look hands them to the registry, with both arms' risks beside the values."""
    return Rows(
        candidate=values[0],
        standard_of_care=values[1],
        outcome=data.outcome,
        known=np.ones(len(data.outcome), dtype=np.bool_),
        cluster=data.subject,
        clustered=data.comes_back,
        candidate_score=data.candidate,
        standard_of_care_score=data.standard_of_care,
        candidate_flag=data.candidate > 0.3,
        standard_of_care_flag=data.standard_of_care > 0.3,
    )


@dataclass(frozen=True, slots=True)
class Job:
    """What is run: a registered word, and the same by its pure function; with its bars."""

    title: str
    word: str
    asked: Asked
    values: Callable[[Data], tuple[FloatArray, FloatArray]]
    pure: Callable[[Data, tuple[FloatArray, FloatArray]], Found]
    pairs: int = MILLION
    subjects: int = MILLION
    longest_s: float = 2.0


def _ranks(data: Data) -> tuple[FloatArray, FloatArray]:
    return data.candidate, data.standard_of_care


def _delong(data: Data, values: tuple[FloatArray, FloatArray]) -> Found:
    cluster = data.subject if data.comes_back else None
    return delong(*values, data.outcome, margin=0.02, level=LEVEL, cluster=cluster)


def _tango(_: Data, values: tuple[FloatArray, FloatArray]) -> Found:
    counts = PairedCounts.of(values[0] > 0.5, values[1] > 0.5)
    return score_test(counts, margin=0.02, direction=HIGHER, level=LEVEL)


def _ratio(_: Data, values: tuple[FloatArray, FloatArray]) -> Found:
    counts = PairedCounts.of(values[0] > 0.5, values[1] > 0.5)
    return ratio_test(counts, margin=0.95, direction=HIGHER, level=LEVEL)


def _brier(data: Data, values: tuple[FloatArray, FloatArray]) -> Found:
    return clustered_difference(*values, data.subject, margin=0.01, direction=LOWER, level=LEVEL)


def _clustered(data: Data, values: tuple[FloatArray, FloatArray]) -> Found:
    return clustered_difference(*values, data.subject, margin=0.02, direction=HIGHER, level=LEVEL)


def _bootstrap(data: Data, values: tuple[FloatArray, FloatArray]) -> Found:
    totals = ClusterTotals.of(*values, data.subject)
    drawing = SEED, RESAMPLES
    return bootstrap_test(totals, margin=0.01, direction=LOWER, level=LEVEL, drawing=drawing)


_LOSS = Asked(LEVEL, LOWER, 0.01)
_SHARE = Asked(LEVEL, HIGHER, 0.02)
JOBS: dict[str, Job] = {
    "difference": Job("paired difference", "tango_score", _SHARE, Data.right, _tango),
    "ratio": Job(
        "paired ratio", "tang_score_ratio", Asked(LEVEL, HIGHER, 0.95), Data.right, _ratio
    ),
    "area": Job("area under the curve, DeLong", "delong", _SHARE, _ranks, _delong),
    "brier": Job("Brier score", "clustered_difference", _LOSS, Data.losses, _brier),
    "clustered": Job(
        "clustered difference of shares",
        "clustered_difference",
        _SHARE,
        Data.right,
        _clustered,
        subjects=100_000,
    ),
    "clustered_brier": Job(
        "clustered Brier score",
        "clustered_difference",
        _LOSS,
        Data.losses,
        _brier,
        subjects=100_000,
    ),
    "clustered_area": Job(
        "clustered area, Obuchowski",
        "delong",
        _SHARE,
        _ranks,
        _delong,
        subjects=200_000,
        longest_s=5.0,
    ),
    "bootstrap": Job(
        f"Brier score, {RESAMPLES} resamples of subjects",
        "bootstrap_difference",
        Asked(LEVEL, LOWER, 0.01, seed=SEED, resamples=RESAMPLES),
        Data.losses,
        _bootstrap,
        pairs=100_000,
        subjects=20_000,
        longest_s=1.0,
    ),
}


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes by the wall clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def answered(found: Found) -> Estimate:
    """The estimate; a refusal would make the time meaningless."""
    assert isinstance(found, Estimate), found
    return found


def main() -> None:
    """Run the named jobs and print, a line each, medians and the peak of memory so far."""
    less, rounds, names = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    for name in names:
        print(json.dumps(_measured(JOBS[name], less, rounds)))


def _measured(job: Job, less: int, rounds: int) -> dict[str, float]:
    data = generated(job.pairs // less, job.subjects // less)
    values = job.values(data)
    rows = rows_of(data, values)

    def by_registry() -> Estimate:
        return answered(registry.estimate(job.word, rows, job.asked))

    def by_function() -> Estimate:
        return answered(job.pure(data, values))

    times = [(seconds(by_registry), seconds(by_function)) for _ in range(rounds)]
    registry_s, pure_s = (statistics.median(column) for column in zip(*times, strict=True))
    return {"registry_s": registry_s, "pure_s": pure_s, "peak_mb": _peak_mb()}


def _peak_mb() -> float:
    """Of this process since it started.

    Linux keeps the peak of the process that started it in `ru_maxrss`, but not in VmHWM.
    """
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2 ** (20 if sys.platform == "darwin" else 10)


if __name__ == "__main__":
    main()
