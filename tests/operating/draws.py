"""Simulated pairs whose true effect and whose correlation within a subject are known exactly.

All arrays have one row a run. Within a subject, flags share a probability drawn from a Dirichlet
distribution; other values are copies of one draw of the subject with probability sqrt(ICC), so
that two of its pairs correlate by ICC and every pair keeps the distribution it was given.
"""

from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
from scipy.special import ndtri

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray

Sizes = Literal["one pair", "1 to 8 pairs", "10 to 80 pairs", "one holds half"]
Values = Literal["normal", "Brier-like", "rare large loss"]
AnyValues = TypeVar("AnyValues", FloatArray, BoolArray)
CORRELATION = 0.5


def sizes_of(kind: Sizes, subjects: int) -> IntArray:
    """Pairs of each subject; with `one holds half` the last has as many as all others."""
    if kind == "one pair":
        return np.ones(subjects, dtype=np.int64)
    sizes = np.resize(np.arange(1, 9), subjects)
    if subjects < 8:
        sizes = np.round(np.linspace(1, 8, subjects)).astype(np.int64)
    if kind == "10 to 80 pairs":
        sizes = 10 * sizes
    if kind == "one holds half":
        sizes[-1] = sizes[:-1].sum()
    return sizes.astype(np.int64)


def flags(
    rng: np.random.Generator, runs: int, sizes: IntArray, *, shares: FloatArray, icc: float
) -> IntArray:
    """Runs x subjects x (candidate only right, standard of care only right, alike)."""
    shape = (runs, len(sizes))
    probability = np.broadcast_to(shares, (*shape, 3))
    if icc > 0:
        drawn = rng.standard_gamma(shares * (1 - icc) / icc, size=(*shape, 3))
        total = drawn.sum(axis=-1, keepdims=True)
        probability = np.where(total > 0, drawn / np.where(total > 0, total, 1), shares)
        probability = probability / probability.sum(axis=-1, keepdims=True)
    return np.asarray(rng.multinomial(np.broadcast_to(sizes, shape), probability), dtype=np.int64)


def _beta_square(a: float, b: float) -> float:
    """Mean of the square of a beta variable."""
    return a * (a + 1) / ((a + b) * (a + b + 1))


@dataclass(frozen=True, slots=True)
class Losses:
    """Squared errors of both arms: beta variables squared, for events and for non-events."""

    prevalence: float
    event: tuple[float, float]
    non_event: tuple[float, float]
    worse_event: tuple[float, float]
    worse_non_event: tuple[float, float]

    @property
    def margin(self) -> float:
        """By how much the worse candidate's mean loss is larger, exactly."""
        events = _beta_square(*self.worse_event) - _beta_square(*self.event)
        others = _beta_square(*self.worse_non_event) - _beta_square(*self.non_event)
        return self.prevalence * events + (1 - self.prevalence) * others

    def differences(
        self, rng: np.random.Generator, shape: tuple[int, int], *, worse: bool
    ) -> FloatArray:
        """Candidate less standard of care; with `worse` the mean is the margin, else 0."""
        event = rng.random(shape) < self.prevalence
        arms = (
            (self.worse_event, self.worse_non_event) if worse else (self.event, self.non_event),
            (self.event, self.non_event),
        )
        first, second = (
            np.where(event, rng.beta(*of_event, shape), rng.beta(*of_other, shape)) ** 2
            for of_event, of_other in arms
        )
        return np.asarray(first - second, dtype=np.float64)


BRIER = Losses(0.2, (2.6, 2.0), (1.0, 6.0), (3.0, 2.0), (1.2, 6.0))
RARE = Losses(0.05, (3.0, 2.0), (1.2, 10.0), (6.0, 2.0), (1.2, 10.0))
NORMAL_MARGIN = 0.3


def margin_of(values: Values) -> float:
    """Largest acceptable mean difference, in the values' unit."""
    match values:
        case "normal":
            return NORMAL_MARGIN
        case "Brier-like":
            return BRIER.margin
        case "rare large loss":
            return RARE.margin


def differences(
    rng: np.random.Generator,
    runs: int,
    sizes: IntArray,
    *,
    values: Values,
    icc: float,
    worse: bool,
) -> FloatArray:
    """Runs x pairs, the pairs of a subject side by side."""

    def drawn(columns: int) -> FloatArray:
        match values:
            case "normal":
                return rng.normal(NORMAL_MARGIN * worse, 1, (runs, columns))
            case "Brier-like":
                return BRIER.differences(rng, (runs, columns), worse=worse)
            case "rare large loss":
                return RARE.differences(rng, (runs, columns), worse=worse)

    alone = drawn(int(sizes.sum()))
    if icc == 0:
        return alone
    shared = drawn(len(sizes))
    return _copied(alone, shared, sizes, rng.random(alone.shape) < icc**0.5)


def _copied(alone: AnyValues, shared: AnyValues, sizes: IntArray, copies: BoolArray) -> AnyValues:
    owner = np.repeat(np.arange(len(sizes)), sizes)
    return np.where(copies, shared[:, owner], alone)


@dataclass(frozen=True, slots=True)
class Scored:
    """Runs x pairs: outcome and both arms' scores."""

    outcome: BoolArray
    candidate: FloatArray
    standard_of_care: FloatArray


@dataclass(frozen=True, slots=True)
class Areas:
    """Two normal scores that correlate by one half within events and within non-events."""

    prevalence: float
    standard_of_care: float
    candidate: float

    def drawn(self, rng: np.random.Generator, shape: tuple[int, int]) -> Scored:
        outcome = rng.random(shape) < self.prevalence
        common = rng.normal(0, CORRELATION**0.5, shape)
        arms = (
            np.sqrt(2) * ndtri(area) * outcome
            + common
            + rng.normal(0, (1 - CORRELATION) ** 0.5, shape)
            for area in (self.candidate, self.standard_of_care)
        )
        return Scored(outcome, *arms)


def scores(
    rng: np.random.Generator, runs: int, sizes: IntArray, *, areas: Areas, icc: float
) -> Scored:
    """Outcome and scores of every pair; a subject's copies are alike in all three."""
    alone = areas.drawn(rng, (runs, int(sizes.sum())))
    if icc == 0:
        return alone
    shared = areas.drawn(rng, (runs, len(sizes)))
    copies = rng.random(alone.outcome.shape) < icc**0.5
    return Scored(
        _copied(alone.outcome, shared.outcome, sizes, copies),
        _copied(alone.candidate, shared.candidate, sizes, copies),
        _copied(alone.standard_of_care, shared.standard_of_care, sizes, copies),
    )
