"""Safety between looks: every rule of `anytime_safety`, read after every outcome that came.

Pairs enter in the order in which their outcomes began to count, those of one moment in order of
arrival; which pairs count is what the primary population says. A subject is one unit: the pairs of
the first moment in which one of them entered, by their mean, or the earliest of them where a
method counts events. Later pairs of that subject are left out, because what is known of a subject
already tells of them. Nothing here is taken from the alpha of a hypothesis.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.monitoring.merging import always_valid_p, averaged
from evaluation.monitoring.mix_change import mix_change_log_e
from evaluation.monitoring.multinomial import fate_mix
from evaluation.monitoring.units import subject_units
from evaluation.populations import UNKNOWN, Pairs, Sample
from evaluation.safety import Judge, values_of
from evaluation.safety_processes import COUNTING, Process, process_of
from gateway.store.arrivals import Arrival
from protocols.names import safety_names
from protocols.schema import AnytimeRule, Protocol
from protocols.vocabulary import Fate

FIRST_WINDOW = 200
"""Askings whose mix of fates later ones are held against."""

ASKED = (
    Fate.ANSWERED,
    Fate.LATE,
    Fate.TIMED_OUT,
    Fate.FAILED,
    Fate.INVALID,
    Fate.SHED,
    Fate.BREAKER_OPEN,
    Fate.LOST_AT_SHUTDOWN,
)
"""What may become of a pair that the candidate was to be asked about."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One case: the event's share in it, and the pair and moment with which it entered."""

    value: float
    pair_id: str
    ordinal: int
    entered_at_us: int


@dataclass(frozen=True, slots=True)
class Units:
    """A rule's cases in their order; how many pairs could not be settled or came too late."""

    cases: tuple[Unit, ...]
    n_unsettled: int
    n_left_out: int


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
class FateWatch:
    """Whether the mirror's fates keep their mix; `p_value` is valid at any time.

    `against` says what they are held against: the registered shares, or the first window.
    """

    n: int
    counts: dict[str, int]
    against: str
    log_e: float
    p_value: float


@dataclass(frozen=True, slots=True)
class SafetyWatch:
    """Everything that can be said between looks; `merged` is None without an e-process."""

    rules: tuple[Watched, ...]
    merged: Merged | None
    fates: FateWatch


def watch(protocol: Protocol, arrivals: Sequence[Arrival]) -> SafetyWatch:
    """Read every rule after every outcome so far; the same pairs give the same answer."""
    pairs = Pairs(protocol, [arrival.record for arrival in arrivals], final=False)
    primary = next(p for p in protocol.analysis_populations if p.role == "primary")
    sample = _in_order(pairs.sample(primary), arrivals)
    entered = {a.record.pair_id: a.entered_at_us for a in arrivals}
    times = np.array([entered[r.pair_id] for r in sample.records], dtype=np.int64)
    watched = tuple(_watched(protocol, rule, sample, times) for rule in protocol.anytime_safety)
    return SafetyWatch(watched, merged(watched), fate_watch(arrivals))


def _in_order(sample: Sample, arrivals: Sequence[Arrival]) -> Sample:
    """The pairs that have entered, by the moment of it and then by arrival."""
    entered = {a.record.pair_id: a.entered_at_us for a in arrivals}
    known = sample.take(
        (sample.outcome != UNKNOWN)
        & np.array([entered[r.pair_id] is not None for r in sample.records], dtype=np.bool_)
    )
    keys = [(entered[r.pair_id], r.ordinal) for r in known.records]
    order = sorted(range(known.n), key=lambda i: keys[i])
    return _permuted(known, np.array(order, dtype=np.int64))


def _permuted(sample: Sample, order: IntArray) -> Sample:
    return Sample(
        population=sample.population,
        records=tuple(sample.records[i] for i in order),
        subject=sample.subject[order],
        outcome=sample.outcome[order],
        standard_of_care_score=sample.standard_of_care_score[order],
        standard_of_care_flag=sample.standard_of_care_flag[order],
        candidate_answered=sample.candidate_answered[order],
        candidate_score=sample.candidate_score[order],
        candidate_flag=sample.candidate_flag[order],
    )


def _watched(protocol: Protocol, rule: AnytimeRule, sample: Sample, times: IntArray) -> Watched:
    units = _units(protocol, rule, sample, times)
    process = process_of(rule, np.array([case.value for case in units.cases], dtype=np.float64))
    signals = np.flatnonzero(process.signals)
    return Watched(rule, units, process, int(signals[0]) + 1 if signals.size else None)


def _units(protocol: Protocol, rule: AnytimeRule, sample: Sample, times: IntArray) -> Units:
    names = safety_names(protocol)
    among, event = Judge(rule.among, names), Judge(rule.event, names)
    rows, values, n_unsettled = [], [], 0
    for i in range(sample.n):
        pair = values_of(sample, i)
        inside = among(pair)
        truth = event(pair) if inside else None
        if inside is False:
            continue
        if truth is None:
            n_unsettled += 1
            continue
        rows.append(i)
        values.append(float(truth))
    x = np.array(values, dtype=np.float64)
    if rule.unit == "pair":
        cases = zip(rows, x.tolist(), strict=True)
        return Units(tuple(_unit(sample, times, *case) for case in cases), n_unsettled, 0)
    return _by_subject(rule, sample, times, rows=rows, x=x, n_unsettled=n_unsettled)


def _by_subject(
    rule: AnytimeRule,
    sample: Sample,
    times: IntArray,
    *,
    rows: Sequence[int],
    x: FloatArray,
    n_unsettled: int,
) -> Units:
    """One case a subject; subjects are numbered by their first row, so that units keep it."""
    first: dict[int, int] = {}
    for place, row in enumerate(rows):
        first.setdefault(int(sample.subject[row]), place)
    number = {subject: k for k, subject in enumerate(first)}
    label = np.array([number[int(sample.subject[row])] for row in rows], dtype=np.int64)
    found = subject_units(x, label, times[np.array(rows, dtype=np.int64)])
    earliest = list(first.values())
    shares = x[earliest] if rule.method in COUNTING else found.values
    cases = tuple(
        _unit(sample, times, rows[place], share)
        for place, share in zip(earliest, shares.tolist(), strict=True)
    )
    return Units(cases, n_unsettled, found.n_left_out)


def _unit(sample: Sample, times: IntArray, row: int, value: float) -> Unit:
    record = sample.records[row]
    return Unit(float(value), record.pair_id, record.ordinal, int(times[row]))


def merged(rules: Sequence[Watched]) -> Merged | None:
    """The average e-process of the rules that are e-processes, over the moments of entering.

    Every rule is looked at after each moment in which any of them has a new unit; an average of
    e-processes is one under any dependence.
    """
    known = [w for w in rules if w.process.log_e]
    if not known:
        return None
    moments = sorted({case.entered_at_us for w in known for case in w.units.cases})
    columns = [_at(w, moments) for w in known]
    names = tuple(w.rule.id for w in known)
    if not moments:
        return Merged(names, 0.0, 1.0)
    log_e = averaged(np.column_stack(columns))
    return Merged(names, float(log_e[-1]), float(always_valid_p(log_e)[-1]))


def _at(watched: Watched, moments: Sequence[int]) -> FloatArray:
    """Log e of one rule after each moment: 0 before its first unit."""
    times = np.array([case.entered_at_us for case in watched.units.cases], dtype=np.int64)
    path = np.concatenate([[0.0], watched.process.statistic])
    return np.asarray(path[np.searchsorted(times, np.array(moments), side="right")])


def fate_watch(
    arrivals: Sequence[Arrival],
    *,
    registered: Sequence[float] | None = None,
    window: int = FIRST_WINDOW,
) -> FateWatch:
    """What became of the pairs that the mirror was to ask about, in the order of their fates.

    Held against `registered` shares of `ASKED`, all positive, or against the first `window`
    askings by a test that knows their mix is only an estimate.
    """
    known = [
        a for a in arrivals if a.candidate_at_us is not None and a.record.candidate.fate in ASKED
    ]
    known.sort(key=lambda a: (a.candidate_at_us or 0, a.record.ordinal))
    fates = [ASKED.index(a.record.candidate.fate) for a in known]
    counts = {fate.value: fates.count(k) for k, fate in enumerate(ASKED)}
    if registered is None:
        path = mix_change_log_e(fates, kinds=len(ASKED), window=window)
        highest = float(path.max(initial=0.0))
        last = float(path[-1]) if len(path) else 0.0
        return FateWatch(len(fates), counts, f"first {window}", last, math.exp(-highest))
    state = fate_mix(registered, concentration=float(window))
    for fate in fates:
        state = state.extend([int(k == fate) for k in range(len(ASKED))])
    return FateWatch(len(fates), counts, "registered", state.log_e, state.p_value)
