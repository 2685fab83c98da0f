"""The cases that a safety rule is read on, in their order: what each is worth, and of whom.

Pairs enter in the order in which their outcomes began to count, those of one moment in order of
arrival; which pairs count is what the primary population says. A rule on an endpoint with a further
outcome waits for that one too. A subject is one unit: the pairs of the first moment in which one of
them entered, by their mean, or the earliest of them where a method counts events. Later pairs of
that subject are left out, because what is known of a subject already tells of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.columns import further_outcome
from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.measures import columns_of, happened_of
from evaluation.monitoring.units import subject_units
from evaluation.populations import UNKNOWN, Sample
from evaluation.safety import Judge, column_of
from evaluation.values import Seen
from evaluation.values import values_of as measured_values
from gateway.store.arrivals import Arrival
from protocols.expressions import Value
from protocols.methods.anytime import COUNTING
from protocols.names import safety_names
from protocols.schema import AnytimeRule, Endpoint, Protocol
from protocols.vocabulary import Direction


@dataclass(frozen=True, slots=True)
class Unit:
    """One case: the event's share in it or its paired loss, and the pair with which it entered."""

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


class Entered:
    """The pairs of a sample that have entered, in their order; read once for all rules."""

    def __init__(self, protocol: Protocol, sample: Sample, arrivals: Sequence[Arrival]) -> None:
        self._protocol = protocol
        self._sample = sample
        self._arrivals = arrivals
        self._ordered: dict[str | None, InOrder] = {}

    def of(self, endpoint: Endpoint | None) -> "InOrder":
        """Those for a rule on this endpoint, None for a rule on an event."""
        further = None if endpoint is None else further_outcome(self._protocol, endpoint)
        name = None if further is None else further.name
        if name not in self._ordered:
            self._ordered[name] = _in_order(self._sample, _moments(name, self._arrivals))
        return self._ordered[name]


class InOrder:
    """Pairs in the order of `times`; what an expression may look at, column by column."""

    def __init__(self, sample: Sample, times: IntArray) -> None:
        self.sample = sample
        self.times = times
        self._columns: dict[str, list[Value]] = {}

    def judged(self, judge: Judge) -> list[bool | None]:
        """What the expression makes of each pair."""
        return judge.over(self._column, self.sample.n)

    def _column(self, name: str) -> list[Value]:
        if name not in self._columns:
            self._columns[name] = column_of(self.sample, name)
        return self._columns[name]


def units_of(protocol: Protocol, rule: AnytimeRule, entered: Entered) -> Units:
    """The rule's cases among the pairs that have entered."""
    endpoint = next((e for e in protocol.endpoints if e.id == rule.endpoint), None)
    ordered = entered.of(endpoint)
    sample, times = ordered.sample, ordered.times
    harm = _losses(protocol, endpoint, sample) if endpoint else _events(protocol, rule, ordered)
    inside = ordered.judged(Judge(rule.among, safety_names(protocol)))
    known = (~np.isnan(harm)).tolist()
    rows = [
        i for i, (among, there) in enumerate(zip(inside, known, strict=True)) if among and there
    ]
    n_unsettled = sum(among is not False for among in inside) - len(rows)
    x = harm[rows]
    if rule.unit == "pair":
        cases = zip(rows, x.tolist(), strict=True)
        moments = times.tolist()
        return Units(tuple(_unit(sample, moments, *case) for case in cases), n_unsettled, 0)
    return _by_subject(rule, sample, times, rows=rows, x=x, n_unsettled=n_unsettled)


def _moments(further: str | None, arrivals: Sequence[Arrival]) -> dict[str, int | None]:
    """When each pair enters for a rule that waits for this further outcome too."""
    moments: dict[str, int | None] = {}
    for arrival in arrivals:
        at = arrival.entered_at_us
        if at is not None and further is not None and arrival.further_at_us is not None:
            later = arrival.further_at_us.get(further)
            at = None if later is None else max(at, later)
        moments[arrival.record.pair_id] = at
    return moments


def _in_order(sample: Sample, moments: dict[str, int | None]) -> InOrder:
    """The pairs that have entered, by the moment of it and then by arrival."""
    known = sample.take(
        (sample.outcome != UNKNOWN)
        & np.array([moments[r.pair_id] is not None for r in sample.records], dtype=np.bool_)
    )
    times = np.array([moments[r.pair_id] for r in known.records], dtype=np.int64)
    ordinals = np.array([r.ordinal for r in known.records], dtype=np.int64)
    order = np.lexsort((ordinals, times)).astype(np.int64)
    return InOrder(known.at(order), times[order])


def _events(protocol: Protocol, rule: AnytimeRule, ordered: InOrder) -> FloatArray:
    """1 or 0, less that of the counterpart; NaN where a value that is looked at is missing."""
    names = safety_names(protocol)
    texts = [text for text in (rule.event, rule.counterpart) if text is not None]
    # None becomes NaN.
    found = [
        np.array(ordered.judged(Judge(text, names)), dtype=np.float64).reshape(ordered.sample.n)
        for text in texts
    ]
    return found[0] - found[1] if len(found) == 2 else found[0]


def _losses(protocol: Protocol, endpoint: Endpoint, sample: Sample) -> FloatArray:
    """Candidate less standard of care, turned so that larger is worse; NaN outside the measure."""
    columns = columns_of(endpoint, sample, protocol)
    happened = happened_of(endpoint, sample, protocol)
    seen = Seen(endpoint, protocol.arms, sample, happened, columns, tested=True)
    candidate, standard_of_care = measured_values(seen)
    worse = 1.0 if endpoint.direction is Direction.LOWER_IS_BETTER else -1.0
    return np.asarray(worse * (candidate - standard_of_care))


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
    moments = times.tolist()
    cases = tuple(
        _unit(sample, moments, rows[place], share)
        for place, share in zip(earliest, shares.tolist(), strict=True)
    )
    return Units(cases, n_unsettled, found.n_left_out)


def _unit(sample: Sample, moments: Sequence[int], row: int, value: float) -> Unit:
    record = sample.records[row]
    return Unit(value, record.pair_id, record.ordinal, moments[row])
