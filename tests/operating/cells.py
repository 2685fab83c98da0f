"""What is simulated: every recommended test with its own data, over sizes, subjects, correlation.

Each cell has its own seed, so that a cell gives the same numbers alone and among the others.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from evaluation.inference import registry
from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.inference.base import NotEvaluable
from evaluation.inference.proportions.difference import PairedCounts
from evaluation.inference.proportions.exact import exact_p
from evaluation.inference.rows import Asked, Rows
from protocols.vocabulary import Direction
from tests.operating import vectorised
from tests.operating.draws import (
    Areas,
    Sizes,
    Values,
    differences,
    flags,
    margin_of,
    scores,
    sizes_of,
)

ALPHA = 0.025
BATCH = 1000
NEGLIGIBLE = 1e-14
Effect = Literal["margin", "none"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of the table; `held` is False where no method of means can hold the level."""

    word: str
    sizes: Sizes
    subjects: int
    icc: float
    data: str
    margin: float
    discordance: float = 0.0
    values: Values = "normal"
    areas: tuple[float, float] = (0.2, 0.8)  # prevalence, area of the standard of care
    runs: int = 10_000
    held: bool = True

    @property
    def exact(self) -> bool:
        """Whether every table is weighed by its probability instead of drawn."""
        return self.word in ("tango_score", "exact_difference")

    def seed(self, effect: Effect) -> int:
        name = f"{self.word} {self.sizes} {self.subjects} {self.icc} {self.data} {effect}"
        return zlib.crc32(name.encode())


@dataclass(frozen=True, slots=True)
class Measured:
    """Shares of the runs: rejected with the effect on the margin, refused there, without effect."""

    cell: Cell
    at_margin: float
    refused: float
    no_effect: float

    @property
    def monte_carlo_error(self) -> float:
        """Standard error of a share whose expectation is alpha; 0 where nothing is drawn."""
        return 0.0 if self.cell.exact else (ALPHA * (1 - ALPHA) / self.cell.runs) ** 0.5


def binary_margin(discordance: float) -> float:
    """0.05, or half of the discordance where 0.05 is more than that."""
    return min(0.05, discordance / 2)


DISCORDANCES = (0.02, 0.1, 0.3)
SUBJECTS = (6, 20, 50)
CLUSTERED: tuple[Sizes, ...] = ("1 to 8 pairs", "one holds half")


def _binary() -> Iterator[Cell]:
    words = [("tango_score", n) for n in (50, 200, 1000)]
    for word, n in (*words, ("exact_difference", 20), ("exact_difference", 50)):
        for share in DISCORDANCES:
            data, margin = f"{share:.0%} discordant", binary_margin(share)
            yield Cell(word, "one pair", n, 0.0, data, margin, discordance=share)
    for kind, k, icc in (*_designs(), *_designs(("10 to 80 pairs",))):
        for share in DISCORDANCES:
            data, margin = f"{share:.0%} discordant", binary_margin(share)
            yield Cell("clustered_score", kind, k, icc, data, margin, discordance=share)


def _designs(kinds: tuple[Sizes, ...] = CLUSTERED) -> Iterator[tuple[Sizes, int, float]]:
    for kind in kinds:
        for k in SUBJECTS:
            for icc in (0.0, 0.3):
                yield kind, k, icc


def _means() -> Iterator[Cell]:
    kinds: tuple[Values, ...] = ("normal", "Brier-like", "rare large loss")
    for values in kinds:
        held, margin = values != "rare large loss", margin_of(values)
        for n in (50, 200, 1000):
            yield Cell("paired_t", "one pair", n, 0.0, values, margin, values=values, held=held)
        for kind, k, icc in _designs():
            if held or (kind, icc) == ("1 to 8 pairs", 0.3):
                word = "clustered_difference_cr2"
                yield Cell(word, kind, k, icc, values, margin, values=values, held=held)


def _areas() -> Iterator[Cell]:
    for area in (0.8, 0.94):
        for prevalence in (0.1, 0.3):
            data = f"area {area:g}, {prevalence:.0%} events"
            chosen = (prevalence, area)
            word = "delong_at_margin"
            for n in (50, 200, 1000):
                yield Cell(word, "one pair", n, 0.0, data, 0.05, areas=chosen)
            if prevalence == 0.3:
                for kind, k, icc in _designs():
                    yield Cell(word, kind, k, icc, data, 0.05, areas=chosen)


CELLS: tuple[Cell, ...] = (*_binary(), *_means(), *_areas())


def measured(cell: Cell, *, runs: int | None = None) -> Measured:
    """Both effects; fewer runs for a quick look."""
    if cell.exact:
        return Measured(cell, *_enumerated(cell, -cell.margin), _enumerated(cell, 0.0)[0])
    total = runs or cell.runs
    at_margin, refused = _shares(cell, "margin", total)
    return Measured(cell, at_margin, refused, _shares(cell, "none", total)[0])


def _shares(cell: Cell, effect: Effect, runs: int) -> tuple[float, float]:
    p = np.concatenate([p for _, p in batches(cell, effect, runs=runs)])
    return float((p < ALPHA).mean()), float(np.isnan(p).mean())


@dataclass(frozen=True, slots=True)
class Batch:
    """Some runs of a cell, as what the vectorised test takes."""

    cell: Cell
    sizes: IntArray
    counts: IntArray | None = None
    values: FloatArray | None = None
    outcome: FloatArray | None = None
    standard_of_care: FloatArray | None = None


def batches(
    cell: Cell, effect: Effect, *, runs: int, size: int = BATCH
) -> Iterator[tuple[Batch, FloatArray]]:
    """Draws in parts that fit into memory, each with its p-values."""
    rng, sizes = np.random.default_rng(cell.seed(effect)), sizes_of(cell.sizes, cell.subjects)
    for start in range(0, runs, size):
        yield _batch(cell, effect, rng, (min(size, runs - start), sizes))


def _batch(
    cell: Cell, effect: Effect, rng: np.random.Generator, shape: tuple[int, IntArray]
) -> tuple[Batch, FloatArray]:
    runs, sizes = shape
    if cell.word == "clustered_score":
        loss = cell.margin if effect == "margin" else 0.0
        shares = np.array([(cell.discordance - loss) / 2, (cell.discordance + loss) / 2])
        shares = np.append(shares, 1 - cell.discordance)
        counts = flags(rng, runs, sizes, shares=shares, icc=cell.icc)
        p = vectorised.clustered_score(counts, sizes, cell.margin)
        return Batch(cell, sizes, counts=counts), p
    if cell.word == "delong_at_margin":
        prevalence, area = cell.areas
        candidate = area - cell.margin if effect == "margin" else area
        drawn = scores(rng, runs, sizes, areas=Areas(prevalence, area, candidate), icc=cell.icc)
        p = vectorised.delong_at_margin(drawn, sizes, cell.margin)
        outcome = drawn.outcome.astype(np.float64)
        return Batch(cell, sizes, None, drawn.candidate, outcome, drawn.standard_of_care), p
    worse = effect == "margin"
    values = differences(rng, runs, sizes, values=cell.values, icc=cell.icc, worse=worse)
    return Batch(cell, sizes, values=values), vectorised.difference_cr2(values, sizes, cell.margin)


def _enumerated(cell: Cell, effect: float) -> tuple[float, float]:
    """Shares of all tables of n pairs by their trinomial probability: rejected, refused."""
    n, rejected = cell.subjects, 0.0
    weights = stats.binom.pmf(np.arange(n + 1), n, cell.discordance)
    won_share = (cell.discordance + effect) / 2 / cell.discordance
    for discordant in np.flatnonzero(weights > NEGLIGIBLE):
        if discordant > 0:
            won = np.arange(discordant + 1)
            weight = stats.binom.pmf(won, discordant, won_share) * weights[discordant]
            rejected += float(weight[table_p(cell, won, int(discordant)) < ALPHA].sum())
    return rejected, float(weights[0])


def table_p(cell: Cell, won: IntArray, discordant: int) -> FloatArray:
    """One-sided p of the tables with these many pairs that only the candidate got right."""
    n = cell.subjects
    if cell.word == "tango_score":
        only = won.astype(np.float64)
        return vectorised.tango_score(only, discordant - only, n, cell.margin)
    tables = (PairedCounts(0, int(w), discordant - int(w), n - discordant) for w in won)
    return np.array([exact_p(table, -cell.margin) for table in tables])


def registered(batch: Batch, run: int) -> float:
    """The p-value of the registered word for one run, NaN where it refuses."""
    cell = batch.cell
    lower = cell.word in ("paired_t", "clustered_difference_cr2")
    direction = Direction.LOWER_IS_BETTER if lower else Direction.HIGHER_IS_BETTER
    asked = Asked(1 - 2 * ALPHA, direction, cell.margin)
    found = registry.estimate(cell.word, _rows(batch, run), asked)
    return vectorised.NO_NUMBER if isinstance(found, NotEvaluable) else found.p_value


def _rows(batch: Batch, run: int) -> Rows:
    owner = np.repeat(np.arange(len(batch.sizes)), batch.sizes)
    outcome = np.zeros(len(owner), dtype=np.bool_)
    soc = np.zeros(len(owner))
    if batch.counts is not None:
        kinds = [np.repeat([1.0, -1.0, 0.0], counts) for counts in batch.counts[run]]
        difference = np.concatenate(kinds)
        candidate, soc = (difference > 0).astype(np.float64), (difference < 0).astype(np.float64)
    elif batch.values is not None:
        candidate = batch.values[run]
    if batch.outcome is not None and batch.standard_of_care is not None:
        outcome, soc = batch.outcome[run] > 0, batch.standard_of_care[run]
    return Rows(
        candidate=candidate,
        standard_of_care=soc,
        outcome=outcome,
        known=np.ones(len(owner), dtype=np.bool_),
        cluster=owner,
        clustered=batch.cell.sizes != "one pair",
        candidate_score=candidate,
        standard_of_care_score=soc,
        candidate_flag=candidate > 0,
        standard_of_care_flag=soc > 0,
    )
