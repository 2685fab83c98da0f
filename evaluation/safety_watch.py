"""Safety between looks: everything that is read after every outcome and every asking.

Rules of `anytime_safety` on their cases in order (`safety_units`), groups of them merged, and the
mix of the mirror's fates. Nothing here is taken from the alpha of a hypothesis.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import FloatArray
from evaluation.monitoring.merging import always_valid_p, averaged, e_bh, e_bh_shows
from evaluation.monitoring.mix_change import mix_change_log_e
from evaluation.monitoring.multinomial import fate_mix_log_e
from evaluation.populations import Pairs
from evaluation.safety_processes import Process, process_of
from evaluation.safety_units import Entered, Unit, Units, units_of
from gateway.store.arrivals import Arrival
from protocols.schema import AnytimeGroup, AnytimeRule, FateMixRule, Protocol
from protocols.vocabulary import ASKED, OTHER_FATES

FIRST_WINDOW = 200
"""Askings whose mix of fates later ones are held against where no mix is registered."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One rule now: its process over all units, and the unit with which it first signalled."""

    rule: AnytimeRule
    units: Units
    process: Process
    raised_after: int | None  # units; None where it has not signalled

    @property
    def raised_by(self) -> Unit | None:
        """The case whose outcome raised the alarm."""
        return None if self.raised_after is None else self.units.cases[self.raised_after - 1]

    @property
    def statistic(self) -> float | None:
        """The statistic after the last unit; None before the first."""
        return float(self.process.statistic[-1]) if len(self.process.statistic) else None


@dataclass(frozen=True, slots=True)
class Merged:
    """The average of all rules that are e-processes; `p_value` is valid at any time."""

    rules: tuple[str, ...]
    log_e: float
    p_value: float


@dataclass(frozen=True, slots=True)
class GroupWatched:
    """A registered group now; `shown` are the rules that e-BH names at the moment of its signal.

    `statistic` is what was reached: the logarithm of the average e-value, for e-BH the largest
    logarithm. `n_units` counts the cases of all its rules up to the signal.
    """

    group: AnytimeGroup
    statistic: float
    raised_by: Unit | None
    n_units: int
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FateWatch:
    """Whether the mirror's fates keep their mix; `p_value` is valid at any time.

    `against` says what they are held against: the registered shares, or the first window.
    `raised_by` is the asking after which the registered alpha was used up, as the `after`th.
    """

    n: int
    counts: dict[str, int]
    against: str
    log_e: float
    p_value: float
    raised_by: Unit | None = None
    after: int = 0


@dataclass(frozen=True, slots=True)
class SafetyWatch:
    """Everything that can be said between looks; `merged` is None without an e-process."""

    rules: tuple[Watched, ...]
    groups: tuple[GroupWatched, ...]
    merged: Merged | None
    fates: FateWatch


def watch(protocol: Protocol, arrivals: Sequence[Arrival]) -> SafetyWatch:
    """Read every rule after every outcome so far; the same pairs give the same answer."""
    pairs = Pairs(protocol, [arrival.record for arrival in arrivals], final=False)
    primary = next(p for p in protocol.analysis_populations if p.role == "primary")
    sample = pairs.sample(primary)
    entered = Entered(protocol, sample, arrivals)
    watched = tuple(
        _watched(rule, units_of(protocol, rule, entered)) for rule in protocol.anytime_safety
    )
    by_id = {one.rule.id: one for one in watched}
    groups = tuple(
        _grouped(group, [by_id[name] for name in group.rules]) for group in protocol.anytime_groups
    )
    late_us = 1000 * protocol.setting.mirror.late_until_ms
    fates = (
        fate_watch(arrivals)
        if protocol.fate_mix is None
        else registered_fates(protocol.fate_mix, arrivals, longest_us=late_us)
    )
    return SafetyWatch(watched, groups, merged(watched), fates)


def _watched(rule: AnytimeRule, units: Units) -> Watched:
    process = process_of(rule, np.array([case.value for case in units.cases], dtype=np.float64))
    signals = np.flatnonzero(process.signals)
    return Watched(rule, units, process, int(signals[0]) + 1 if signals.size else None)


def _grouped(group: AnytimeGroup, rules: Sequence[Watched]) -> GroupWatched:
    """Read after each moment in which any of its rules has a new case."""
    moments, log_e = _together(rules)
    if not moments:
        return GroupWatched(group, 0.0, None, 0, ())
    if group.merge == "average":
        path = averaged(log_e)
        signals = path >= -math.log(group.alpha)
    else:
        path, signals = log_e.max(axis=1), e_bh_shows(log_e, group.alpha)
    found = np.flatnonzero(signals)
    if not found.size:
        return GroupWatched(
            group, float(path[-1]), None, sum(_n(r, moments[-1]) for r in rules), ()
        )
    at = int(found[0])
    shown: tuple[str, ...] = ()
    if group.merge == "e_bh":
        kept = e_bh(log_e[at].tolist(), group.alpha)
        shown = tuple(r.rule.id for r, is_shown in zip(rules, kept, strict=True) if is_shown)
    cases = [case for r in rules for case in r.units.cases if case.entered_at_us == moments[at]]
    last = max(cases, key=lambda case: case.ordinal)
    n_units = sum(_n(r, moments[at]) for r in rules)
    return GroupWatched(group, float(path[at]), last, n_units, shown)


def _n(watched: Watched, moment: int) -> int:
    return sum(case.entered_at_us <= moment for case in watched.units.cases)


def merged(rules: Sequence[Watched]) -> Merged | None:
    """The average e-process of the rules that are e-processes, over the moments of entering.

    Every rule is looked at after each moment in which any of them has a new unit; an average of
    e-processes is one under any dependence.
    """
    known = [w for w in rules if w.process.log_e]
    if not known:
        return None
    names = tuple(w.rule.id for w in known)
    moments, columns = _together(known)
    if not moments:
        return Merged(names, 0.0, 1.0)
    log_e = averaged(columns)
    return Merged(names, float(log_e[-1]), float(always_valid_p(log_e)[-1]))


def _together(rules: Sequence[Watched]) -> tuple[list[int], FloatArray]:
    """The moments in which any of the rules has a new case, and log e of each after them."""
    moments = sorted({case.entered_at_us for w in rules for case in w.units.cases})
    return moments, np.column_stack([_at(w, moments) for w in rules])


def _at(watched: Watched, moments: Sequence[int]) -> FloatArray:
    """Log e of one rule after each moment: 0 before its first unit."""
    times = np.array([case.entered_at_us for case in watched.units.cases], dtype=np.int64)
    path = np.concatenate([[0.0], watched.process.statistic])
    return np.asarray(path[np.searchsorted(times, np.array(moments), side="right")])


def fate_watch(arrivals: Sequence[Arrival], *, window: int = FIRST_WINDOW) -> FateWatch:
    """What became of the pairs that the mirror was to ask about, in the order of their fates.

    Held against the first `window` askings by a test that knows their mix is only an estimate.
    """
    known = _asked(arrivals)
    known.sort(key=lambda a: (a.candidate_at_us or 0, a.record.ordinal))
    fates = [ASKED.index(a.record.candidate.fate) for a in known]
    path = mix_change_log_e(fates, kinds=len(ASKED), window=window)
    highest = float(path.max(initial=0.0))
    last = float(path[-1]) if len(path) else 0.0
    return FateWatch(len(fates), _counts(known), f"first {window}", last, math.exp(-highest))


def registered_fates(
    rule: FateMixRule, arrivals: Sequence[Arrival], *, longest_us: int
) -> FateWatch:
    """The same against the registered shares, in the order in which the askings began.

    An asking that fails quickly ends before an earlier one that times out: in the order of their
    ends a mix would look better than it is. So askings of the last `longest_us`, the longest that
    one can take, wait until no earlier one can still be under way.
    """
    known = _asked(arrivals)
    ended = max((a.candidate_at_us or 0 for a in known), default=0)
    known = [a for a in known if _began(a) <= ended - longest_us]
    known.sort(key=lambda a: (_began(a), a.record.ordinal))
    names = list(rule.shares)
    places = [
        names.index(fate if (fate := a.record.candidate.fate.value) in names else OTHER_FATES)
        for a in known
    ]
    path = fate_mix_log_e(list(rule.shares.values()), places, concentration=rule.weight)
    highest = float(path.max(initial=0.0))
    found = np.flatnonzero(path >= -math.log(rule.alpha))
    after = int(found[0]) + 1 if found.size else 0
    by = None
    if after:
        arrival = known[after - 1]
        record = arrival.record
        by = Unit(float(places[after - 1]), record.pair_id, record.ordinal, _began(arrival))
    last = float(path[-1]) if len(path) else 0.0
    counts = {name: places.count(k) for k, name in enumerate(names)}
    return FateWatch(len(known), counts, "registered", last, math.exp(-highest), by, after)


def _asked(arrivals: Sequence[Arrival]) -> list[Arrival]:
    return [
        a for a in arrivals if a.candidate_at_us is not None and a.record.candidate.fate in ASKED
    ]


def _began(arrival: Arrival) -> int:
    return arrival.candidate_at_us or 0 if arrival.asked_at_us is None else arrival.asked_at_us


def _counts(known: Sequence[Arrival]) -> dict[str, int]:
    fates = [a.record.candidate.fate for a in known]
    return {fate.value: fates.count(fate) for fate in ASKED}
