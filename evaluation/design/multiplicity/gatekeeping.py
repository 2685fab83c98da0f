"""Gatekeeping: families tested in order, later ones only where the earlier ones let them.

A truncated test mixes Bonferroni and its stepwise form: a family that is not rejected as a whole
still leaves alpha behind (Dmitrienko, Tamhane & Wiens 2008, Biom J 50:667). Mixtures of them form
closed tests (Dmitrienko & Tamhane 2011, Stat Med 30:1473; 2013, Biom J 55:402). Truncated
Hochberg and Hommel tests need positively dependent statistics inside a family.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evaluation.design.multiplicity.levels import checked_p
from protocols.errors import UsageError

Component = Literal["holm", "hochberg", "hommel"]
NOTHING = 1e-12  # alpha left over that is only rounding
LARGEST = 16


def _check_truncation(truncation: Sequence[float], n_families: int) -> None:
    if len(truncation) != n_families:
        raise UsageError("LENGTHS_DIFFER", "Each family needs its truncation parameter.")
    if any(not 0 <= share <= 1 for share in truncation):
        raise UsageError("TRUNCATION_RANGE", "A truncation parameter lies in [0, 1].")


def two_sequences(
    first: Sequence[float],
    second: Sequence[float],
    truncation: Sequence[float],
    *,
    component: Literal["holm", "hochberg"],
    retest: bool,
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Adjusted p-values of two sequences of hypotheses whose i-th members form family i.

    A family is tested by a truncated Holm or Hochberg test; where only one of its two is
    rejected, that sequence goes on alone with what the truncation left. With `retest` a sequence
    that gets to its end hands its alpha to the other. `truncation` has one parameter a family;
    that of the last family counts as 1. Raises `UsageError` for lengths that differ.
    """
    p, q = checked_p(first), checked_p(second)
    if len(p) != len(q):
        raise UsageError("LENGTHS_DIFFER", "Both sequences have the same number of hypotheses.")
    _check_truncation(truncation, len(p))
    if component not in ("holm", "hochberg"):
        raise UsageError("PROCEDURE_UNKNOWN", f"Two sequences are not tested by {component}.")
    chain = _Chain(p, q, (*truncation[:-1], 1.0), stepwise_down=component == "holm")
    mirror = _Chain(q, p, chain.truncation, stepwise_down=chain.stepwise_down)
    return chain.adjusted(retest=retest), mirror.adjusted(retest=retest)


@dataclass(frozen=True, slots=True)
class _Chain:
    """One sequence (`own`) beside the other."""

    own: tuple[float, ...]
    other: tuple[float, ...]
    truncation: tuple[float, ...]
    stepwise_down: bool

    def adjusted(self, *, retest: bool) -> tuple[float, ...]:
        return tuple(self._at(i, retest=retest) for i in range(len(self.own)))

    def _at(self, i: int, *, retest: bool) -> float:
        ways = [self._both_before(i + 1)]
        last = len(self.own) - 1
        for s in range(i + 1):
            alone = max(self._both_before(s), self._alone(self.own, s, i))
            if alone < self._second_step(self.other, s):
                ways.append(alone)
            if not retest or s == last:
                continue
            ahead = self._alone(self.other, s, last)
            again = max(self._both_before(s), ahead, *self.own[s : i + 1])
            if again < self._second_step(self.own, s):
                ways.append(again)
        return min(1.0, *ways)

    def _second_step(self, p: Sequence[float], s: int) -> float:
        """The level from which on the truncated test rejects this as the larger of the two."""
        return 2 * p[s] / (1 + self.truncation[s])

    def _both_before(self, end: int) -> float:
        return max((self._both(j) for j in range(end)), default=0.0)

    def _both(self, j: int) -> float:
        pair = self.own[j], self.other[j]
        larger = 2 * max(pair) / (1 + self.truncation[j])
        return max(larger, 2 * min(pair)) if self.stepwise_down else larger

    def _alone(self, p: Sequence[float], start: int, end: int) -> float:
        """The level at which this sequence passes families start..end on its own."""
        most, truncated = 0.0, 0.0
        for j in range(start, end + 1):
            share = max((1 - truncated) / 2, NOTHING)
            most = max(most, p[j] / share)
            truncated = max(truncated, self.truncation[j])
        return most


@dataclass(frozen=True, slots=True)
class Families:
    """Hypotheses (from 0) in ordered families, and what must be rejected before each.

    `serial[j]`: all of these; `parallel[j]`: one of these at least. Conditions name hypotheses of
    smaller number. `truncation` has one parameter a family.
    """

    members: tuple[tuple[int, ...], ...]
    serial: tuple[tuple[int, ...], ...]
    parallel: tuple[tuple[int, ...], ...]
    truncation: tuple[float, ...]

    def __post_init__(self) -> None:
        size = len(self.serial)
        if len(self.parallel) != size:
            raise UsageError("LENGTHS_DIFFER", "Each hypothesis needs its conditions.")
        if sorted(itertools.chain(*self.members)) != list(range(size)):
            raise UsageError("FAMILIES", "Each hypothesis belongs to exactly one family.")
        if size > LARGEST:
            raise UsageError("CLOSURE_SIZE", f"A closed test of {size} hypotheses is too large.")
        for j in range(size):
            if any(not 0 <= k < j for k in (*self.serial[j], *self.parallel[j])):
                message = "A hypothesis waits for hypotheses of smaller number only."
                raise UsageError("FAMILIES", message)
        _check_truncation(self.truncation, len(self.members))

    def testable(self, true: Sequence[bool]) -> list[bool]:
        """Which could be tested if exactly the hypotheses marked `true` cannot be rejected."""
        found: list[bool] = []
        for serial, parallel in zip(self.serial, self.parallel, strict=True):
            shut = any(true[k] or not found[k] for k in serial)
            if parallel:
                shut |= all(true[k] for k in parallel) or not any(found[k] for k in parallel)
            found.append(not shut)
        return found


def mixture_gatekeeping(
    p: Sequence[float],
    families: Families,
    *,
    component: Component,
    modified: bool,
    exhaust: bool,
) -> tuple[float, ...]:
    """Adjusted p-values of the standard or `modified` mixture of truncated tests.

    The modified mixture counts a family's testable hypotheses where the standard one counts all
    of them, and is never less powerful. `exhaust` tests the last family in use without
    truncation. Raises `UsageError` for a p-value too many or too few.
    """
    values = checked_p(p)
    if len(values) != len(families.serial):
        raise UsageError("LENGTHS_DIFFER", "Each hypothesis needs its p-value.")
    if component not in ("holm", "hochberg", "hommel"):
        raise UsageError("PROCEDURE_UNKNOWN", f"No component test is called {component}.")
    found = [0.0] * len(values)
    for true in itertools.product((True, False), repeat=len(values)):
        if any(true):
            shares = _shares(families, true, modified=modified, exhaust=exhaust)
            local = min((_local(share, values, component) for share in shares), default=1.0)
            for j, inside in enumerate(true):
                found[j] = max(found[j], min(local, 1.0)) if inside else found[j]
    for j, serial in enumerate(families.serial):
        found[j] = max(found[j], *(found[k] for k in serial), 0.0)
    for j, parallel in enumerate(families.parallel):
        found[j] = max(found[j], min((found[k] for k in parallel), default=0.0))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Share:
    """A family's part of an intersection: members to test, its alpha, how it is truncated."""

    members: tuple[int, ...]
    alpha: float
    truncation: float
    counted: int


def _shares(
    families: Families, true: Sequence[bool], *, modified: bool, exhaust: bool
) -> list[_Share]:
    testable = families.testable(true)
    shares: list[_Share] = []
    alpha = 1.0
    for members, gamma in zip(families.members, families.truncation, strict=True):
        active = tuple(j for j in members if true[j] and testable[j])
        counted = sum(testable[j] for j in members) if modified else len(members)
        here = len(active) if modified else sum(true[j] for j in members)
        if active and alpha > NOTHING:
            shares.append(_Share(active, alpha, gamma, counted))
        used = gamma + (1 - gamma) * here / counted if here else 0.0
        alpha *= max(1 - used, 0.0)
    if shares and exhaust:
        last = shares[-1]
        shares[-1] = _Share(last.members, last.alpha, 1.0, last.counted)
    return shares


def _local(share: _Share, p: Sequence[float], component: Component) -> float:
    k, gamma = len(share.members), share.truncation
    flat = (1 - gamma) / share.counted
    least = float("inf")
    for rank, value in enumerate(sorted(p[j] for j in share.members), start=1):
        step = {"holm": 1 / k, "hochberg": 1 / (k - rank + 1), "hommel": rank / k}[component]
        weight = (gamma * step + flat) * share.alpha
        least = min(least, value / weight if weight > 0 else float("inf"))
    return least
