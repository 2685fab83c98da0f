"""Which resolutions of the unascertained pairs would change the verdict.

Only pairs on which the arms differ can move a paired share. They are of two kinds: those whose
event would favour the candidate (it alone flagged) and those whose event would favour the standard
of care. The grid resolves a share of each kind against the candidate and the rest in its favour;
under sensitivity one of the two ways is to stay out of the denominator. Pairs on which the arms
agree come in where they always belong to the denominator (accuracy) and stay out otherwise.

Independent pairs are counted and tested by the score test. Where subjects come back, a share of a
kind weighs each of its pairs by that share, which is the mean of all the ways to choose them, and
the test is the clustered difference.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray, cluster_index, cluster_sums
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.missing.potential import Potential
from evaluation.inference.missing.weighting import against_margin, means_of_totals
from evaluation.inference.orientation import sign_of
from evaluation.inference.proportions.difference import PairedCounts, score_test
from protocols.errors import UsageError
from protocols.vocabulary import Direction

METHOD = Method(
    name="tipping_point",
    sentence=(
        "Unascertained pairs on which the arms differ are resolved against the candidate in "
        "registered shares, by which arm alone had flagged; the test runs again for each cell and "
        "for the smallest assignment that changes the verdict."
    ),
    citation=(
        "Yan, Lee & Li 2009, Journal of Biopharmaceutical Statistics 19:1085; Liublinska & Rubin "
        "2014, Statistics in Medicine 33:4170"
    ),
)
MOST_SHARES = 21
MOST_STEPS = 300


@dataclass(frozen=True, slots=True)
class Margin:
    """What is tested in each cell: margin, direction and the two-sided level of its interval."""

    margin: float
    direction: Direction
    level: float

    def rejects(self, answer: Estimate | NotEvaluable) -> bool:
        """Whether the claim holds; data that say nothing do not support it."""
        return isinstance(answer, Estimate) and answer.p_value < (1 - self.level) / 2


@dataclass(frozen=True, slots=True)
class Cell:
    """`against` of each kind (candidate alone flagged, standard of care alone) go the hard way."""

    against: tuple[int, int]
    answer: Estimate | NotEvaluable
    holds: bool


@dataclass(frozen=True, slots=True)
class TippingGrid:
    """Cells with the first kind's share as the outer loop.

    `unresolved` counts both kinds. `smallest` is the assignment with the fewest pairs against the
    candidate in all (of equally few, fewest of the first kind) at which the claim is lost; None
    when even all of them do not lose it.
    """

    method: Method
    unresolved: tuple[int, int]
    cells: tuple[Cell, ...]
    smallest: Cell | None


Resolve = Callable[[int, int], Estimate | NotEvaluable]


def tipping_grid(
    pairs: Potential,
    *,
    shares: Sequence[float],
    asked: Margin,
    clustered: bool,
) -> TippingGrid | NotEvaluable:
    """The grid over `shares` in [0, 1], each rounded to whole pairs, and the smallest tip.

    Refuses values that are not 0 or 1, and data without a known pair in the denominator. UsageError
    for no share, more than `MOST_SHARES` or one outside [0, 1].
    """
    if not 0 < len(shares) <= MOST_SHARES or not all(0 <= share <= 1 for share in shares):
        raise UsageError("SHARES", f"A grid needs 1 to {MOST_SHARES} shares in [0, 1].")
    if not pairs.is_binary:
        return NotEvaluable("not_binary", "A tipping grid needs answers that are right or wrong.")
    if len(pairs.completed(pairs.outcome, pairs.known).candidate) == 0:
        return NotEvaluable("no_pairs", "No pair has an ascertained outcome.")
    kinds = _kinds(pairs)
    resolve = (_clustered if clustered else _counted)(pairs, kinds, asked)
    sizes = int(kinds[0].sum()), int(kinds[1].sum())

    def cell(first: int, second: int) -> Cell:
        answer = resolve(first, second)
        return Cell((first, second), answer, asked.rejects(answer))

    cells = tuple(
        cell(round(one * sizes[0]), round(other * sizes[1])) for one in shares for other in shares
    )
    return TippingGrid(METHOD, sizes, cells, _smallest(cell, sizes))


def _kinds(pairs: Potential) -> tuple[BoolArray, BoolArray]:
    """Unknown pairs whose event would favour the candidate, and those where it would not."""
    gain = np.where(pairs.known, 0.0, pairs.gain)
    return gain > 0, gain < 0


def _against(pairs: Potential, direction: Direction) -> BoolArray:
    """For each pair, the outcome that is worse for the candidate."""
    return np.asarray(pairs.gain * sign_of(direction) < 0, dtype=np.bool_)


def _settled(pairs: Potential) -> BoolArray:
    """Pairs whose part is fixed: the known ones, and agreeing ones that are always counted."""
    always = ~np.isnan(pairs.effects).any(axis=1) & (pairs.gain == 0)
    return np.asarray(pairs.known | always, dtype=np.bool_)


def _counted(pairs: Potential, kinds: tuple[BoolArray, BoolArray], asked: Margin) -> Resolve:
    data = pairs.completed(pairs.outcome & pairs.known, _settled(pairs))
    base = PairedCounts.of(data.candidate == 1, data.standard_of_care == 1)
    hard = _against(pairs, asked.direction)
    ways = [_tables(pairs, kind, hard) for kind in kinds]

    def resolve(first: int, second: int) -> Estimate | NotEvaluable:
        extra = ways[0][first] + ways[1][second]
        counts = base + PairedCounts(*(int(cell) for cell in extra))
        return score_test(counts, margin=asked.margin, direction=asked.direction, level=asked.level)

    return resolve


def _tables(pairs: Potential, kind: BoolArray, hard: BoolArray) -> IntArray:
    """Row j: what the pairs of a kind add to (n11, n10, n01, n00) with j of them the hard way.

    Those that lose most go first (a candidate without an answer has less to lose).
    """
    rows = np.flatnonzero(kind)
    none, event = np.nan_to_num(pairs.effects[rows], nan=-2.0).T
    rows = rows[np.lexsort((none, event, -np.abs(pairs.gain[rows])))]
    lost, won = (_cells(pairs, rows, outcome) for outcome in (hard, ~hard))
    start = np.zeros((1, 4), dtype=np.int64)
    moved = np.vstack((start, np.cumsum(lost - won, axis=0)))
    return np.asarray(won.sum(axis=0) + moved, dtype=np.int64)


def _cells(pairs: Potential, rows: IntArray, outcome: BoolArray) -> IntArray:
    """One row a pair: a 1 in its cell of the paired table, none outside the denominator."""
    place = outcome[rows].astype(np.int64)
    candidate, soc = pairs.candidate[rows, place], pairs.standard_of_care[rows, place]
    cells = [(candidate == c) & (soc == s) for c, s in ((1, 1), (1, 0), (0, 1), (0, 0))]
    return np.column_stack(cells).astype(np.int64)


def _clustered(pairs: Potential, kinds: tuple[BoolArray, BoolArray], asked: Margin) -> Resolve:
    hard = _against(pairs, asked.direction)
    index, k = cluster_index(pairs.cluster)

    def totals(rows: BoolArray, outcome: BoolArray) -> FloatArray:
        place = np.arange(len(outcome)), outcome.astype(np.int64)
        values = pairs.candidate[place], pairs.standard_of_care[place]
        inside = rows & ~np.isnan(values[0])
        parts = [np.where(inside, part, 0.0) for part in (*values, np.ones(len(outcome)))]
        return np.column_stack([cluster_sums(part, index, k) for part in parts])

    base = totals(_settled(pairs), pairs.outcome & pairs.known)
    ways = [(totals(kind, hard), totals(kind, ~hard), int(kind.sum())) for kind in kinds]

    def resolve(first: int, second: int) -> Estimate | NotEvaluable:
        whole = base
        for (lost, won, size), n in zip(ways, (first, second), strict=True):
            if size:
                whole = whole + n / size * lost + (1 - n / size) * won
        means = means_of_totals(*whole.T, n_pairs=round(float(whole[:, 2].sum())))
        if isinstance(means, NotEvaluable):
            return means
        return against_margin(
            means, METHOD, margin=asked.margin, direction=asked.direction, level=asked.level
        )

    return resolve


def _smallest(cell: Callable[[int, int], Cell], sizes: tuple[int, int]) -> Cell | None:
    """The first lost cell by number against: for each first kind, bisection in the second.

    The claim only gets harder as pairs go against the candidate, so the lost cells are a corner.
    More than `MOST_STEPS` pairs of the first kind move in equal steps, the second kind one by one.
    """
    best: Cell | None = None
    step = max(1, -(-sizes[0] // MOST_STEPS))
    for first in (*range(0, sizes[0], step), sizes[0]):
        room = sizes[1] if best is None else min(sizes[1], sum(best.against) - first - 1)
        if room < 0:
            break
        lost = cell(first, room)
        if lost.holds:
            continue
        low = -1  # the claim holds here, or there is no such cell
        while lost.against[1] - low > 1:
            middle = cell(first, (low + lost.against[1]) // 2)
            low, lost = (middle.against[1], lost) if middle.holds else (low, middle)
        best = lost
    return best
