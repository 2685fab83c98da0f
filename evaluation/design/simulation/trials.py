"""Trials from sufficient statistics: a score that walks as information grows, look by look.

The score of a trial with true effect theta gains theta dI + sqrt(dI) N(0, 1) while information
grows by dI; z = score / sqrt(information). Nothing of the endpoint is needed. Effects are
measured from the null.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from evaluation.design.boundaries import check_information
from evaluation.design.simulation.streams import normals, scenario_key
from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class Bounds:
    """z bounds of each look: reject at or above `upper`; stop at or below `lower` before the last.

    Infinite where a look cannot stop; `lower` None means no futility. At or below `harm` a look
    signals harm, whether that stops the trial (then it is part of `lower`) or not.
    """

    upper: tuple[float, ...]
    lower: tuple[float, ...] | None = None
    harm: tuple[float, ...] | None = None


# Bounds at the information that is observed, as the protocol would compute them there.
Rule = Callable[[tuple[float, ...]], Bounds]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One truth and one conduct.

    `patterns` are the information at each look, as observed; replicate i follows pattern i modulo
    their number. The effect is `effect` until information `changes_at` and `later_effect` from
    there on (None: no change). `truth` is the effect that estimates are held against. `bounds`,
    one of each pattern, take the place of what the rule would give: conduct that breaks it.
    """

    name: str
    effect: float
    patterns: tuple[tuple[float, ...], ...]
    changes_at: float | None = None
    later_effect: float = 0.0
    obeys_futility: bool = True
    bounds: tuple[Bounds, ...] | None = None

    def __post_init__(self) -> None:
        """Looks that add nothing are no looks."""
        if not self.patterns:
            raise UsageError("SCENARIO", "A scenario has one pattern of looks or more.")
        for pattern in self.patterns:
            check_information(pattern)
        if self.bounds is not None and len(self.bounds) != len(self.patterns):
            raise UsageError("SCENARIO", "Each pattern of looks has its bounds.")

    def mean_score(self, information: FloatArray) -> FloatArray:
        """Expected score at each information."""
        if self.changes_at is None:
            return self.effect * information
        before = np.minimum(information, self.changes_at)
        return self.effect * before + self.later_effect * (information - before)

    @property
    def truth(self) -> float:
        """The effect, averaged over the information of the last looks where it changes."""
        ends = np.array([pattern[-1] for pattern in self.patterns])
        return float(np.mean(self.mean_score(ends) / ends)) if self.changes_at else self.effect


@dataclass(frozen=True, slots=True)
class Records:
    """One row for each replicate: its pattern, the look and z at which it ended, and how.

    `signal` is the first look that signalled harm, -1 where none did.
    """

    pattern: IntArray
    look: IntArray
    z: FloatArray
    information: FloatArray
    rejected: BoolArray
    futile: BoolArray
    signal: IntArray

    def __len__(self) -> int:
        """The number of replicates."""
        return len(self.look)


def joined(parts: Sequence[Records]) -> Records:
    """Replicates of consecutive batches as one."""
    names = [column.name for column in fields(Records)]
    return Records(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def bounds_of(scenario: Scenario, rule: Rule) -> tuple[Bounds, ...]:
    """What the rule gives at each pattern, or the scenario's own bounds where it has some."""
    if scenario.bounds is not None:
        return scenario.bounds
    return tuple(rule(pattern) for pattern in scenario.patterns)


def run_trials(
    scenario: Scenario, bounds: Sequence[Bounds], *, seed: int, first: int, n: int
) -> Records:
    """Replicates first, ..., first + n - 1: the same whatever else is run and in which batches."""
    widest = max(len(pattern) for pattern in scenario.patterns)
    draws = normals(scenario_key(seed, scenario.name), first, n, widest)
    which = (np.arange(first, first + n) % len(scenario.patterns)).astype(np.int64)
    if len(scenario.patterns) == 1:
        return _run(scenario, 0, bounds[0], draws)
    parts = [
        (np.flatnonzero(which == j), _run(scenario, j, bounds[j], draws[which == j]))
        for j in range(len(scenario.patterns))
    ]
    order = np.argsort(np.concatenate([rows for rows, _ in parts]), kind="stable")
    together = joined([records for _, records in parts])
    return Records(*(getattr(together, column.name)[order] for column in fields(Records)))


def _run(scenario: Scenario, pattern: int, bounds: Bounds, draws: FloatArray) -> Records:
    information = np.array(scenario.patterns[pattern])
    upper = np.array(bounds.upper)
    if upper.shape != information.shape:
        raise UsageError("LENGTHS_DIFFER", "Each look needs its bounds and its information.")
    steps = np.sqrt(np.diff(information, prepend=0.0))
    scores = np.cumsum(draws[:, : len(information)] * steps, axis=1)
    z = (scores + scenario.mean_score(information)) / np.sqrt(information)
    up = z >= upper
    down = np.zeros_like(up)
    if bounds.lower is not None and scenario.obeys_futility:
        down = z <= np.array(bounds.lower)
        down[:, -1] = False
    ends = up | down
    ends[:, -1] = True
    look = ends.argmax(axis=1)
    rows = np.arange(len(z))
    return Records(
        np.full(len(z), pattern, dtype=np.int64),
        look.astype(np.int64),
        z[rows, look],
        information[look],
        up[rows, look],
        down[rows, look],
        _signal(z, look, bounds.harm),
    )


def _signal(z: FloatArray, look: IntArray, harm: tuple[float, ...] | None) -> IntArray:
    """The first look up to the end at which z lies at or below its bound for harm."""
    if harm is None:
        return np.full(len(z), -1, dtype=np.int64)
    low = (z <= np.array(harm)) & (np.arange(z.shape[1]) <= look[:, None])
    return np.where(low.any(axis=1), low.argmax(axis=1), -1).astype(np.int64)


def infinite(n: int) -> tuple[float, ...]:
    """Lower bounds at which no look stops."""
    return (-math.inf,) * n
