"""Peers on the same data in the same run: R's pROC, statsmodels, scipy; rounds interleaved."""

import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.genmod.generalized_estimating_equations import GEE
from statsmodels.regression.linear_model import OLS

from benchmarks.jobs import (
    HIGHER,
    LEVEL,
    LOWER,
    RESAMPLES,
    SEED,
    Data,
    answered,
    generated,
    seconds,
)
from evaluation.inference.clusters.differences import bootstrap_test
from evaluation.inference.clusters.means import ClusterTotals, clustered_difference
from evaluation.inference.discrimination.areas import delong

SCRIPT = Path(__file__).with_name("proc_delong.R")
AT_LEAST = 3.0  # how many times faster than pROC the area must be


@dataclass(frozen=True, slots=True)
class Race:
    """Medians of one comparison; `peer_s` is None where the peer is not installed.

    `apart` is the largest relative difference between both answers, in estimate and statistic.
    """

    title: str
    peer: str
    pairs: int
    ours_s: float
    peer_s: float | None
    apart: float | None
    at_least: float | None = None

    @property
    def ratio(self) -> float | None:
        return None if self.peer_s is None else self.peer_s / self.ours_s


Answer = tuple[float, float]
"""Estimate and statistic (or standard error), to see that both computed the same."""
Timed = tuple[float, Answer]


def _apart(ours: Answer, theirs: Answer) -> float:
    return max(abs(a - b) / abs(b) for a, b in zip(ours, theirs, strict=True))


def _timed(work: Callable[[], Answer]) -> Timed:
    found: list[Answer] = []
    taken = seconds(lambda: found.append(work()))
    return taken, found[0]


def _race(
    title: str, peer: str, pairs: int, rounds: int, pair: tuple[Callable[[], Timed], ...]
) -> Race:
    """Ours and theirs in turn."""
    runs = [[run() for run in pair] for _ in range(rounds)]
    ours, theirs = (statistics.median(run[i][0] for run in runs) for i in (0, 1))
    return Race(title, peer, pairs, ours, theirs, _apart(runs[0][0][1], runs[0][1][1]))


def area(pairs: int, rounds: int) -> Race:
    """Two curves and DeLong's paired test, against the R package pROC."""
    title, data = "area under the curve, DeLong", generated(pairs, pairs)

    def ours() -> Answer:
        found = answered(
            delong(data.candidate, data.standard_of_care, data.outcome, margin=0.0, level=LEVEL)
        )
        return found.estimate, found.statistic

    with _proc(data) as asked:
        if asked is None:
            alone = statistics.median(_timed(ours)[0] for _ in range(rounds))
            return Race(title, "R pROC: not installed here", pairs, alone, None, None)
        version, run = asked
        found = _race(title, f"R pROC {version}", pairs, rounds, (lambda: _timed(ours), run))
    return Race(
        title, found.peer, pairs, found.ours_s, found.peer_s, found.apart, at_least=AT_LEAST
    )


@contextmanager
def _proc(data: Data) -> Iterator[tuple[str, Callable[[], Timed]] | None]:
    """pROC's version and a function that runs one round in a waiting R; None without pROC."""
    program = shutil.which("Rscript")
    if program is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        columns = {
            "candidate": data.candidate,
            "standard_of_care": data.standard_of_care,
            "outcome": data.outcome.astype(np.float64),
        }
        for name, column in columns.items():
            column.tofile(Path(folder) / name)
        command = [program, str(SCRIPT), folder, str(len(data.outcome))]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as child:
            try:
                yield _rounds_of(child)
            finally:
                child.kill()


def _rounds_of(child: "subprocess.Popen[str]") -> tuple[str, Callable[[], Timed]] | None:
    assert child.stdin is not None
    assert child.stdout is not None
    to_r, from_r = child.stdin, child.stdout
    words = from_r.readline().split()
    if words[:1] != ["ready"]:
        return None

    def run() -> Timed:
        to_r.write("go\n")
        to_r.flush()
        taken, estimate, statistic = (float(word) for word in from_r.readline().split())
        return taken, (estimate, statistic)

    return words[1], run


def generalised_equations(pairs: int, rounds: int) -> Race:
    """The pooled difference of shares, against GEE (identity, independence) on stacked arms.

    Its sandwich lacks the factor K/(K-1), which is divided out before the answers are compared.
    """
    data = generated(pairs, max(2, pairs // 10))
    values = data.right()
    stacked = np.concatenate(values)
    arm = np.repeat((1.0, 0.0), pairs)
    design = np.column_stack((np.ones(2 * pairs), arm))
    groups = np.concatenate((data.subject, data.subject))

    def ours() -> Answer:
        found = answered(
            clustered_difference(*values, data.subject, margin=0.0, direction=HIGHER, level=LEVEL)
        )
        k = found.n_clusters
        return found.estimate, found.standard_error * ((k - 1) / k) ** 0.5

    def theirs() -> Answer:
        fitted = GEE(stacked, design, groups=groups).fit()
        return float(fitted.params[1]), float(fitted.bse[1])

    return _race(
        "clustered difference of shares",
        f"statsmodels {statsmodels.__version__} GEE",
        pairs,
        rounds,
        (lambda: _timed(ours), lambda: _timed(theirs)),
    )


def least_squares(pairs: int, rounds: int) -> Race:
    """The clustered Brier difference, against an intercept with cluster-robust covariance."""
    data = generated(pairs, max(2, pairs // 10))
    values = data.losses()
    apart, ones = values[0] - values[1], np.ones((pairs, 1))

    def ours() -> Answer:
        found = answered(
            clustered_difference(*values, data.subject, margin=0.0, direction=LOWER, level=LEVEL)
        )
        return found.estimate, found.standard_error

    def theirs() -> Answer:
        how = {"groups": data.subject, "use_correction": True, "df_correction": False}
        fitted = OLS(apart, ones).fit(cov_type="cluster", cov_kwds=how)
        # Its correction is K/(K-1) (N-1)/(N-p), and p is 1 here.
        return float(fitted.params[0]), float(fitted.bse[0])

    return _race(
        "clustered Brier score",
        f"statsmodels {statsmodels.__version__} OLS",
        pairs,
        rounds,
        (lambda: _timed(ours), lambda: _timed(theirs)),
    )


def resampling(pairs: int, rounds: int, resamples: int = RESAMPLES) -> Race:
    """A ratio of totals by subject, resampled, against scipy's bootstrap of the same totals.

    Both draw other resamples, so standard errors agree only as far as resampling allows.
    """
    data = generated(pairs, max(2, pairs // 5))
    totals = ClusterTotals.of(*data.losses(), data.subject)
    apart = totals.candidate - totals.standard_of_care

    def ours() -> Answer:
        found = answered(
            bootstrap_test(
                totals, margin=0.0, direction=LOWER, level=LEVEL, drawing=(SEED, resamples)
            )
        )
        return found.estimate, found.standard_error

    def theirs() -> Answer:
        found = stats.bootstrap(
            (apart, totals.n),
            lambda a, b, axis: a.sum(axis=axis) / b.sum(axis=axis),
            paired=True,
            vectorized=True,
            n_resamples=resamples,
            batch=100,
            method="percentile",
            rng=np.random.default_rng(SEED),
        )
        return float(apart.sum() / totals.n.sum()), float(found.standard_error)

    return _race(
        f"Brier score, {resamples} resamples of subjects",
        f"scipy {scipy.__version__} bootstrap",
        pairs,
        rounds,
        (lambda: _timed(ours), lambda: _timed(theirs)),
    )
